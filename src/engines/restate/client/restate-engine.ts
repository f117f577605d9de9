import type { NamedValue, Reply } from "../../../core/activation/effects.ts";
import type {
  Capability,
  ClientRequest,
  Engine,
  ReplyListener,
} from "../../../core/engine/engine.ts";
import { readInSteps } from "../../../core/engine/committed-read.ts";
import type {
  CommittedData,
  CommittedQuery,
  CommittedReader,
} from "../../../core/engine/committed-read.ts";
import type { ClaimedFlowNumbers } from "../../../core/engine/claimed-flow-numbers.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Answer, Question } from "../delivery/address.ts";
import type { LetterDecision, LetterOutcome } from "../delivery/decide-letter.ts";
import type { KeptDeadLetter } from "../delivery/dead-letters.ts";
import { readKeptDeadLetter } from "../delivery/dead-letters.ts";
import type { WaitResult, Waiting } from "../delivery/replies.ts";
import { writeAddressKey } from "../wire/address-key.ts";
import { printDelivery } from "../wire/delivery.ts";
import { printInput } from "../wire/input.ts";
import { LETTERS_KEY } from "../wire/recipient.ts";
import type { ServiceNames } from "../wire/recipient.ts";
import type { Ingress } from "./ingress.ts";

/** Collaborators of a {@link RestateEngine}. */
export interface RestateEngineParts {
  readonly storeId: string;
  readonly names: ServiceNames;
  readonly ingress: Ingress;
  readonly clock: Clock;
  readonly flows: ClaimedFlowNumbers;
  /** Prefix of the reply keys of this client. No other client of the cluster has it. */
  readonly clientName: string;
  readonly knows: Engine["knows"];
  /**
   * Returns the key of the address to which the first message of a flow goes, `null` if it is one of
   * its own, and `undefined` if the invocation that takes the client's message cannot carry on.
   */
  readonly firstOf: (envelope: Envelope) => string | null | undefined;
  /** Returns the address that gives the reply of a key, if it is not the reply to a request. */
  readonly replierOf: (key: string) => Address | undefined;
}

/** Time for which one request waits for a reply, in ms. */
const WAIT_MS = 50_000;

/**
 * A Restate cluster as clients see it: requests go to the virtual objects of their addresses.
 *
 * RS1 A request has an idempotency key of its own, and is sent again until it is answered.
 * RS2 A client that waits for a flow holds one invocation, which Restate suspends.
 */
export class RestateEngine implements Engine {
  readonly capabilities: ReadonlySet<Capability> = new Set(["snapshotRead"]);
  readonly storeId: string;
  readonly knows: Engine["knows"];
  readonly #parts: RestateEngineParts;
  readonly #closing = new AbortController();
  #requests = 0;

  constructor(parts: RestateEngineParts) {
    this.#parts = parts;
    this.storeId = parts.storeId;
    this.knows = parts.knows;
  }

  nextFlow(): string | Promise<string> {
    return this.#parts.flows.next();
  }

  nextRequest(): string {
    return `${this.#parts.clientName}${this.#requests++}`;
  }

  now(): number {
    return this.#parts.clock.now();
  }

