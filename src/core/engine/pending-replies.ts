import type { Reply } from "../activation/effects.ts";
import type { ClientRequest, ReplyListener } from "./engine.ts";
import { TransientMap } from "../data/transient-map.ts";

/** Callbacks of a wait for a reply. One of them is called, once. */
export interface ReplyWaiter {
  resolve(answer: Reply): void;
  reject(error: unknown): void;
}

/** Listens for a reply, and keeps one that comes before the wait. */
export class KeptReply implements ReplyListener, ReplyWaiter {
  readonly #drop: () => void;
  #reply: Reply | undefined;
  #error: unknown;
  #hasEnded = false;
  #waiter: ReplyWaiter | undefined;
  #waiting: Promise<Reply> | undefined;

  /** @param receive - registers for the outcome, and returns how to stop */
  constructor(receive: (waiter: ReplyWaiter) => () => void) {
    this.#drop = receive(this);
  }

  stop(): void {
    if (!this.#hasEnded) this.#drop();
  }

  /** Tells whether the reply has come, or cannot come. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  resolve(reply: Reply): void {
    this.#hasEnded = true;
    this.#reply = reply;
    this.#waiter?.resolve(reply);
  }

  reject(error: unknown): void {
    this.#hasEnded = true;
    this.#error = error;
    this.#waiter?.reject(error);
  }

  wait(): Promise<Reply> {
    return (this.#waiting ??= new Promise((resolve, reject) => {
      if (this.#reply !== undefined) resolve(this.#reply);
      else if (this.#hasEnded) reject(this.#error);
      else this.#waiter = { resolve, reject };
    }));
  }
}

/**
 * The waits for replies in this process. Several callers may wait for one key. A reply without a
 * waiter is dropped.
 */
export class PendingReplies {
  readonly #waiters = new TransientMap<string, ReplyWaiter | ReplyWaiter[]>();

  /** Waits for the one reply of `key`. No other caller may use this key. */
  wait(key: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiters.set(key, { resolve, reject });
    });
  }

  /** Listens for the reply of `key` from now on. */
  listen(key: string): KeptReply {
    return new KeptReply((waiter) => this.receive(key, waiter));
  }

  /**
   * Listens for the reply to a request: the reply of its key or, after a receipt, the one of its
   * outcome. The two may overtake each other.
   */
  listenFor({ key, outcome }: Pick<ClientRequest, "key" | "outcome">): ReplyListener {
    const listening = this.listen(key);
    if (outcome === undefined) return listening;
    const later = this.listen(outcome);
    return {
      wait: async () => {
        const reply = await listening.wait();
        if (reply.isReceipt === true) return later.wait();
        later.stop();
        return reply;
      },
      stop: () => {
        listening.stop();
        later.stop();
      },
    };
  }

  /**
   * Calls back with the reply of `key`, in the step that delivers it. Returns a function that stops
   * the wait.
   */
  receive(key: string, waiter: ReplyWaiter): () => void {
    const known = this.#waiters.get(key);
    if (known === undefined) this.#waiters.set(key, waiter);
    else this.#waiters.set(key, Array.isArray(known) ? [...known, waiter] : [known, waiter]);
    return () => this.#drop(key, waiter);
  }

  /** Delivers a reply. Returns false if no caller waited for it. */
  deliver(answer: Reply): boolean {
    const waiting = this.#take(answer.key);
    if (Array.isArray(waiting)) for (const waiter of waiting) waiter.resolve(answer);
    else waiting?.resolve(answer);
    return waiting !== undefined;
  }

  /** Rejects the waits for `key`. */
  reject(key: string, error: unknown): void {
    const waiting = this.#take(key);
    if (Array.isArray(waiting)) for (const waiter of waiting) waiter.reject(error);
    else waiting?.reject(error);
  }

  /** Rejects all waits. */
  rejectAll(error: unknown): void {
    for (const key of Array.from(this.#waiters.keys())) this.reject(key, error);
  }

  #take(key: string): ReplyWaiter | ReplyWaiter[] | undefined {
    const waiting = this.#waiters.get(key);
    if (waiting !== undefined) this.#waiters.delete(key);
    return waiting;
  }

  #drop(key: string, waiter: ReplyWaiter): void {
    const waiting = this.#take(key) ?? [];
    const left = (Array.isArray(waiting) ? waiting : [waiting]).filter((other) => other !== waiter);
    if (left.length > 0) this.#waiters.set(key, left);
  }
}
