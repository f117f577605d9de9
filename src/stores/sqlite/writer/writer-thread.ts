/** The thread of a {@link SqliteWriter}: does what it is asked, one after the other, and says how that went. */
import { parentPort, workerData } from "node:worker_threads";
import { SqliteTables } from "../connection/sqlite-connection.ts";
import type { WriterFailure, WriterOptions, WriterReply, WriterRequest } from "./writer.ts";

const { file, durability } = workerData as WriterOptions;
/** Batches that have failed, and how the last of them did. */
let failures = 0;
let last: WriterFailure | undefined;
// Its first answer is to none of the questions: it says that it has begun.
parentPort?.postMessage(begin());

function begin(): WriterReply {
  return answer(() => {
    const tables = new SqliteTables(file, durability);
    parentPort?.on("message", (request: WriterRequest) =>
      parentPort?.postMessage(serve(tables, request)),
    );
    return false;
  });
}

function serve(tables: SqliteTables, request: WriterRequest): WriterReply {
  if (request === "give back") return answer(() => tables.giveBack());
  if (request === "checkpoint") return answer(() => tables.checkpoint());
  if (request === "close") return answer(() => tables.close());
  if (last !== undefined && request.failures < failures) return { failure: last };
  const { failure } = answer(() => tables.apply(request.apply));
  if (failure === undefined) return {};
  last = { ...failure, failures: ++failures };
  return { failure: last };
}

function answer(act: () => boolean | void): WriterReply {
  try {
    return { isMore: act() === true };
  } catch (error) {
    const errcode =
      error instanceof Error && "errcode" in error && typeof error.errcode === "number"
        ? error.errcode
        : undefined;
    return {
      failure: { message: error instanceof Error ? error.message : String(error), errcode },
    };
  }
}
