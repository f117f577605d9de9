import type { Answer } from "./effects.ts";
import type { Listening } from "./engine.ts";

interface Waiter {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/** Who waits in this process for which answer. Any number may wait for one key; an answer that nobody awaits is dropped. */
export class Answers {
  readonly #waiters = new Map<string, Waiter | Waiter[]>();

  listen(key: string): Listening {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const waiter = { resolve, reject };
    const known = this.#waiters.get(key);
    this.#waiters.set(key, known === undefined ? waiter : Array.isArray(known) ? [...known, waiter] : [known, waiter]);
    // Whoever stops listening must not hear of the engine's end as an unhandled rejection.
    promise.catch(() => undefined);
    return { answer: promise, stop: () => this.#drop(key, waiter) };
  }

  give(answer: Answer): void {
    for (const waiter of this.#take(answer.key)) waiter.resolve(answer);
  }

  /** Rejects whoever waits for `key`. */
  refuse(key: string, error: unknown): void {
    for (const waiter of this.#take(key)) waiter.reject(error);
  }

  /** Rejects everybody. */
  end(error: unknown): void {
    for (const key of Array.from(this.#waiters.keys())) this.refuse(key, error);
  }

  #take(key: string): readonly Waiter[] {
    const waiting = this.#waiters.get(key);
    if (waiting === undefined) return [];
    this.#waiters.delete(key);
    return Array.isArray(waiting) ? waiting : [waiting];
  }

  #drop(key: string, waiter: Waiter): void {
    const left = this.#take(key).filter((other) => other !== waiter);
    if (left.length > 0) this.#waiters.set(key, left);
  }
}
