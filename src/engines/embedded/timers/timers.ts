import type { Clock } from "../../../core/host/clock.ts";
import { TransientMap } from "../../../core/data/transient-map.ts";
import type { StoredMessage, Store } from "../../../stores/store.ts";

/** How far ahead delayed messages are held in memory, in ms. */
const WINDOW_MS = 30_000;
/** How many are loaded at once. */
const LOAD = 4096;
/** How many that are due are fired at once; then the event loop has its turn. */
const FIRED = 1_024;
/** Longest time to sleep; also what keeps the process alive while the engine is open. */
const MAX_SLEEP_MS = 60_000;

/** What timers are made of. */
export interface TimersParts {
  readonly store: Pick<Store, "readDelayed" | "nextDueAt">;
  readonly clock: Clock;
  readonly fire: (due: readonly StoredMessage[]) => void;
  /** Whether the message of this number comes or goes with a commit that has not resolved: it may be there to be read, but does not count. */
  readonly isUnderWay: (seq: number) => boolean;
  /** Runs a step of the work, and answers for its failure. */
  readonly guard: (step: () => void) => void;
}

/**
 * Delivers delayed messages when they are due, never before.
 *
 * T1 Those due up to the horizon are in memory; later ones are on disk only, however many there are.
 * T2 A timer sleeps towards an instant, in bounded steps: it reads the clock when it wakes, and goes back to sleep if it was early.
 *    So a clock that is set makes nothing early; what it makes due is late by one step at most.
 */
export class Timers {
  readonly #parts: TimersParts;
  #heap = new Heap();
  readonly #bySeq = new TransientMap<number, StoredMessage>();
  readonly #byToken = new TransientMap<string, StoredMessage>();
  readonly #cancelled = new Set<StoredMessage>();
  /** Tokens that are cancelled in a batch which is not yet committed. */
  readonly #cancelling = new Set<string>();
  #horizon = Number.NEGATIVE_INFINITY;
  #cancelWake: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #stopped = false;
  #paused = false;

  constructor(parts: TimersParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#load();
    this.#sleep();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWake?.();
  }

  /** Lets nothing be due for the time being. */
  pause(): void {
    this.#paused = true;
    this.#cancelWake?.();
  }

  resume(): void {
    this.#paused = false;
    this.#sleep();
  }

  /** Takes note of a delayed message that has become durable. */
  add(message: StoredMessage): void {
    if ((message.dueAt ?? 0) <= this.#horizon) this.#hold(message);
    // The clock may have been set since, beyond the instant at which this should have woken.
    if ((message.dueAt ?? 0) < this.#wakeAt || this.#wakeAt < this.#parts.clock.now())
      this.#sleep();
  }

  /** Forgets a delayed message at once; one that is not in memory is not taken up either, until the store has cancelled it. */
  cancel(token: string): void {
    this.#cancelling.add(token);
    const message = this.#byToken.get(token);
    if (message !== undefined) this.forget(message.seq);
  }

  /** Forgets a delayed message that is withdrawn; one that is not in memory is under way to be removed. */
  forget(seq: number): void {
    const message = this.#bySeq.get(seq);
    if (message === undefined) return;
    this.#release(message);
    this.#cancelled.add(message);
  }

  /** The store has cancelled it: the token is free for another message. */
  cancelled(token: string): void {
    this.cancel(token);
    this.#cancelling.delete(token);
  }

  #hold(message: StoredMessage): void {
    if (message.token !== undefined && this.#cancelling.has(message.token)) return;
    this.#heap.push(message);
    this.#bySeq.set(message.seq, message);
    if (message.token !== undefined) this.#byToken.set(message.token, message);
  }

  #release({ seq, token }: StoredMessage): void {
    this.#bySeq.delete(seq);
    if (token !== undefined) this.#byToken.delete(token);
  }

  #wake(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const now = this.#parts.clock.now();
    if (this.#horizon > now + 2 * WINDOW_MS) this.#letGo();
    if (this.#heap.peek() === undefined || now + WINDOW_MS / 2 > this.#horizon) this.#load();
    const due: StoredMessage[] = [];
    for (
      let next = this.#heap.peek();
      next !== undefined && (next.dueAt ?? 0) <= now && due.length < FIRED;
      next = this.#heap.peek()
    ) {
      this.#heap.pop();
      if (this.#cancelled.delete(next)) continue;
      this.#release(next);
      due.push(next);
    }
    if (due.length > 0) this.#parts.fire(due);
    this.#sleep();
  }

  /** The clock was set back: what is in memory is not near any more, and is read again when it is. */
  #letGo(): void {
    this.#heap = new Heap();
    this.#bySeq.clear();
    this.#byToken.clear();
    this.#cancelled.clear();
    this.#horizon = Number.NEGATIVE_INFINITY;
  }

  #load(): void {
    const until = this.#parts.clock.now() + WINDOW_MS;
    for (let limit = LOAD; ; limit *= 2) {
      const rows = this.#parts.store.readDelayed(until, limit, this.#horizon);
      const last = rows.at(-1)?.dueAt ?? until;
      // What shares the last instant may have been cut off, so the horizon lies before it.
      const horizon = rows.length < limit ? until : last - 1;
      // All of one instant: there is more to be read before the horizon can move.
      if (rows.length === limit && rows[0]?.dueAt === last) continue;
      for (const row of rows) {
        const { seq, dueAt = 0 } = row;
        if (dueAt <= horizon && !this.#parts.isUnderWay(seq)) this.#hold(row);
      }
      this.#horizon = Math.max(this.#horizon, horizon);
      return;
    }
  }

  #sleep(): void {
    this.#cancelWake?.();
    if (this.#stopped || this.#paused) return;
    const now = this.#parts.clock.now();
    this.#wakeAt = Math.min(this.#nextWake(now), now + MAX_SLEEP_MS);
    this.#cancelWake = this.#parts.clock.setTimer(Math.max(0, this.#wakeAt - now), () =>
      this.#parts.guard(() => this.#wake()),
    );
  }

  #nextWake(now: number): number {
    const held = this.#heap.peek()?.dueAt;
    if (held !== undefined) return held;
    const next = this.#parts.store.nextDueAt() ?? Number.POSITIVE_INFINITY;
    // What is beyond the horizon must be loaded before it is due. With nothing held, what is on this side of it has been
    // fired or cancelled, and the store is about to hear of it.
    return Math.max(now, next > this.#horizon ? next - WINDOW_MS : this.#horizon);
  }
}

/** A binary heap of messages by instant, then by acceptance. */
class Heap {
  readonly #items: StoredMessage[] = [];

  peek(): StoredMessage | undefined {
    return this.#items[0];
  }

  push(item: StoredMessage): void {
    this.#items.push(item);
    let at = this.#items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  pop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, at)) return;
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined) return false;
    const [dueX, dueY] = [x.dueAt ?? 0, y.dueAt ?? 0];
    return dueX < dueY || (dueX === dueY && x.seq < y.seq);
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined || !this.#isBefore(a, b)) return false;
    this.#items[a] = y;
    this.#items[b] = x;
    return true;
  }
}
