import { HandbackError } from "handback";
import type { Address } from "handback";
import { PendingReplies, addressKey, knowsFunction } from "handback/engine";
import type {
  Capability,
  ClientRequest,
  Definition,
  Effects,
  Engine,
  Environment,
  Reply,
  ReplyListener,
} from "handback/engine";
import type { SeededRandom } from "handback/testing";
import { Delayed } from "./delayed.ts";
import { Network, pack } from "./network.ts";
import type { Parcel } from "./network.ts";
import { handle, parseValue } from "./request.ts";
import type { Response, Values } from "./request.ts";

/** Collaborators of {@link PoorestEngine}. */
export interface PoorestParts {
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly environment: Environment;
  readonly random: SeededRandom;
  /** Share of responses that are lost, so that their requests are repeated. */
  readonly lost: number;
}

interface Instance {
  readonly address: Address;
  readonly inbox: Parcel[];
  values: Values;
  busy: boolean;
}

const LARGEST_BATCH = 4;

/**
 * The poorest engine that can host core: the guarantees of Flink Stateful Functions, and no more.
 *
 * P1 Order holds within a pair of sender and target only. Messages from outside, and delayed ones,
 *    are pairs of their own.
 * P2 All functions are equal: system functions get messages no sooner than others.
 * P3 One request at a time per address, with several messages. Its effects count when its response
 *    is accepted, all at once; a lost response counts for nothing, and its messages are handled
 *    again.
 * P4 All data is text between requests. Messages have no identity for the engine: none is dropped
 *    as a duplicate.
 * P5 State cannot be read from outside, and no handler waits. Replies leave once the response is
 *    accepted.
 */
export class PoorestEngine implements Engine {
  readonly storeId: string;
  readonly capabilities: ReadonlySet<Capability> = new Set();
  readonly #parts: PoorestParts;
  readonly #network: Network;
  readonly #delayed: Delayed;
  readonly #replies = new PendingReplies();
  readonly #instances = new Map<string, Instance>();
  /** Instances that have messages and no request in progress. */
  readonly #ready: Instance[] = [];
  #senders = 0;
  #flows = 0;
  #requests = 0;
  #scheduled = false;
  #ended: unknown;

  constructor(parts: PoorestParts) {
    this.#parts = parts;
    this.storeId = parts.environment.storeId;
    this.#network = new Network(parts.random);
    this.#delayed = new Delayed(parts.environment.clock, (parcel) =>
      this.#post(this.#newSender(), parcel),
    );
  }

  knows(...asked: Parameters<Environment["knows"]>): boolean {
    return knowsFunction(this.#parts.definitions, ...asked);
  }

  nextFlow(): string {
    return (this.#flows++).toString(16).padStart(16, "0");
  }

  nextRequest(): string {
    return `ask/${this.#requests++}`;
  }

  now(): number {
    return this.#parts.environment.clock.now();
  }

  ask(request: ClientRequest): Promise<Reply> {
    const listening = this.#replies.listenFor(request);
    if (this.#ended === undefined) this.#post(this.#newSender(), pack(request.envelope));
    else this.#replies.reject(request.key, this.#ended);
    return listening.wait();
  }

  listen(key: string): ReplyListener {
    const listening = this.#replies.listen(key);
    if (this.#ended !== undefined) this.#replies.reject(key, this.#ended);
    return listening;
  }

  async read(): Promise<never> {
    throw new HandbackError("UNSUPPORTED", "the poorest engine cannot be read from outside");
  }

  /** Counts the stored values that have not expired, for tests that look for leftovers. */
  stored(): number {
    const now = this.now();
    const values = Array.from(this.#instances.values(), (instance) => [
      ...instance.values.values(),
    ]).flat();
    return values.filter((text) => (parseValue(text).expiresAt ?? Number.POSITIVE_INFINITY) > now)
      .length;
  }

  close(): void {
    this.#end(new HandbackError("CLOSED", "the engine is closed"));
  }

  #end(why: unknown): void {
    this.#ended ??= why;
    this.#replies.rejectAll(this.#ended);
  }

  #newSender(): string {
    return `sender ${this.#senders++}`;
  }

  #post(sender: string, parcel: Parcel): void {
    this.#network.put(sender, parcel);
    this.#schedule();
  }

  #schedule(): void {
    if (
      this.#scheduled ||
      this.#ended !== undefined ||
      (this.#network.isEmpty && this.#ready.length === 0)
    )
      return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      // One at a time: a request that takes no time may be answered before or after the next
      // message arrives.
      this.#step();
      this.#schedule();
    });
  }

  /** Performs one of the possible actions. */
  #step(): void {
    // A virtual clock does not advance while it is read.
    this.now();
    if (this.#ready.length === 0 || (!this.#network.isEmpty && this.#parts.random.chance(0.5)))
      return this.#arrive(this.#network.take());
    const [instance] = this.#ready.splice(this.#parts.random.below(this.#ready.length), 1);
    if (instance === undefined) return;
    instance.busy = true;
    this.#request(instance).catch((error: unknown) => this.#end(error));
  }

  #arrive(parcel: Parcel | undefined): void {
    if (parcel === undefined) return;
    const key = addressKey(parcel.target);
    let instance = this.#instances.get(key);
    if (instance === undefined) {
      instance = { address: parcel.target, inbox: [], values: new Map(), busy: false };
      this.#instances.set(key, instance);
    }
    instance.inbox.push(parcel);
    if (!instance.busy && instance.inbox.length === 1) this.#ready.push(instance);
  }

  async #request(instance: Instance): Promise<void> {
    const { address, inbox, values } = instance;
    const { definitions, environment, random, lost } = this.#parts;
    const definition = definitions.get(address.type);
    if (definition === undefined) throw new Error(`nobody serves ${address.type}`);
    const batch = inbox.slice(0, 1 + random.below(LARGEST_BATCH));
    const response = await handle(definition, { target: address, values, batch }, environment);
    if (!random.chance(lost)) {
      inbox.splice(0, batch.length);
      this.#accept(instance, response);
    }
    instance.busy = false;
    if (inbox.length > 0) this.#ready.push(instance);
    this.#schedule();
  }

  #accept(instance: Instance, { values, effects }: Response): void {
    if (this.#ended !== undefined) return;
    instance.values = values;
    for (const each of effects) this.#apply(addressKey(instance.address), each);
  }

  #apply(sender: string, { cancels, sends, replies }: Effects): void {
    for (const token of cancels) this.#delayed.cancel(`${sender}\n${token}`);
    for (const { envelope, dueAt, token } of sends) {
      if (dueAt === undefined) this.#network.put(sender, pack(envelope));
      else
        this.#delayed.add(
          pack(envelope),
          dueAt,
          token === undefined ? undefined : `${sender}\n${token}`,
        );
    }
    for (const answer of replies) this.#replies.deliver(answer);
  }
}
