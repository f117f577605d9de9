import type { Clock } from "../../../core/host/clock.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { Mailboxes } from "../mailboxes/mailboxes.ts";
import type { BlockedGets } from "./blocked-gets.ts";

/** Longest time from a change to the search that sees it, unless searches take very long. */
const SWEEP_MS = 1_000;
/** Share of the time that searches may take: one part in so many. */
const SHARE = 20;
/** Messages that a search may look at for each change since the one before it. */
const LOOKS_PER_CHANGE = 8;
/** Messages that a search may always look at. */
const FEW = 64;

/**
 * Looks for deadlocks of blocked handlers.
 *
 * HD2 A search is due when a handler blocks, when a message that a get needs queues behind another
 *     one, and after a commit while handlers are blocked. The first two are done at once while
 *     searches are cheap. The rest are done together, once a second.
 * HD3 Searches cost a constant for each change, and a small share of the time: ten times the
 *     blocked handlers cost ten times as much.
 */
export class DeadlockSearch {
  readonly #clock: Clock;
  readonly #mailboxes: Mailboxes;
  readonly #gets: BlockedGets;
  /** Messages that the last search looked at. */
  #looked = 0;
  #changes = 0;
  #sweepMs = SWEEP_MS;
  #cancelSweep: (() => void) | undefined;

  constructor(clock: Clock, mailboxes: Mailboxes, gets: BlockedGets) {
    this.#clock = clock;
    this.#mailboxes = mailboxes;
    this.#gets = gets;
  }

  /** Notes that a handler blocks. */
  afterBlocking(): void {
    this.#noteChange();
  }

  /** Notes a message that queues behind another one. */
  afterQueuing(envelope: Envelope): void {
    if (this.#gets.size > 0 && this.#gets.isAwaited(envelope)) this.#noteChange();
  }

  /** Notes a commit, which may have made one future wait for another. */
  afterCommit(): void {
    if (this.#gets.size > 0 && this.#cancelSweep === undefined) this.#scheduleSweep();
  }

  /** Searches no more. */
  stop(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = () => undefined;
  }

  #noteChange(): void {
    this.#changes++;
    const isCheap = this.#looked <= FEW || this.#looked <= this.#changes * LOOKS_PER_CHANGE;
    if (isCheap) this.#search();
    else if (this.#cancelSweep === undefined) this.#scheduleSweep();
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.setTimer(this.#sweepMs, () => {
      this.#cancelSweep = undefined;
      const startNs = this.#clock.monotonicNs();
      this.#search();
      const tookMs = (this.#clock.monotonicNs() - startNs) / 1e6;
      this.#sweepMs = Math.max(SWEEP_MS, Math.round(tookMs * SHARE));
    });
  }

  #search(): void {
    this.#changes = 0;
    this.#looked = this.#gets.rejectDeadlocks((address) => this.#mailboxes.queuedAt(address));
  }
}
