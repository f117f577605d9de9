import { Worker } from "node:worker_threads";
import type { Packed } from "./packed.ts";
import type { Durability } from "./sqlite-statements.ts";

/** What the thread is started with. */
export interface WriterOptions {
  readonly file: string;
  readonly durability: Durability;
}

/** What the thread is asked. */
export type WriterRequest = { readonly apply: Packed } | "checkpoint" | "close";

/** How that went; the failure is SQLite's, which keeps its code. */
export type WriterReply = { readonly failure?: { readonly message: string; readonly errcode: number | undefined } };

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** This file is one of TypeScript when it runs from source, and so is its neighbour. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const THREAD = new URL(IS_SOURCE ? "./sqlite-thread.ts" : "./sqlite-thread.js", import.meta.url);
/** Not those of the process, some of which would keep a thread from starting. Node 22 warns of SQLite once more unless told not to. */
const NODE_OPTIONS = ["--no-warnings", ...(IS_SOURCE ? ["--experimental-strip-types"] : [])];

/**
 * A thread that writes to the store with a connection of its own, so that the event loop goes on meanwhile. What it is asked, it
 * does in turn.
 */
export class SqliteWriter {
  readonly #worker: Worker;
  readonly #waiting: Waiter[] = [];
  #failure: unknown;

  constructor(options: WriterOptions) {
    this.#worker = new Worker(THREAD, { workerData: options, name: "handback-writer", execArgv: NODE_OPTIONS });
    this.#worker.on("message", ({ failure }: WriterReply) => {
      const waiter = this.#waiting.shift();
      // It keeps the process alive while it has something to do, and only then.
      if (this.#waiting.length === 0) this.#worker.unref();
      if (failure === undefined) waiter?.resolve();
      else waiter?.reject(Object.assign(new Error(failure.message), { errcode: failure.errcode }));
    });
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the writer's thread has ended")));
  }

  /** Applies a batch; on disk when the promise resolves. */
  apply(packed: Packed): Promise<void> {
    return this.#ask({ apply: packed });
  }

  /** Takes what is in the log over into the file. */
  checkpoint(): Promise<void> {
    return this.#ask("checkpoint");
  }

  /** Ends the thread when it has done what it was asked, and closes its connection. One that has ended by itself has closed it. */
  async close(): Promise<void> {
    try {
      if (this.#failure === undefined) await this.#ask("close");
    } finally {
      await this.#worker.terminate();
    }
  }

  #ask(request: WriterRequest): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ resolve, reject });
    this.#worker.ref();
    this.#worker.postMessage(request);
    return promise;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(this.#failure);
  }
}
