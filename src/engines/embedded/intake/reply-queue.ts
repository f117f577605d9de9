import type { Reply } from "../../../core/activation/effects.ts";
import { Queue } from "../../../core/data/queue.ts";

/** Answers given before the event loop has its turn; fewer while much waits to be handled, for whoever is answered asks for more. */
const PER_TURN = 256;
const PER_CROWDED_TURN = 32;

/**
 * Answers that are durable and leave in their order, a bounded number at a time: each lets go on whoever waited for it, all of them at
 * once, before anything else happens.
 */
export class ReplyQueue {
  readonly #replies = new Queue<Reply>();
  readonly #give: (answer: Reply) => void;

  constructor(give: (answer: Reply) => void) {
    this.#give = give;
  }

  get isEmpty(): boolean {
    return this.#replies.size === 0;
  }

  add(replies: readonly Reply[]): void {
    for (const answer of replies) this.#replies.push(answer);
  }

  deliverSome(isCrowded: boolean): void {
    for (let left = isCrowded ? PER_CROWDED_TURN : PER_TURN; left > 0 && !this.isEmpty; left--)
      this.#next();
  }

  deliverAll(): void {
    while (!this.isEmpty) this.#next();
  }

  #next(): void {
    const answer = this.#replies.shift();
    if (answer !== undefined) this.#give(answer);
  }
}
