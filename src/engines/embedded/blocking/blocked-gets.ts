import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Json } from "../../../core/data/json.ts";
import { takeWaitCycles } from "./wait-cycles.ts";

/** Reads control data of a system function as it is now. */
export type ReadControl = (address: Address, name: string) => Json | undefined;

/** Yields the keys of the replies that cannot come unless these messages are handled. */
export type LeadsTo = (envelopes: Iterable<Envelope>, read: ReadControl) => Iterable<string>;

/** Collaborators of {@link BlockedGets}. */
export interface BlockedGetsParts {
  /** Provided by the layer that knows the control data. */
  readonly leadsTo: LeadsTo;
  readonly cache: { readControl: ReadControl };
}

/**
 * A get of the handler that runs for `envelope`: it waits for the reply of `key`. A client's wait
 * in that handler is one, too.
 */
export interface BlockedGet {
  readonly key: string;
  readonly envelope: Envelope;
  /** True for a client's wait, which is neither canceled nor over with its handler. */
  readonly isClients?: boolean;
  /** Stops waiting, without an outcome. */
  readonly stop: () => void;
  /** Stops waiting, and throws the error. */
  readonly reject: (error: HandbackError) => void;
}

/** Returns the messages queued at an address behind the running one. */
export type QueuedAt = (address: Address) => Iterable<Envelope>;

/**
 * The gets of blocked handlers. Finds those that can never return, and rejects them.
 *
 * B1 A get waits for another one if it needs the outcome of the other's handler, or of a message
 *    queued behind that handler at its address. A cycle of such waits is a deadlock. The youngest
 *    get in it is rejected. Nothing else is a deadlock: a blocked handler holds no slot.
 * B2 A handler is blocked from its first open get until its last one returns, also while it waits
 *    for a slot to continue.
 * B3 A rejected get waits for nothing, so it is in no cycle.
 */
export class BlockedGets {
  readonly #parts: BlockedGetsParts;
  /** The open gets and their ages: a number that grows with each get. */
  readonly #ages = new Map<BlockedGet, number>();
  readonly #byKey = new Map<string, Set<BlockedGet>>();
  readonly #byRun = new Map<Envelope, Set<BlockedGet>>();
  /** Rejected gets whose handlers have not continued yet. */
  readonly #rejected = new Set<BlockedGet>();
  readonly #readControl: ReadControl;
  #begun = 0;

  constructor(parts: BlockedGetsParts) {
    this.#parts = parts;
    this.#readControl = (address, name) => parts.cache.readControl(address, name);
  }

  /** The number of blocked gets. */
  get size(): number {
    return this.#ages.size;
  }

  /** The number of blocked handlers. One handler may have several gets. */
  get runs(): number {
    return this.#byRun.size;
  }

  /** Tells whether the handler that runs for `envelope` is blocked. */
  isBlocked(envelope: Envelope): boolean {
    return this.#byRun.has(envelope);
  }

