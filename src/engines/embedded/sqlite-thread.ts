/** The thread of a {@link SqliteWriter}: does what it is asked, one after the other, and says how that went. */
import { parentPort, workerData } from "node:worker_threads";
import { SqliteTables } from "./sqlite-tables.ts";
import type { WriterOptions, WriterReply, WriterRequest } from "./sqlite-writer.ts";

const { file, durability } = workerData as WriterOptions;
let tables: SqliteTables | undefined;

parentPort?.on("message", (request: WriterRequest) => parentPort?.postMessage(answer(request)));

function answer(request: WriterRequest): WriterReply {
  try {
    if (request === "close") tables?.close();
    else {
      tables ??= new SqliteTables(file, durability);
      if (request === "checkpoint") tables.checkpoint();
      else tables.apply(request.apply);
    }
    return {};
  } catch (error) {
    const errcode = error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
    return { failure: { message: error instanceof Error ? error.message : String(error), errcode } };
  }
}
