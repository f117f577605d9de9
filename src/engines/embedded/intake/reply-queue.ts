import type { Answer } from "../../../core/activation/effects.ts";
import { Queue } from "../../../core/data/queue.ts";

/** Answers given before the event loop has its turn; fewer while much waits to be handled, for whoever is answered asks for more. */
const PER_TURN = 256;
const PER_CROWDED_TURN = 32;

/**
 * Answers that are durable and leave in their order, a bounded number at a time: each lets go on whoever waited for it, all of them at
 * once, before anything else happens.
 */
export class Outbox {
  readonly #answers = new Queue<Answer>();
  readonly #give: (answer: Answer) => void;

  constructor(give: (answer: Answer) => void) {
    this.#give = give;
  }

  get isEmpty(): boolean {
    return this.#answers.size === 0;
  }

  add(answers: readonly Answer[]): void {
    for (const answer of answers) this.#answers.push(answer);
  }

  giveSome(isCrowded: boolean): void {
    for (let left = isCrowded ? PER_CROWDED_TURN : PER_TURN; left > 0 && !this.isEmpty; left--)
      this.#next();
  }

  giveAll(): void {
    while (!this.isEmpty) this.#next();
  }

  #next(): void {
    const answer = this.#answers.shift();
    if (answer !== undefined) this.#give(answer);
  }
}
