import type { CheckedCommits } from "../connection/checked-commits.ts";
import type { SqliteConnection } from "../connection/sqlite-connection.ts";
import type { Packed } from "../rows/packed.ts";
import type { CommitLatency } from "../writer/commit-latency.ts";
import type { WriterOptions } from "../writer/writer-protocol.ts";
import { ThreadNotStarted } from "../writer/start-thread.ts";
import { SqliteWriter } from "../writer/writer.ts";

/** Messages that make a batch worth sending to a busy thread; a smaller one should grow first. */
const QUEUED_MESSAGES = 64;

/** A task of the thread, and its substitute on the event loop. */
interface WriterTask<Result> {
  readonly onThread: (writer: SqliteWriter) => Promise<Result>;
  readonly onEventLoop: () => Result;
}

/** The parts of a {@link CommitRouting}. */
export interface RoutingParts {
  readonly connection: SqliteConnection;
  readonly commits: CheckedCommits;
  readonly latency: CommitLatency;
  readonly writer: WriterOptions;
}

/**
 * Routes the commits of a session to the event loop or to the writer thread.
 *
 * CR1 While the thread has a batch, or may change the file for another reason, all later batches go
 *     to the thread as well.
 * CR2 Without a thread the event loop does all the work. A long log is the time to try a new one.
 */
export class CommitRouting {
  readonly #parts: RoutingParts;
  /** Started on first use, because a short run needs none. */
  #writer: SqliteWriter | undefined;
  #isThreadMissing = false;
  #isThreadReserved = false;
  #batchesInThread = 0;

  constructor(parts: RoutingParts) {
    this.#parts = parts;
  }

  /** Returns whether to apply a batch on the event loop. */
  isOnEventLoop(packed: Packed, mayBlock: boolean): boolean {
    const isThreadIdle = this.#batchesInThread === 0 && !this.#isThreadReserved;
    return mayBlock && isThreadIdle && this.#parts.latency.isShort(packed);
  }

  /** Lets the thread apply a batch. */
  async applyOnThread(packed: Packed): Promise<void> {
    this.#batchesInThread++;
    try {
      await this.#run({
        onThread: (writer) => writer.apply(packed),
        onEventLoop: () => this.#parts.commits.apply(packed),
      });
    } finally {
      this.#batchesInThread--;
    }
  }

  /**
   * Lets the thread copy the log into the file. If it cannot be started, tries again with a new
   * one.
   *
   * @returns whether to try again, because another connection was already doing so
   */
  checkpoint(): Promise<boolean> {
    this.#isThreadMissing = false;
    return this.#run({
      onThread: (writer) => writer.checkpoint(),
      onEventLoop: () => this.#parts.connection.checkpoint(),
    });
  }

  /**
   * Runs `task` with the thread, unless there is none, or such a task is running. Meanwhile only
   * the thread writes.
   */
  async reserveThread(task: (writer: SqliteWriter) => Promise<void>): Promise<void> {
    if (this.#writer === undefined || this.#isThreadReserved) return;
    this.#isThreadReserved = true;
    try {
      await task(this.#writer);
    } finally {
      this.#isThreadReserved = false;
    }
  }

  /**
   * Number of messages from which to send a batch to the busy thread; `undefined` if none should be
   * sent.
   */
  get queuesFrom(): number | undefined {
    const isReady = this.#writer?.hasStarted === true && this.#parts.latency.wasQuick;
    return isReady ? QUEUED_MESSAGES : undefined;
  }

  /** Ends the thread when it has served all requests. */
  async close(): Promise<void> {
    await this.#writer?.close();
  }

  async #run<Result>({ onThread, onEventLoop }: WriterTask<Result>): Promise<Result> {
    if (!this.#isThreadMissing) {
      let writer: SqliteWriter | undefined;
      try {
        writer = this.#writer ??= new SqliteWriter(this.#parts.writer);
        return await onThread(writer);
      } catch (error) {
        if (!(error instanceof ThreadNotStarted)) throw error;
        this.#isThreadMissing = true;
        if (this.#writer === writer) this.#writer = undefined;
      }
    }
    return onEventLoop();
  }
}
