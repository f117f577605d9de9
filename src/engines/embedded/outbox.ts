import type { Answer } from "../../core/effects.ts";
import { Queue } from "./queue.ts";

/** Answers given before the event loop has its turn. */
const PER_TURN = 256;

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

  giveSome(): void {
    for (let left = PER_TURN; left > 0 && !this.isEmpty; left--) this.#next();
  }

  giveAll(): void {
    while (!this.isEmpty) this.#next();
  }

  #next(): void {
    const answer = this.#answers.shift();
    if (answer !== undefined) this.#give(answer);
  }
}
