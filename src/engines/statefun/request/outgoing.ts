import type { Effects, Reply, Send, ValueWrite } from "../../../core/activation/effects.ts";
import { equalBytes } from "../../../core/data/equal-bytes.ts";
import type { Json } from "../../../core/data/json.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { BatchRequest, TypedBytes } from "../wire/request.ts";
import type {
  BatchResponse,
  DelayedMessage,
  EgressRecord,
  Mutation,
  OutgoingMessage,
} from "../wire/response.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { COLLECT, MESSAGE_TYPES, writeEnvelope } from "./message-format.ts";
import type { ValueFormats } from "./value-formats.ts";

/** A message that failed for good. */
export interface LostMessage {
  /** Its id and operation, if a function of this library sent it. */
  readonly id?: string;
  readonly operation?: string;
  readonly target: Address;
  readonly caller?: Address | undefined;
  /** The message, as its encoded payload or as it was on the wire. Absent: it had no room. */
  readonly message?: string | TypedBytes | undefined;
  readonly failure: Json;
}

/** A reply for the egress. */
export interface ReplyRecord {
  readonly record: EgressRecord;
  /** Returns the same reply without its value, for one that has no room. */
  empty(): EgressRecord;
}

/** The routes of messages that leave a function. */
export interface Routes {
  /** Tells whether the target is an egress, so that the message leaves the cluster. */
  isEgress(type: string): boolean;
  /** Tells whether a program serves a function of this type. */
  knows(type: string): boolean;
  /** Returns the name of a function on the cluster, where a renamed function keeps its first one. */
  nameOnWire(type: string): string;
  /**
   * Encodes a message for its target: a function of this library, another one, or an egress.
   * @throws `UNSERIALIZABLE`; `PAYLOAD_TOO_LARGE` if it is larger than a record of the egress may be
   */
  encode(envelope: Envelope): TypedBytes;
  /** Encodes a reply for the egress of replies, if there is one. */
  encodeReply(reply: Reply): ReplyRecord | undefined;
  /** Tells whether there is an egress of dead letters. */
  readonly keepsDeadLetters: boolean;
  /** Encodes a dead letter for the egress of dead letters, if there is one. */
  encodeDeadLetter(lost: LostMessage): EgressRecord | undefined;
}

/** Collaborators of {@link Outgoing}. */
export interface OutgoingParts {
  readonly routes: Routes;
  /** The address that handles the batch, by its name on the wire. */
  readonly self: Address;
  /** Formats of the values of the function. */
  readonly formats: ValueFormats;
  /** Delay before a message to an unknown function is tried again. */
  readonly heldForMs: number;
  /** Values of the address before the batch. */
  readonly current: BatchRequest["values"];
  readonly now: () => number;
}

/**
 * Collects the effects of a batch for the wire.
 *
 * OU1 Cancellations and delayed messages keep their order over the whole batch.
 * OU2 A cluster keeps the tokens of all functions with one id together, and fails on a token that is
 * in use. So a token begins with its function's type, and its cancellation comes before each use.
 * OU3 A delay is never negative, and never shorter than asked for.
 * OU4 The effects of one message are added as a whole, or not at all.
 * OU5 Values are changed in the order in which the function declares them. A value that stays the same
 * is left out.
 * OU6 A message to a type that no program serves would restart the job. It waits at its sender, with
 * its token, until the type is known.
 */
export class Outgoing {
  readonly #routes: Routes;
  readonly #self: Address;
  readonly #heldForMs: number;
  readonly #formats: ValueFormats;
  readonly #current: BatchRequest["values"];
  readonly #now: () => number;
  readonly #messages: OutgoingMessage[] = [];
  readonly #delayed: DelayedMessage[] = [];
  readonly #egress: (EgressRecord | ReplyRecord)[] = [];
  readonly #changes = new Map<string, TypedBytes | null>();
  #lost = 0;

  constructor({ routes, self, heldForMs, formats, current, now }: OutgoingParts) {
    this.#routes = routes;
    this.#self = self;
    this.#heldForMs = heldForMs;
    this.#formats = formats;
    this.#current = current;
    this.#now = now;
  }

