import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Json } from "../../../core/data/json.ts";

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

/** The work that waits behind blocked handlers. */
export interface BlockedWork {
  /** Returns the messages queued at an address behind the running one. */
  readonly queuedAt: (address: Address) => Iterable<Envelope>;
  /**
   * The messages that wait for a slot when every slot is held by a blocked handler. Otherwise
   * empty.
   */
  readonly waitingForSlot: readonly Envelope[];
}

/**
 * Finds blocked gets that can never be settled, and rejects one of them.
 *
 * B1 A get waits for another one if it needs the outcome of the other's handler, or of a message
 *    queued behind that handler at its address. A cycle of such waits is a deadlock. The youngest
 *    get in it is rejected.
 * B2 When every slot is held by a blocked handler, a get is stuck if it waits for a message without
 *    a slot, or for a get that is stuck. If all gets are stuck, the youngest is rejected.
 * B3 A rejected get waits for nothing, so it is in no cycle and not stuck. Its handler counts as
 *    blocked until it continues.
 */
export class BlockedGets {
  readonly #parts: BlockedGetsParts;
  /** Gets by key, oldest first. */
  readonly #gets = new Map<string, BlockedGet>();
  /** Keys of rejected gets whose handlers have not continued yet. */
  readonly #rejected = new Set<string>();
  /** Keys of the gets of each blocked run. */
  readonly #byRun = new Map<Envelope, Set<string>>();
  readonly #readControl: ReadControl;

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

  begin(get: BlockedGet): void {
    this.#gets.set(get.key, get);
    const keys = this.#byRun.get(get.envelope);
    if (keys === undefined) this.#byRun.set(get.envelope, new Set([get.key]));
    else keys.add(get.key);
  }

  end(key: string): void {
    const envelope = this.#gets.get(key)?.envelope;
    if (envelope === undefined) return;
    this.#forget(key);
    const keys = this.#byRun.get(envelope);
    keys?.delete(key);
    if (keys?.size === 0) this.#byRun.delete(envelope);
  }

  /** Ends all gets of the run of `envelope`, which is over. */
  endAll(envelope: Envelope): void {
    for (const key of this.#byRun.get(envelope) ?? []) {
      this.#gets.get(key)?.stop();
      this.#forget(key);
    }
    this.#byRun.delete(envelope);
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

  /** Rejects the youngest get of a deadlock, if one exists. */
  check(work: BlockedWork): void {
    const waits = this.#waitsByGet(work);
    const cycle = findWaitCycle(waits);
    if (cycle !== undefined)
      return this.#rejectYoungest(cycle, describeWaitCycle(cycle), this.#isReentrant(cycle));
    if (work.waitingForSlot.length === 0) return;
    const stuck = this.#stuckGets(work);
    if (stuck.size < this.#gets.size) return;
    this.#rejectYoungest(
      [...this.#gets.values()],
      `all ${this.runs} handler slots are held by handlers that block on work that waits for a slot`,
    );
  }

  /** Returns the gets that each get waits for. */
  #waitsByGet({ queuedAt }: BlockedWork): Map<BlockedGet, Set<BlockedGet>> {
    const waits = new Map<BlockedGet, Set<BlockedGet>>();
    for (const [envelope, keys] of this.#byRun) {
      for (const held of [envelope, ...queuedAt(envelope.target)]) {
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
    return waits;
  }

  /** Returns the gets that wait for a message without a slot (B2). */
  #stuckGets({ waitingForSlot, queuedAt }: BlockedWork): ReadonlySet<BlockedGet> {
    const stuck = new Set<BlockedGet>();
    const unhandled = new Set(waitingForSlot);
    for (let size = -1; size !== stuck.size;) {
      size = stuck.size;
      for (const get of this.#waitersFor(unhandled)) stuck.add(get);
      for (const { envelope } of stuck)
        for (const held of [envelope, ...queuedAt(envelope.target)]) unhandled.add(held);
    }
    return stuck;
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
    for (const key of this.#parts.leadsTo(envelopes, this.#readControl)) {
      const get = this.#gets.get(key);
      if (get !== undefined && !this.#rejected.has(key)) yield get;
    }
  }

  #rejectGet(key: string, error: HandbackError): void {
    this.#rejected.add(key);
    this.#parts.listeners.reject(key, error);
  }

  #rejectYoungest(candidates: readonly BlockedGet[], why: string, reentrant = false): void {
    const youngest = [...this.#gets.values()].findLast((get) => candidates.includes(get));
    if (youngest === undefined) return;
    const cycle = [...new Set(candidates.map(({ envelope }) => formatAddress(envelope.target)))];
    const code = reentrant ? "REENTRANT_CALL" : "DEADLOCK";
    this.#rejectGet(
      youngest.key,
      new HandbackError(
        code,
        `a get of ${formatAddress(youngest.envelope.target)} can never be settled: ${why}`,
        { details: { cycle } },
      ),
    );
  }
}

function describeWaitCycle(cycle: readonly BlockedGet[]): string {
  const [first] = cycle;
  const names = cycle.map(({ envelope }) => formatAddress(envelope.target));
  return first !== undefined && cycle.length === 1
    ? "it waits for its own handler to end"
    : [...names, names[0]].join(" waits for ");
}

function findWaitCycle(
  waits: ReadonlyMap<BlockedGet, ReadonlySet<BlockedGet>>,
): readonly BlockedGet[] | undefined {
  const done = new Set<BlockedGet>();
  const path: BlockedGet[] = [];
  const visit = (get: BlockedGet): readonly BlockedGet[] | undefined => {
    const at = path.indexOf(get);
    if (at >= 0) return path.slice(at);
    if (done.has(get)) return undefined;
    done.add(get);
    path.push(get);
    for (const holder of waits.get(get) ?? []) {
      const cycle = visit(holder);
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    return undefined;
  };
  for (const get of waits.keys()) {
    const cycle = visit(get);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
