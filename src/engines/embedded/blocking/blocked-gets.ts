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
  /** Listeners for the replies that the gets wait for. */
  readonly listeners: { reject: (key: string, error: HandbackError) => void };
}

/** A get of the handler that runs for `envelope`: it waits for the reply of `key`. */
export interface BlockedGet {
  readonly key: string;
  readonly envelope: Envelope;
  readonly stop: () => void;
}

/** Returns the messages queued at an address behind the running one. */
export type QueuedAt = (address: Address) => Iterable<Envelope>;

interface OpenGet extends BlockedGet {
  /** Grows with each get. */
  readonly number: number;
}

/**
 * The gets of blocked handlers. Finds those that can never be settled, and rejects them.
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
  /** Gets by key, oldest first. */
  readonly #gets = new Map<string, OpenGet>();
  /** Keys of rejected gets whose handlers have not continued yet. */
  readonly #rejected = new Set<string>();
  /** Keys of the gets of each blocked run. */
  readonly #byRun = new Map<Envelope, Set<string>>();
  readonly #readControl: ReadControl;
  #begun = 0;

  constructor(parts: BlockedGetsParts) {
    this.#parts = parts;
    this.#readControl = (address, name) => parts.cache.readControl(address, name);
  }

  /** The number of blocked gets. */
  get size(): number {
    return this.#gets.size;
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
    this.#gets.set(get.key, { ...get, number: this.#begun++ });
    const keys = this.#byRun.get(get.envelope);
    if (keys === undefined) this.#byRun.set(get.envelope, new Set([get.key]));
    else keys.add(get.key);
    return keys === undefined;
  }

  /** Tells whether a get is open, and is the only one of its handler. */
  isOnlyOne(key: string): boolean {
    const envelope = this.#gets.get(key)?.envelope;
    return envelope !== undefined && this.#byRun.get(envelope)?.size === 1;
  }

  /** Removes a get. Returns true if its handler is no longer blocked. */
  end(key: string): boolean {
    const envelope = this.#gets.get(key)?.envelope;
    if (envelope === undefined) return false;
    this.#forget(key);
    const keys = this.#byRun.get(envelope);
    keys?.delete(key);
    return keys?.size === 0 && this.#byRun.delete(envelope);
  }

  /** Ends all gets of the run of `envelope`, which is over. Returns true if it was blocked. */
  endAll(envelope: Envelope): boolean {
    for (const key of this.#byRun.get(envelope) ?? []) {
      this.#gets.get(key)?.stop();
      this.#forget(key);
    }
    return this.#byRun.delete(envelope);
  }

  #forget(key: string): void {
    this.#gets.delete(key);
    this.#rejected.delete(key);
  }

  /** Rejects all gets of the run of `envelope`. */
  rejectAll(envelope: Envelope, error: HandbackError): void {
    for (const key of this.#byRun.get(envelope) ?? []) this.#rejectGet(key, error);
  }

  /** Tells whether a get waits for the outcome of the message. */
  isAwaited(envelope: Envelope): boolean {
    return this.#waitersFor([envelope]).next().done !== true;
  }

  /** Rejects one get of each deadlock. Returns the number of messages that it looked at. */
  rejectDeadlocks(queuedAt: QueuedAt): number {
    const { waits, looked } = this.#waitsByGet(queuedAt);
    const deadlocks = takeWaitCycles(waits, ({ number }) => number);
    for (const { cycle, victim } of deadlocks)
      this.#rejectGet(victim.key, deadlockOf(victim, cycle, this.#isReentrant(cycle)));
    return looked;
  }

  /** Returns the gets that each get waits for. */
  #waitsByGet(queuedAt: QueuedAt): { waits: Map<OpenGet, Set<OpenGet>>; looked: number } {
    const waits = new Map<OpenGet, Set<OpenGet>>();
    let looked = 0;
    for (const [envelope, keys] of this.#byRun) {
      for (const held of [envelope, ...queuedAt(envelope.target)]) {
        looked++;
        for (const waiter of this.#waitersFor([held])) {
          const holders = waits.get(waiter) ?? new Set();
          waits.set(waiter, holders);
          for (const key of keys) {
            const holder = this.#gets.get(key);
            if (holder !== undefined) holders.add(holder);
          }
        }
      }
    }
    return { waits, looked };
  }

  /**
   * Tells whether the cycle is one get that waits for a message queued at its own address, not for
   * its own outcome.
   */
  #isReentrant([only, ...others]: readonly OpenGet[]): boolean {
    return (
      only !== undefined &&
      others.length === 0 &&
      ![...this.#waitersFor([only.envelope])].includes(only)
    );
  }

  *#waitersFor(envelopes: Iterable<Envelope>): Generator<OpenGet> {
    for (const key of this.#parts.leadsTo(envelopes, this.#readControl)) {
      const get = this.#gets.get(key);
      if (get !== undefined && !this.#rejected.has(key)) yield get;
    }
  }

  #rejectGet(key: string, error: HandbackError): void {
    this.#rejected.add(key);
    this.#parts.listeners.reject(key, error);
  }
}

/** Addresses of a cycle that the error's text names. Its details name all. */
const NAMED = 16;

function deadlockOf(
  { envelope }: BlockedGet,
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
    `a get of ${formatAddress(envelope.target)} can never be settled: ${why}`,
    { details: { cycle: [...new Set(names)] } },
  );
}
