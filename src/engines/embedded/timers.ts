import type { Clock } from "../../core/clock.ts";
import { decodeEnvelope } from "../../core/envelope.ts";
import type { Accepted } from "./pending-batch.ts";
import type { Store } from "./store.ts";

/** How far ahead delayed messages are held in memory, in ms. */
const WINDOW_MS = 30_000;
/** How many are loaded at once. */
const LOAD = 4096;
/** Longest time to sleep; also what keeps the process alive while the engine is open. */
const MAX_SLEEP_MS = 60_000;

/**
 * Delivers delayed messages when they are due, never before.
 *
 * T1 Those due up to the horizon are in memory; later ones are on disk only, however many there are.
 * T2 A timer sleeps towards an instant, in bounded steps: it reads the clock when it wakes, and goes back to sleep if it was early.
 */
export class Timers {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #fire: (due: readonly Accepted[]) => void;
  readonly #heap: Heap = new Heap();
  readonly #byToken = new Map<string, Accepted>();
  readonly #cancelled = new Set<Accepted>();
  /** Tokens that are cancelled in a batch which is not yet committed. */
  readonly #cancelling = new Set<string>();
  #horizon = Number.NEGATIVE_INFINITY;
  #cancelWake: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;

  constructor(store: Store, clock: Clock, fire: (due: readonly Accepted[]) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#fire = fire;
  }

  start(): void {
    this.#load();
    this.#sleep();
  }

  stop(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
  }

  /** Takes note of a delayed message that has become durable. */
  add(message: Accepted): void {
    if ((message.dueAt ?? 0) <= this.#horizon) this.#hold(message);
    if ((message.dueAt ?? 0) < this.#wakeAt) this.#sleep();
  }

  /** Forgets a delayed message at once; one that is not in memory is not taken up either, until the store has cancelled it. */
  cancel(token: string): void {
    this.#cancelling.add(token);
    const message = this.#byToken.get(token);
    if (message === undefined) return;
    this.#byToken.delete(token);
    this.#cancelled.add(message);
  }

  /** The store has cancelled it: the token is free for another message. */
  cancelled(token: string): void {
    this.cancel(token);
    this.#cancelling.delete(token);
  }

  #hold(message: Accepted): void {
    if (message.token !== undefined && this.#cancelling.has(message.token)) return;
    this.#heap.push(message);
    if (message.token !== undefined) this.#byToken.set(message.token, message);
  }

  #wake(): void {
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    if (this.#heap.peek() === undefined || now + WINDOW_MS / 2 > this.#horizon) this.#load();
    const due: Accepted[] = [];
    for (let next = this.#heap.peek(); next !== undefined && (next.dueAt ?? 0) <= now; next = this.#heap.peek()) {
      this.#heap.pop();
      if (this.#cancelled.delete(next)) continue;
      if (next.token !== undefined) this.#byToken.delete(next.token);
      due.push(next);
    }
    if (due.length > 0) this.#fire(due);
    this.#sleep();
  }

  #load(): void {
    const until = this.#clock.now() + WINDOW_MS;
    const held = new Set(Array.from(this.#heap, ({ envelope }) => envelope.id));
    for (let limit = LOAD; ; limit *= 2) {
      const rows = this.#store.readDelayed(until, limit);
      const last = rows.at(-1)?.dueAt ?? until;
      // What shares the last instant may have been cut off, so the horizon lies before it.
      const horizon = rows.length < limit ? until : last - 1;
      if (rows.length === limit && rows[0]?.dueAt === last) continue;
      for (const { id, seq, dueAt, token, ...text } of rows) {
        if ((dueAt ?? 0) > horizon || (dueAt ?? 0) <= this.#horizon || held.has(id)) continue;
        this.#hold({ envelope: decodeEnvelope(id, text), seq, dueAt: dueAt ?? 0, ...(token !== undefined && { token }) });
      }
      this.#horizon = Math.max(this.#horizon, horizon);
      return;
    }
  }

  #sleep(): void {
    this.#cancelWake?.();
    const now = this.#clock.now();
    const next = this.#heap.peek()?.dueAt ?? this.#store.nextDueAt() ?? Number.POSITIVE_INFINITY;
    // What is beyond the horizon must be loaded before it is due.
    const at = next <= this.#horizon ? next : Math.max(now, next - WINDOW_MS);
    this.#wakeAt = Math.min(at, now + MAX_SLEEP_MS);
    this.#cancelWake = this.#clock.setTimer(Math.max(0, this.#wakeAt - now), () => this.#wake());
  }
}

/** A binary heap of messages by instant, then by acceptance. */
class Heap {
  readonly #items: Accepted[] = [];

  [Symbol.iterator](): Iterator<Accepted> {
    return this.#items[Symbol.iterator]();
  }

  peek(): Accepted | undefined {
    return this.#items[0];
  }

  push(item: Accepted): void {
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
