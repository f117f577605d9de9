import { copyStore } from "../connection/copy-store.ts";
import { startThread, ThreadNotStarted, writerError } from "../writer/start-thread.ts";
import type { BackupOptions, WriterReply } from "../writer/writer-protocol.ts";

/** Writes a copy of a store in a thread of its own, or on the event loop if there is no thread. */
export async function copyInThread(options: BackupOptions): Promise<void> {
  try {
    await runThread(options);
  } catch (error) {
    if (!(error instanceof ThreadNotStarted)) throw error;
    copyStore(options.file, options.backupTo);
  }
}

async function runThread(options: BackupOptions): Promise<void> {
  const worker = startThread(options);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let reply: WriterReply | undefined;
  let crash: unknown;
  worker.on("message", (message: WriterReply) => (reply = message));
  worker.on("error", (error) => {
    crash = error;
  });
  worker.on("exit", () => {
    if (reply?.failure !== undefined) reject(writerError(reply.failure));
    else if (reply !== undefined) resolve();
    else reject(new ThreadNotStarted("the backup thread has ended", { cause: crash }));
  });
  await promise;
}
