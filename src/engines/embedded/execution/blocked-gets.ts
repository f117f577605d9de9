import { formatAddress } from "../../../core/message/address.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Json } from "../../../core/data/json.ts";

/** Reads control data as it stands now. */
export type ReadControl = (address: Address, name: string) => Json | undefined;

/** The keys of the answers that cannot come unless these messages are handled. Given by the layer that knows their control data. */
export type LeadsTo = (envelopes: Iterable<Envelope>, read: ReadControl) => Iterable<string>;

/** A handler that waits for the answer of `key` while it runs for `envelope`. */
export interface BlockedGet {
  readonly key: string;
  readonly envelope: Envelope;
  /** Stops waiting. */
  readonly stop: () => void;
}

/** What stands behind blocked handlers. */
export interface BlockedWork {
  /** Messages queued at an address behind the one that is running. */
  readonly queuedAt: (address: Address) => Iterable<Envelope>;
  /** Messages that wait for a slot, when every slot is held by a blocked handler; else none. */
  readonly waitingForSlot: readonly Envelope[];
}

/**
 * Finds blocked gets that can never be settled, and rejects one of them.
 *
 * B1 A get waits for another if what it waits for is the outcome of the other's handler, or of a message queued behind it
 *    at its address. A cycle of such waits is a deadlock; the youngest get in it is rejected.
 * B2 When every slot is held by a blocked handler, a get is stuck if it waits for a message without a slot, or for a get
 *    that is stuck. If all are, nothing can be settled; the youngest is rejected.
 * B3 A get that was rejected waits for nothing, so it is in no cycle and not stuck; its handler counts as blocked until it goes on.
 */
export class BlockedGets {
  /** By key, oldest first. */
  readonly #gets = new Map<string, BlockedGet>();
  /** Keys of those whose handlers have yet to hear that they are rejected. */
  readonly #rejected = new Set<string>();
  /** Keys of the gets of each blocked run. */
  readonly #byRun = new Map<Envelope, Set<string>>();
  readonly #leadsTo: LeadsTo;
  readonly #read: ReadControl;
  readonly #reject: (key: string, error: HandbackError) => void;

  constructor(
    leadsTo: LeadsTo,
    read: ReadControl,
    reject: (key: string, error: HandbackError) => void,
  ) {
    this.#leadsTo = leadsTo;
    this.#read = read;
    this.#reject = reject;
  }

  get size(): number {
    return this.#gets.size;
  }

  /** How many handlers are blocked; one may have several gets. */
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

  /** The run of `envelope` is over: nobody waits for what it has not waited for to the end. */
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

  /** The run of `envelope` is no longer wanted: its gets need not be awaited. */
  rejectAll(envelope: Envelope, error: HandbackError): void {
    for (const key of this.#byRun.get(envelope) ?? []) this.#refuse(key, error);
  }

  /** Whether a get waits for what becomes of the message. */
  isAwaited(envelope: Envelope): boolean {
    return this.#waitersFor([envelope]).next().done !== true;
  }

  check(backlog: BlockedWork): void {
    const waits = this.#waits(backlog);
    const cycle = findCycle(waits);
    if (cycle !== undefined)
      return this.#rejectYoungest(cycle, describeCycle(cycle), this.#isReentrant(cycle));
    if (backlog.waitingForSlot.length === 0) return;
    const stuck = this.#stuck(backlog);
    if (stuck.size < this.#gets.size) return;
    this.#rejectYoungest(
      [...this.#gets.values()],
      `all ${this.runs} handler slots are held by handlers that block on work which waits for a slot`,
    );
  }

  /** For each get, the gets it waits for. */
  #waits({ queuedAt }: BlockedWork): Map<BlockedGet, Set<BlockedGet>> {
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

  #stuck({ waitingForSlot, queuedAt }: BlockedWork): ReadonlySet<BlockedGet> {
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

  /** A get that waits for a message queued at its own address, rather than for its own outcome. */
  #isReentrant([only, ...others]: readonly BlockedGet[]): boolean {
    return (
      only !== undefined &&
      others.length === 0 &&
      ![...this.#waitersFor([only.envelope])].includes(only)
    );
  }

  *#waitersFor(envelopes: Iterable<Envelope>): Generator<BlockedGet> {
    for (const key of this.#leadsTo(envelopes, this.#read)) {
      const get = this.#gets.get(key);
      if (get !== undefined && !this.#rejected.has(key)) yield get;
    }
  }

  #refuse(key: string, error: HandbackError): void {
    this.#rejected.add(key);
    this.#reject(key, error);
  }

  #rejectYoungest(candidates: readonly BlockedGet[], why: string, reentrant = false): void {
    const youngest = [...this.#gets.values()].findLast((get) => candidates.includes(get));
    if (youngest === undefined) return;
    const cycle = [...new Set(candidates.map(({ envelope }) => formatAddress(envelope.target)))];
    const code = reentrant ? "REENTRANT_CALL" : "DEADLOCK";
    this.#refuse(
      youngest.key,
      new HandbackError(
        code,
        `a get of ${formatAddress(youngest.envelope.target)} can never be settled: ${why}`,
        { details: { cycle } },
      ),
    );
  }
}

function describeCycle(cycle: readonly BlockedGet[]): string {
  const [first] = cycle;
  const names = cycle.map(({ envelope }) => formatAddress(envelope.target));
  return first !== undefined && cycle.length === 1
    ? "it waits for its own handler to end"
    : [...names, names[0]].join(" waits for ");
}

function findCycle(
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
