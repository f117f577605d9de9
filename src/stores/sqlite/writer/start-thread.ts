import { Worker } from "node:worker_threads";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { BackupOptions, WriterFailure, WriterOptions } from "./writer-protocol.ts";

/**
 * Options of the thread. Those of the process are not passed on, because some of them would keep
 * the thread from starting. Without `--no-warnings`, Node 22 warns that SQLite is experimental.
 */
const NODE_OPTIONS = ["--no-warnings"];
const SOURCE_OPTIONS = [...NODE_OPTIONS, "--experimental-strip-types"];

/** The thread could not be started, and so has done nothing. */
export class ThreadNotStarted extends Error {}

/**
 * Starts a thread that writes.
 *
 * @throws {@link ThreadNotStarted}, for example if a bundler has removed `import.meta.url`
 */
export function startThread(options: WriterOptions | BackupOptions): Worker {
  try {
    // Next to a source file lies the source of the thread; next to a built one, its build.
    const isSource = import.meta.url.endsWith(".ts");
    const thread = new URL(isSource ? "./writer-thread.ts" : "./writer-thread.js", import.meta.url);
    return new Worker(thread, {
      workerData: options,
      name: "handback-writer",
      execArgv: isSource ? SOURCE_OPTIONS : NODE_OPTIONS,
    });
  } catch (cause) {
    throw new ThreadNotStarted("the writer thread cannot be started", { cause });
  }
}

/** Returns the failure of a thread as an error. */
export function writerError({ message, errcode, fenced }: WriterFailure): Error {
  return fenced === undefined
    ? Object.assign(new Error(message), { errcode })
    : new HandbackError("STORE_FENCED", message, { details: fenced });
}
