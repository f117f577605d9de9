import type { Worker } from "node:worker_threads";
import type { Packed } from "../rows/packed.ts";
import { startThread, ThreadNotStarted, writerError } from "./start-thread.ts";
import type { WriterOptions, WriterReply, WriterRequest } from "./writer-protocol.ts";
import { setImmediate } from "../../../machine/real-time.ts";

interface Waiter {
  resolve(isMore: boolean): void;
  reject(error: unknown): void;
}

/**
 * A thread that writes to the store on a connection of its own, while the event loop goes on.
 * It serves requests in their order.
 *
 * WR1 The thread gets no request before it has reported its start, so a thread that cannot start
 *     has done nothing.
 * WR2 A batch that was sent before the failure of an earlier one was known is not applied, and
 *     fails with the same error.
 * WR3 Replies that arrive in different turns of the event loop are delivered in different turns,
 *     with other work in between.
 */
export class SqliteWriter {
  readonly #worker: Worker;
  readonly #waiting: Waiter[] = [];
  /** Requests made before the thread has started; then `undefined`. */
  #held: WriterRequest[] | undefined = [];
  #failure: unknown;
  /**
   * Steps deferred to the end of this turn of the event loop; `undefined` before its first step.
   */
  #deferred: (() => void)[] | undefined;
  /** Number of failed batches known here. */
  #failures = 0;

  /**
   * @throws {@link ThreadNotStarted} if that is known at once; otherwise every request rejects with
   * it.
   */
  constructor(options: WriterOptions) {
    this.#worker = startThread(options);
    this.#worker.on("message", (reply: WriterReply) => this.#inTurn(() => this.#receive(reply)));
    this.#worker.on("error", (error) => this.#inTurn(() => this.#fail(error)));
    this.#worker.on("exit", () =>
      this.#inTurn(() => this.#fail(new Error("the writer thread has ended"))),
    );
  }

  /** Returns whether the thread has reported its start. */
  get hasStarted(): boolean {
    return this.#held === undefined;
  }

  /** Applies a batch. It is on disk when the promise resolves. */
  async apply(packed: Packed): Promise<void> {
    await this.#request({ apply: packed, failures: this.#failures });
  }

  /**
   * Copies the log into the file.
   *
   * @returns whether to try again, because another connection was already doing so
   */
  checkpoint(): Promise<boolean> {
    return this.#request("checkpoint");
  }

  /** Releases some free pages if the file has too many. @returns whether it still has too many */
  releaseFreePages(): Promise<boolean> {
    return this.#request("release free pages");
  }

  /**
   * Closes the connection and ends the thread after it has served all requests. A thread that ended
   * earlier has closed its connection. No later request is accepted, because a reply that arrives
   * during the shutdown would let the process end before the thread.
   */
  async close(): Promise<void> {
    const closed = this.#request("close");
    this.#failure ??= new Error("the writer thread is closing");
    try {
      await closed;
    } catch {
      // The thread has ended, or has never started.
    }
    await this.#worker.terminate();
  }

  #request(request: WriterRequest): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#waiting.push({ resolve, reject });
    this.#worker.ref();
    if (this.#held === undefined) this.#worker.postMessage(request);
    else this.#held.push(request);
    return promise;
  }

  /**
   * Runs the first step of a turn of the event loop at once, and later steps at the end of the
   * turn. While one reply is handled the next arrives, and Node would handle a thousand of them
   * before any other event.
   */
  #inTurn(step: () => void): void {
    if (this.#deferred !== undefined) return void this.#deferred.push(step);
    this.#deferred = [];
    setImmediate(() => {
      const steps = this.#deferred ?? [];
      this.#deferred = undefined;
      for (const each of steps) each();
    });
    step();
  }

  #receive(reply: WriterReply): void {
    if (this.#held === undefined) this.#settle(reply);
    else if (reply.failure === undefined) this.#sendHeld(this.#held);
    else this.#fail(writerError(reply.failure));
  }

  #sendHeld(held: readonly WriterRequest[]): void {
    this.#held = undefined;
    for (const request of held) this.#worker.postMessage(request);
  }

  #settle({ failure, isMore = false }: WriterReply): void {
    const waiter = this.#waiting.shift();
    // The thread keeps the process alive only while it has requests.
    if (this.#waiting.length === 0) this.#worker.unref();
    this.#failures = failure?.failures ?? this.#failures;
    if (failure === undefined) waiter?.resolve(isMore);
    else waiter?.reject(writerError(failure));
  }

  #fail(cause: unknown): void {
    this.#failure ??=
      this.#held === undefined
        ? cause
        : new ThreadNotStarted("the writer thread cannot be started", { cause });
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#failure);
  }
}
