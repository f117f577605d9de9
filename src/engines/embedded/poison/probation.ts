import type { Clock } from "../../../core/host/clock.ts";
import type { SlotReservation } from "./slot-reservation.ts";
import { isBefore, ProbationQueue } from "./probation-queue.ts";
import type { ProbationMessage } from "./probation-queue.ts";

/** How long the process lives before the first suspect is handled. */
const CALM_MS = 1_000;

/** Who gets turns. */
export interface ProbationParts<Message extends ProbationMessage> {
  readonly clock: Clock;
  readonly slots: Pick<SlotReservation, "isAnyFree">;
  /** It is a message's turn. */
  readonly give: (message: Message) => void;
  /** Runs a step of the work, and answers for its failure. */
  readonly guard: (step: () => void) => void;
}

/**
 * Gives suspects their turns, one at a time.
 *
 * TU1 The fewer crashes are held against it, the sooner a message has its turn: what is innocent is done before the process dies again,
 *     and if it dies of something else, the blame is shared by all.
 * TU2 The process lives for a while before the first turn: one that dies within it does not die of a suspect.
 * TU3 A suspect that is to be alone has its turn when none that had one before is at work any more.
 * TU4 A suspect whose handler has yet to begin has its turn only when there is a slot: those without one are passed by, else they would
 *     hold up those that go on, who have the slots.
 */
export class Probation<Message extends ProbationMessage> {
  readonly #parts: ProbationParts<Message>;
  readonly #beginning = new ProbationQueue<Message>();
  readonly #resuming = new ProbationQueue<Message>();
  #requests = 0;
  #turn: Message | undefined;
  /** Those that have had their turns, and are still at work. */
  readonly #atWork = new Set<Message>();
  #isCalm = false;
  #cancelCalm: (() => void) | undefined;

  constructor(parts: ProbationParts<Message>) {
    this.#parts = parts;
  }

  start(): void {
    const { clock, guard } = this.#parts;
    const begin = (): void => {
      this.#isCalm = true;
      this.#advance();
    };
    this.#cancelCalm = clock.setTimer(CALM_MS, () => guard(begin));
  }

  stop(): void {
    this.#isCalm = false;
    this.#cancelCalm?.();
  }

  /** A message wants its turn. */
  request(message: Message): void {
    const line = message.needsSlot ? this.#beginning : this.#resuming;
    line.push({ message, number: this.#requests++ });
    this.#advance();
  }

  /** There is a slot. */
  slotFreed(): void {
    this.#advance();
  }

  /** A message goes on beside the next ones. */
  pass(message: Message): void {
    if (this.#turn !== message) return;
    this.#turn = undefined;
    this.#atWork.add(message);
    this.#advance();
  }

  /** A message is not at work any more. */
  end(message: Message): void {
    const wasAtWork = this.#atWork.delete(message);
    if (this.#turn === message) this.#turn = undefined;
    else if (!wasAtWork) return;
    this.#advance();
  }

  #advance(): void {
    if (!this.#isCalm || this.#turn !== undefined) return;
    this.#turn = this.#next();
    if (this.#turn !== undefined) this.#parts.give(this.#turn);
  }

  #next(): Message | undefined {
    const beginning = this.#parts.slots.isAnyFree ? this.#beginning.first : undefined;
    const resuming = this.#resuming.first;
    const begins =
      beginning !== undefined && (resuming === undefined || isBefore(beginning, resuming));
    const message = (begins ? beginning : resuming)?.message;
    if (message === undefined || (message.isAlone && this.#atWork.size > 0)) return undefined;
    (begins ? this.#beginning : this.#resuming).shift();
    return message;
  }
}
