import { Worker } from "node:worker_threads";
import type { Packed } from "../rows/packed.ts";
import type { Durability } from "../connection/connection-settings.ts";

/** What the thread is started with. */
export interface WriterOptions {
  readonly file: string;
  readonly durability: Durability;
}

/** What the thread is asked. A batch comes with how many batches are known to have failed. */
export type WriterRequest =
  | { readonly apply: Packed; readonly failures: number }
  | "checkpoint"
  | "give back"
  | "close";

/** How that went; the failure is SQLite's, which keeps its code. */
export interface WriterReply {
  readonly failure?: WriterFailure;
  /** There is more to be done of what was asked for. */
  readonly isMore?: boolean;
}

/** Why something was not done. */
export interface WriterFailure {
  readonly message: string;
  readonly errcode: number | undefined;
  /** How many batches have failed until then, if a batch has. */
  readonly failures?: number;
}

interface Waiter {
  resolve(isMore: boolean): void;
  reject(error: unknown): void;
}

/** Options of a thread: not those of the process, some of which would keep it from starting. Node 22 warns of SQLite unless told not to. */
const NODE_OPTIONS = ["--no-warnings"];
const SOURCE_OPTIONS = [...NODE_OPTIONS, "--experimental-strip-types"];

/** The thread could not be started, and so has done nothing of what it was asked. */
export class ThreadNotStarted extends Error {}

/**
 * A thread that writes to the store with a connection of its own, so that the event loop goes on meanwhile. What it is asked, it
 * does in turn.
 *
 * WR1 It is asked nothing before it has said that it has begun: one that cannot be started has done nothing.
 * WR2 A batch that was handed over before the failure of one ahead of it was known is not applied, and fails as that one did.
 * WR3 Between what came in one turn of the event loop and what came in the next, everybody else has a turn.
 */
export class SqliteWriter {
  readonly #worker: Worker;
  readonly #waiting: Waiter[] = [];
  /** What it is to be asked once it has begun; from then on, nothing. */
  #held: WriterRequest[] | undefined = [];
  #failure: unknown;
  /** What is to be done at the end of this turn of the event loop, once something has been done in it. */
  #later: (() => void)[] | undefined;
  /** Batches that have failed, as far as is known. */
  #failures = 0;

  /** @throws {@link NotStarted} when that is known at once; else whatever it is asked rejects with it. */
  constructor(options: WriterOptions) {
    try {
      this.#worker = startThread(options);
    } catch (cause) {
      throw new ThreadNotStarted("the writer's thread cannot be started", { cause });
    }
    this.#worker.on("message", (reply: WriterReply) => this.#inTurn(() => this.#receive(reply)));
    this.#worker.on("error", (error) => this.#inTurn(() => this.#fail(error)));
    this.#worker.on("exit", () =>
      this.#inTurn(() => this.#fail(new Error("the writer's thread has ended"))),
    );
  }

  get hasBegun(): boolean {
    return this.#held === undefined;
  }

  /** Applies a batch; on disk when the promise resolves. */
  async apply(packed: Packed): Promise<void> {
    await this.#ask({ apply: packed, failures: this.#failures });
  }

  /** Takes what is in the log over into the file; tells whether that is to be tried again, for another connection was at it. */
  checkpoint(): Promise<boolean> {
    return this.#ask("checkpoint");
  }

  /** Gives some of the free pages of the file back if they are too many; tells whether there are more to be given back. */
  giveBack(): Promise<boolean> {
    return this.#ask("give back");
  }

  /**
   * Ends the thread when it has done what it was asked, and closes its connection. One that has ended by itself has closed it. It is asked
   * nothing more: an answer that came while it is ended would let the process end ahead of it.
   */
  async close(): Promise<void> {
    const closed = this.#ask("close");
    this.#failure ??= new Error("the writer's thread is being ended");
    try {
      await closed;
    } catch {
      // It has ended already, or never began.
    }
    await this.#worker.terminate();
  }

  #ask(request: WriterRequest): Promise<boolean> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    this.#waiting.push({ resolve, reject });
    this.#worker.ref();
    if (this.#held === undefined) this.#worker.postMessage(request);
    else this.#held.push(request);
    return promise;
  }

  /**
   * Does a step at once if it is the first in this turn of the event loop, else at the end of the turn. While a reply is heard the next one
   * arrives, and Node would go on with a thousand before it looks at anything else.
   */
  #inTurn(step: () => void): void {
    if (this.#later !== undefined) return void this.#later.push(step);
    this.#later = [];
    setImmediate(() => {
      const steps = this.#later ?? [];
      this.#later = undefined;
      for (const each of steps) each();
    });
    step();
  }

  #receive(reply: WriterReply): void {
    if (this.#held === undefined) this.#hear(reply);
    else if (reply.failure === undefined) this.#begin(this.#held);
    else this.#fail(toError(reply.failure));
  }

  #begin(held: readonly WriterRequest[]): void {
    this.#held = undefined;
    for (const request of held) this.#worker.postMessage(request);
  }

  #hear({ failure, isMore = false }: WriterReply): void {
    const waiter = this.#waiting.shift();
    // It keeps the process alive while it has something to do, and only then.
    if (this.#waiting.length === 0) this.#worker.unref();
    this.#failures = failure?.failures ?? this.#failures;
    if (failure === undefined) waiter?.resolve(isMore);
    else waiter?.reject(toError(failure));
  }

  #fail(cause: unknown): void {
    this.#failure ??=
      this.#held === undefined
        ? cause
        : new ThreadNotStarted("the writer's thread cannot be started", { cause });
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#failure);
  }
}

/** @throws when it cannot be started, as where a bundler has left nothing of `import.meta` */
function startThread(options: WriterOptions): Worker {
  // This file is one of TypeScript when it runs from source, and so is its neighbour.
  const isSource = import.meta.url.endsWith(".ts");
  const thread = new URL(isSource ? "./writer-thread.ts" : "./writer-thread.js", import.meta.url);
  return new Worker(thread, {
    workerData: options,
    name: "handback-writer",
    execArgv: isSource ? SOURCE_OPTIONS : NODE_OPTIONS,
  });
}

function toError({ message, errcode }: WriterFailure): Error {
  return Object.assign(new Error(message), { errcode });
}
