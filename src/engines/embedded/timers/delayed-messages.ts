import { TransientMap } from "../../../core/data/transient-map.ts";
import type { StoredMessage, Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import { DueHeap } from "./due-heap.ts";

/** The time before their due time for which delayed messages are held in memory, in ms. */
const WINDOW_MS = 30_000;
/** Delayed messages loaded at once. */
const LOAD_CHUNK = 4096;
/** Due messages taken at once, so that the event loop gets its turn. */
const DUE_PER_TURN = 1_024;

/** Collaborators of {@link DelayedMessages}. */
export interface DelayedMessagesParts {
  readonly store: Pick<Store, "readDelayed" | "nextDueAt">;
  /**
   * Knows the messages that a commit in flight adds or removes: the store may return them, but they
   * do not count.
   */
  readonly commits: Pick<GroupCommit, "changes">;
}

/**
 * Delayed messages that are due soon.
 *
 * T1 Messages due up to the horizon are in memory. Later ones are on disk only, however many there
 *    are.
 */
export class DelayedMessages {
  readonly #parts: DelayedMessagesParts;
  #heap = new DueHeap();
  readonly #bySeq = new TransientMap<number, StoredMessage>();
  readonly #byToken = new TransientMap<string, StoredMessage>();
  readonly #forgotten = new Set<StoredMessage>();
  /** Tokens canceled in a batch that is not committed yet. */
  readonly #cancellingTokens = new Set<string>();
  #horizon = Number.NEGATIVE_INFINITY;

  constructor(parts: DelayedMessagesParts) {
    this.#parts = parts;
  }

  /** Adds a message that has become durable, if it is due before the horizon. */
  add(message: StoredMessage): void {
    if ((message.dueAt ?? 0) <= this.#horizon) this.#hold(message);
  }

  /**
   * Forgets the message with this token now, and does not load it until the store has canceled it.
   */
  cancelToken(token: string): void {
    this.#cancellingTokens.add(token);
    const message = this.#byToken.get(token);
    if (message !== undefined) this.forget(message.seq);
  }

  /** Notes that the store has canceled the token, which is now free for another message. */
  tokenCancelled(token: string): void {
    this.cancelToken(token);
    this.#cancellingTokens.delete(token);
  }

  /**
   * Forgets a message that is removed before it is due. One that is not in memory is never loaded.
   */
  forget(seq: number): void {
    const message = this.#bySeq.get(seq);
    if (message === undefined) return;
    this.#release(message);
    this.#forgotten.add(message);
  }

  /** Takes the messages that are due at `now`, at most as many as fit into one turn. */
  takeDue(now: number): readonly StoredMessage[] {
    if (this.#horizon > now + 2 * WINDOW_MS) this.#reset();
    if (this.#heap.peek() === undefined || now + WINDOW_MS / 2 > this.#horizon) this.load(now);
    const due: StoredMessage[] = [];
    for (
      let next = this.#heap.peek();
      next !== undefined && (next.dueAt ?? 0) <= now && due.length < DUE_PER_TURN;
      next = this.#heap.peek()
    ) {
      this.#heap.pop();
      if (this.#forgotten.delete(next)) continue;
      this.#release(next);
      due.push(next);
    }
    return due;
  }

  /** Counts the messages in memory that are due at `now`. */
  countDue(now: number): number {
    return this.#heap.countDue(now);
  }

  /** Loads the messages that are due within the window, and moves the horizon. */
  load(now: number): void {
    const until = now + WINDOW_MS;
    for (let limit = LOAD_CHUNK; ; limit *= 2) {
      const rows = this.#parts.store.readDelayed(until, limit, this.#horizon);
      const last = rows.at(-1)?.dueAt ?? until;
      // The limit may have cut off messages of the last instant, so the horizon lies before it.
      const horizon = rows.length < limit ? until : last - 1;
      // All rows share one instant: the horizon can only move once more rows are read.
      if (rows.length === limit && rows[0]?.dueAt === last) continue;
      for (const row of rows) {
        const { seq, dueAt = 0 } = row;
        if (dueAt <= horizon && !this.#parts.commits.changes(seq)) this.#hold(row);
      }
      this.#horizon = Math.max(this.#horizon, horizon);
      return;
    }
  }

  /** Returns the next instant at which messages are due or must be loaded. */
  nextWakeAt(now: number): number {
    const held = this.#heap.peek()?.dueAt;
    if (held !== undefined) return held;
    const next = this.#parts.store.nextDueAt() ?? Number.POSITIVE_INFINITY;
    // Messages beyond the horizon must be loaded before they are due. With none in memory, all
    // messages before the horizon have fired or been canceled, and the store does not know it yet.
    return Math.max(now, next > this.#horizon ? next - WINDOW_MS : this.#horizon);
  }

  #hold(message: StoredMessage): void {
    if (message.token !== undefined && this.#cancellingTokens.has(message.token)) return;
    this.#heap.push(message);
    this.#bySeq.set(message.seq, message);
    if (message.token !== undefined) this.#byToken.set(message.token, message);
  }

  #release({ seq, token }: StoredMessage): void {
    this.#bySeq.delete(seq);
    if (token !== undefined) this.#byToken.delete(token);
  }

  /** Empties the memory after the clock was set back: its messages are no longer due soon. */
  #reset(): void {
    this.#heap = new DueHeap();
    this.#bySeq.clear();
    this.#byToken.clear();
    this.#forgotten.clear();
    this.#horizon = Number.NEGATIVE_INFINITY;
  }
}