  async ask({ envelope, key, outcome }: ClientRequest): Promise<Reply> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    const { names, ingress, firstOf } = this.#parts;
    const delivery = printDelivery({ envelope, at: this.now() });
    const first = outcome !== undefined && envelope.fresh === true ? firstOf(envelope) : undefined;
    const answer = await ingress.request({
      to:
        first === undefined
          ? { service: names.address, key: writeAddressKey(envelope.target), handler: "ask" }
          : first === null
            ? { service: names.call, handler: "begin" }
            : { service: names.address, key: first, handler: "begin" },
      input: printInput({ delivery, reply: key, outcome } satisfies Question),
      idempotencyKey: key,
      ...(first !== undefined && { waitMs: WAIT_MS }),
      signal,
    });
    const { reply } = JSON.parse(answer) as Answer;
    if (reply === undefined) return this.#wait({ service: names.reply, key, reply: key }, signal);
    return reply.isReceipt === true && outcome !== undefined ? this.listen(outcome).wait() : reply;
  }

  /** A reply that came before the wait is found in the state of its address. */
  listen(key: string): ReplyListener {
    const replier = this.#parts.replierOf(key);
    const stopping = new AbortController();
    const signal = AbortSignal.any([stopping.signal, this.#closing.signal]);
    const { address: service } = this.#parts.names;
    const wait = async (): Promise<Reply> => {
      const never = Promise.withResolvers<Reply>().promise;
      if (replier === undefined) return never;
      try {
        return await this.#wait({ service, key: writeAddressKey(replier), reply: key }, signal);
      } catch (error) {
        if (stopping.signal.aborted) return never;
        throw error;
      }
    };
    return { wait, stop: () => stopping.abort() };
  }

  /** What is read of several addresses may be of several instants. */
  read<Result>(reader: () => CommittedReader<Result>): Promise<Result> {
    return readInSteps((query) => this.#answerQuery(query), reader());
  }

  /** Returns messages that failed, oldest first. */
  async deadLetters(limit: number): Promise<readonly KeptDeadLetter[]> {
    const { names, ingress } = this.#parts;
    const to = { service: names.letters, key: LETTERS_KEY, handler: "list" };
    const { signal } = this.#closing;
    const letters = await ingress.request({ to, input: String(limit), signal });
    return (JSON.parse(letters) as readonly string[]).map(readKeptDeadLetter);
  }

  /** Decides about a message that failed. With `redriveAs`, the number of a flow, it is sent again. */
  async decideLetter(id: string, redriveAs?: string): Promise<LetterOutcome> {
    const { names, ingress } = this.#parts;
    const decision: LetterDecision = {
      id,
      at: this.now(),
      ...(redriveAs !== undefined && { redriveAs }),
    };
    const answer = await ingress.request({
      to: { service: names.letters, key: LETTERS_KEY, handler: "decide" },
      input: printInput(decision),
      idempotencyKey: this.nextRequest(),
      signal: this.#closing.signal,
    });
    return JSON.parse(answer) as LetterOutcome;
  }

  /** Ends the waits of this client. The cluster goes on. */
  close(): void {
    this.#closing.abort(new HandbackError("CLOSED", "the client of the cluster is closed"));
  }

  async #answerQuery({ addresses = [], scopes = [] }: CommittedQuery): Promise<CommittedData> {
    if (scopes.length > 0)
      throw new HandbackError(
        "UNSUPPORTED",
        "a cluster cannot list the messages that are under way, by which this is decided",
      );
    const { names, ingress } = this.#parts;
    const { signal } = this.#closing;
    const read = async (address: Address): Promise<readonly NamedValue[]> => {
      const to = { service: names.address, key: writeAddressKey(address), handler: "read" };
      return JSON.parse(await ingress.request({ to, input: "null", signal })) as NamedValue[];
    };
    return { values: await Promise.all(addresses.map(read)), work: [] };
  }

  /** Waits for the reply of an object, one request after the other. */
  async #wait(
    waiting: Pick<Waiting, "service" | "key" | "reply">,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { names, ingress } = this.#parts;
    for (;;) {
      signal.throwIfAborted();
      const request: Waiting = { ...waiting, at: this.now(), waitMs: WAIT_MS };
      const answer = await ingress.request({
        to: { service: names.wait, handler: "reply" },
        input: printInput(request),
        idempotencyKey: this.nextRequest(),
        waitMs: WAIT_MS,
        isFollowUp: true,
        signal,
      });
      const { reply } = JSON.parse(answer) as WaitResult;
      if (reply !== undefined) return JSON.parse(reply) as Reply;
    }
  }
}