  /**
   * Adds the effects of one message. @throws `UNSERIALIZABLE` if a message or value has no form
   * there, `PAYLOAD_TOO_LARGE` if a record is larger than its egress takes
   *
   * @param caller - sender of the message, to whom a reply can always be sent
   */
  add(effects: Effects, caller?: Address): void {
    const { address, writes, cancels, sends, replies, deadLetters } = effects;
    // Encode everything first, because encoding may fail.
    const changes = writes.map((write) => [write.name, this.#encode(address, write)] as const);
    const encoded = sends.map((send) => this.#route(send, caller));
    for (const [name, value] of changes) this.#changes.set(name, value);
    for (const token of cancels) this.#cancel(token);
    for (const send of encoded) this.#send(send);
    for (const reply of replies) {
      const record = this.#routes.encodeReply(reply);
      if (record !== undefined) this.#egress.push(record);
    }
    for (const { envelope, failure } of deadLetters) {
      const { id, name: operation, target, payload: message } = envelope;
      const lost = { id, operation, target, caller: envelope.caller, message, failure };
      const record = this.#routes.encodeDeadLetter(lost);
      if (record !== undefined) this.#egress.push(record);
    }
    this.#lost += deadLetters.length;
  }

  /** Adds a reply without its value. */
  addEmptyReply(reply: Reply): void {
    const empty = this.#routes.encodeReply(reply)?.empty();
    if (empty !== undefined) this.#egress.push(empty);
  }

  /** The number of dead letters. */
  get lost(): number {
    return this.#lost;
  }

  /** Sends a message that was held, or holds it again. @throws `UNSERIALIZABLE` */
  release(envelope: Envelope): void {
    this.#send(this.#route({ envelope }));
  }

  /** Deletes a value. */
  delete(name: string): void {
    this.#changes.set(name, null);
  }

  /** Asks this address to delete its expired values at an instant, and at no other. */
  collectAt(dueAt: number): void {
    const token = `collect\n${this.#self.type}`;
    const delayMs = Math.max(0, Math.ceil(dueAt - this.#now()));
    this.#delayed.push({ cancel: token });
    this.#delayed.push({ target: this.#self, argument: COLLECT, delayMs, token });
  }

  /**
   * Returns all effects.
   *
   * @param emptyReplies - leaves out the values of replies, so that their clients get an error
   */
  response({ emptyReplies = false } = {}): BatchResponse {
    return {
      messages: this.#messages,
      delayed: this.#delayed,
      egress: this.#egress.map((each) => {
        if ("egress" in each) return each;
        return emptyReplies ? each.empty() : each.record;
      }),
      mutations: [...this.#formats.keys()].flatMap((name): readonly Mutation[] => {
        const value = this.#changes.get(name);
        return value === undefined || isSame(value, this.#current.get(name))
          ? []
          : [{ name, value }];
      }),
    };
  }

  #encode({ type }: Address, { name, value }: ValueWrite): TypedBytes | null {
    const format = this.#formats.get(name);
    if (format === undefined) {
      const why = `${type} stores only values that declare their types, so ${name} has no place`;
      throw new HandbackError("UNSUPPORTED", why, { details: { function: type, value: name } });
    }
    const { typename } = format.registration;
    return value === null ? null : { typename, bytes: format.write(value) };
  }

  /** Finds the way of a message. */
  #route({ envelope, dueAt, token }: Send, caller?: Address): RoutedSend {
    const { type, id } = envelope.target;
    const named = token === undefined ? {} : { token };
    if (!this.#routes.knows(type) && type !== caller?.type) {
      const argument = writeEnvelope(envelope, MESSAGE_TYPES.held);
      const triedAt = this.#now() + this.#heldForMs;
      return { target: this.#self, argument, dueAt: Math.max(dueAt ?? 0, triedAt), ...named };
    }
    const target = { type: this.#routes.nameOnWire(type), id };
    const argument = this.#routes.encode(envelope);
    return dueAt === undefined ? { target, argument } : { target, argument, dueAt, ...named };
  }

  #send({ target, argument, dueAt, token }: RoutedSend): void {
    if (dueAt !== undefined) {
      if (token !== undefined) this.#cancel(token);
      const delayMs = Math.max(0, Math.ceil(dueAt - this.#now()));
      const named = token === undefined ? "" : this.#tokenOnWire(token);
      this.#delayed.push({ target, argument, delayMs, token: named });
    } else if (this.#routes.isEgress(target.type))
      this.#egress.push({ egress: target.type, argument });
    else this.#messages.push({ target, argument });
  }

  #cancel(token: string): void {
    this.#delayed.push({ cancel: this.#tokenOnWire(token) });
  }

  #tokenOnWire(token: string): string {
    return `${this.#self.type}\n${token}`;
  }
}

/** A message on its way. */
type RoutedSend = OutgoingMessage & Omit<Send, "envelope">;

function isSame(value: TypedBytes | null, before: TypedBytes | undefined): boolean {
  if (value === null || before === undefined) return value === null && before === undefined;
  return equalBytes(value.bytes, before.bytes);
}