  /** Adds a get. Returns true if its handler was not blocked before. */
  begin(get: BlockedGet): boolean {
    const wasBlocked = this.isBlocked(get.envelope);
    this.#ages.set(get, this.#begun++);
    addTo(this.#byKey, get.key, get);
    addTo(this.#byRun, get.envelope, get);
    return !wasBlocked;
  }

  /** Tells whether a get is open, and is the only one of its handler. */
  isOnlyOne(get: BlockedGet): boolean {
    return this.#ages.has(get) && this.#byRun.get(get.envelope)?.size === 1;
  }

  /** Removes a get. Returns true if its handler is no longer blocked. */
  end(get: BlockedGet): boolean {
    if (!this.#ages.delete(get)) return false;
    this.#rejected.delete(get);
    removeFrom(this.#byKey, get.key, get);
    return removeFrom(this.#byRun, get.envelope, get);
  }

  /** Ends all gets of the run of `envelope`, which is over. Returns true if it was blocked. */
  endAll(envelope: Envelope): boolean {
    const gets = this.#byRun.get(envelope);
    if (gets === undefined) return false;
    for (const get of gets) {
      if (get.isClients !== true) get.stop();
      this.end(get);
    }
    return true;
  }

  /** Rejects the gets of the run of `envelope`, which is canceled. */
  rejectAll(envelope: Envelope, error: HandbackError): void {
    for (const get of this.#byRun.get(envelope) ?? [])
      if (get.isClients !== true) this.#reject(get, error);
  }

  /** Tells whether a get waits for the outcome of the message. */
  isAwaited(envelope: Envelope): boolean {
    return this.#waitersFor([envelope]).next().done !== true;
  }

  /** Rejects one get of each deadlock. Returns the number of messages that it looked at. */
  rejectDeadlocks(queuedAt: QueuedAt): number {
    const { waits, looked } = this.#waitsByGet(queuedAt);
    const deadlocks = takeWaitCycles(waits, (get) => this.#ages.get(get) ?? 0);
    for (const { cycle, victim } of deadlocks)
      this.#reject(victim, deadlockOf(victim, cycle, this.#isReentrant(cycle)));
    return looked;
  }

  /** Returns the gets that each get waits for. */
  #waitsByGet(queuedAt: QueuedAt): { waits: Map<BlockedGet, Set<BlockedGet>>; looked: number } {
    const waits = new Map<BlockedGet, Set<BlockedGet>>();
    let looked = 0;
    for (const [envelope, gets] of this.#byRun) {
      for (const held of [envelope, ...queuedAt(envelope.target)]) {
        looked++;
        for (const waiter of this.#waitersFor([held])) {
          const holders = waits.get(waiter) ?? new Set();
          waits.set(waiter, holders);
          for (const get of gets) holders.add(get);
        }
      }
    }
    return { waits, looked };
  }

  /**
   * Tells whether the cycle is one get that waits for a message queued at its own address, not for
   * its own outcome.
   */
  #isReentrant([only, ...others]: readonly BlockedGet[]): boolean {
    return (
      only !== undefined &&
      others.length === 0 &&
      ![...this.#waitersFor([only.envelope])].includes(only)
    );
  }

  *#waitersFor(envelopes: Iterable<Envelope>): Generator<BlockedGet> {
    for (const key of this.#parts.leadsTo(envelopes, this.#readControl))
      for (const get of this.#byKey.get(key) ?? []) if (!this.#rejected.has(get)) yield get;
  }

  #reject(get: BlockedGet, error: HandbackError): void {
    this.#rejected.add(get);
    get.reject(error);
  }
}

function addTo<Key>(sets: Map<Key, Set<BlockedGet>>, key: Key, get: BlockedGet): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([get]));
  else known.add(get);
}

/** Removes a get from its set. Returns true if the set is empty now, and gone. */
function removeFrom<Key>(sets: Map<Key, Set<BlockedGet>>, key: Key, get: BlockedGet): boolean {
  const gets = sets.get(key);
  gets?.delete(get);
  return gets?.size === 0 && sets.delete(key);
}

/** Addresses of a cycle that the error's text names. Its details name all. */
const NAMED = 16;

function deadlockOf(
  { envelope, isClients }: BlockedGet,
  cycle: readonly BlockedGet[],
  isReentrant: boolean,
): HandbackError {
  const names = cycle.map((get) => formatAddress(get.envelope.target));
  const [first = ""] = names;
  const left = names.length - NAMED;
  const path = left > 0 ? [...names.slice(0, NAMED), `${left} others`, first] : [...names, first];
  const why = cycle.length === 1 ? "it waits for its own handler to end" : path.join(" waits for ");
  return new HandbackError(
    isReentrant ? "REENTRANT_CALL" : "DEADLOCK",
    `${isClients === true ? "a client's wait in a handler" : "a get"} of ${formatAddress(envelope.target)} can never end: ${why}`,
    { details: { cycle: [...new Set(names)] } },
  );
}
