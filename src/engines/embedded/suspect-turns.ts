import type { Clock } from "../../core/clock.ts";
import { Queue } from "./queue.ts";

/** How long the process lives before the first suspect is handled. */
const CALM_MS = 1_000;

/** A message that may be what ends the process. */
export interface Suspect {
  readonly crashes: number;
  /** Whether no other suspect may be at work beside it. */
  readonly isAlone: boolean;
  /** Whether it still wants a turn. */
  readonly isWaiting: boolean;
}

/** Who gets turns. */
export interface SuspectTurnsParts<Message extends Suspect> {
  readonly clock: Clock;
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
 */
export class SuspectTurns<Message extends Suspect> {
  readonly #parts: SuspectTurnsParts<Message>;
  readonly #waiting = new Map<number, Queue<Message>>();
  #turn: Message | undefined;
  /** Those that have had their turns, and are still at work. */
  readonly #atWork = new Set<Message>();
  #isCalm = false;
  #cancelCalm: (() => void) | undefined;

  constructor(parts: SuspectTurnsParts<Message>) {
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
    this.#cancelCalm?.();
  }

  /** A message wants its turn. */
  request(message: Message): void {
    const { crashes } = message;
    const waiting = this.#waiting.get(crashes) ?? new Queue();
    this.#waiting.set(crashes, waiting);
    waiting.push(message);
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
    for (const crashes of [...this.#waiting.keys()].toSorted((one, other) => one - other)) {
      const waiting = this.#waiting.get(crashes);
      for (let message = waiting?.shift(); message !== undefined; message = waiting?.shift()) {
        if (!message.isWaiting) continue;
        if (!message.isAlone || this.#atWork.size === 0) return message;
        waiting?.putFirst(message);
        return undefined;
      }
      this.#waiting.delete(crashes);
    }
    return undefined;
  }
}
