import type { Clock } from "../../../core/host/clock.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import type { Intake } from "../intake/intake.ts";
import type { DelayedMessages } from "./delayed-messages.ts";

/** The longest sleep. It also keeps the process alive while the engine is open. */
const MAX_SLEEP_MS = 60_000;

/** Collaborators of {@link Timers}. */
export interface TimersParts {
  readonly delayed: DelayedMessages;
  readonly clock: Clock;
  readonly intake: Intake;
}

/**
 * Delivers delayed messages when they are due, never before.
 *
 * T2 A timer sleeps toward an instant in bounded steps. It reads the clock when it wakes, and goes
 *    back to sleep if it is early. So a clock that is set makes no message early, and a message
 *    that it makes due is late by one step at most.
 */
export class Timers {
  readonly #parts: TimersParts;
  #cancelWake: (() => void) | undefined;
  #wakeAt = Number.POSITIVE_INFINITY;
  #isStopped = false;
  #isPaused = false;

  constructor(parts: TimersParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#parts.delayed.load(this.#parts.clock.now());
    this.#sleep();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelWake?.();
  }

  /** Fires no messages until {@link Timers.resume}. */
  pause(): void {
    this.#isPaused = true;
    this.#cancelWake?.();
  }

  resume(): void {
    this.#isPaused = false;
    this.#sleep();
  }

  /** Adds a delayed message that has become durable. */
  add(message: StoredMessage): void {
    this.#parts.delayed.add(message);
    // The clock may have been set past the instant of the next wake-up.
    if ((message.dueAt ?? 0) < this.#wakeAt || this.#wakeAt < this.#parts.clock.now())
      this.#sleep();
  }

  #wake(): void {
    const { delayed, clock, intake } = this.#parts;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    const due = delayed.takeDue(clock.now());
    if (due.length > 0) intake.deliverDue(due);
    this.#sleep();
  }

  #sleep(): void {
    this.#cancelWake?.();
    if (this.#isStopped || this.#isPaused) return;
    const { delayed, clock } = this.#parts;
    const now = clock.now();
    this.#wakeAt = Math.min(delayed.nextWakeAt(now), now + MAX_SLEEP_MS);
    this.#cancelWake = clock.setTimer(Math.max(0, this.#wakeAt - now), () => this.#wake());
  }
}
