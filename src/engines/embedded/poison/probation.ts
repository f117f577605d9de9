import type { Clock } from "../../../core/host/clock.ts";
import type { SlotReservation } from "./slot-reservation.ts";
import { isBefore, ProbationQueue } from "./probation-queue.ts";
import type { ProbationMessage } from "./probation-queue.ts";

/** Time that the process must live before the first message on probation runs. */
const CALM_MS = 1_000;

/** Collaborators of {@link Probation}. */
export interface ProbationParts<Message extends ProbationMessage> {
  readonly clock: Clock;
  readonly slots: Pick<SlotReservation, "isAnyFree">;
  /** Starts the turn of a message. `isAlone` tells whether no other message on probation runs. */
  readonly giveTurn: (message: Message, isAlone: boolean) => void;
}

/**
 * Gives messages on probation their turns, one at a time.
 *
 * TU1 The fewer crashes a message has, the sooner its turn comes. So innocent messages are done
 *     before the process crashes again. If another cause crashes it, all share the blame.
 * TU2 The process lives for a while before the first turn. A crash within that time has another
 *     cause.
 * TU3 A message that must run alone gets its turn once no earlier message on probation is running.
 * TU4 A message whose handler has not started gets its turn only when a slot is free. Messages
 *     without a slot are passed over, or they would block those that continue and hold slots.
 */
export class Probation<Message extends ProbationMessage> {
  readonly #parts: ProbationParts<Message>;
  readonly #starting = new ProbationQueue<Message>();
  readonly #resuming = new ProbationQueue<Message>();
  #requests = 0;
  #turn: Message | undefined;
  /** Messages whose turn is over and whose handlers are still running. */
  readonly #running = new Set<Message>();
  #isCalm = false;
  #cancelCalm: (() => void) | undefined;

  constructor(parts: ProbationParts<Message>) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancelCalm = this.#parts.clock.setTimer(CALM_MS, () => {
      this.#isCalm = true;
      this.#advance();
    });
  }

  stop(): void {
    this.#isCalm = false;
    this.#cancelCalm?.();
  }

  /** Requests a turn for a message. */
  request(message: Message): void {
    const queue = message.needsSlot ? this.#starting : this.#resuming;
    queue.push({ message, number: this.#requests++ });
    this.#advance();
  }

  /** Notes that a handler slot is free. */
  slotFreed(): void {
    this.#advance();
  }

  /** Ends the turn of a message whose handler keeps running beside the next ones. */
  endTurnEarly(message: Message): void {
    if (this.#turn !== message) return;
    this.#turn = undefined;
    this.#running.add(message);
    this.#advance();
  }

  /** Notes that the handler of a message is no longer running. */
  end(message: Message): void {
    const wasRunning = this.#running.delete(message);
    if (this.#turn === message) this.#turn = undefined;
    else if (!wasRunning) return;
    this.#advance();
  }

  #advance(): void {
    if (!this.#isCalm || this.#turn !== undefined) return;
    this.#turn = this.#takeNext();
    if (this.#turn !== undefined) this.#parts.giveTurn(this.#turn, this.#running.size === 0);
  }

  #takeNext(): Message | undefined {
    const starting = this.#parts.slots.isAnyFree ? this.#starting.first : undefined;
    const resuming = this.#resuming.first;
    const starts =
      starting !== undefined && (resuming === undefined || isBefore(starting, resuming));
    const message = (starts ? starting : resuming)?.message;
    if (message === undefined || (message.isAlone && this.#running.size > 0)) return undefined;
    (starts ? this.#starting : this.#resuming).shift();
    return message;
  }
}
