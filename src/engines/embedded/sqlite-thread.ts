/** The thread of a {@link SqliteWriter}: does what it is asked, one after the other, and says how that went. */
import { parentPort, workerData } from "node:worker_threads";
import { SqliteTables } from "./sqlite-tables.ts";
import type { WriterOptions, WriterReply, WriterRequest } from "./sqlite-writer.ts";

const { file, durability } = workerData as WriterOptions;
// Its first answer is to none of the questions: it says that it has begun.
parentPort?.postMessage(begin());

function begin(): WriterReply {
  return answer(() => {
    const tables = new SqliteTables(file, durability);
    parentPort?.on("message", (request: WriterRequest) => parentPort?.postMessage(answer(() => serve(tables, request))));
    return false;
  });
}

/** Does what is asked; tells whether there is more of it to be done. */
function serve(tables: SqliteTables, request: WriterRequest): boolean {
  if (request === "give back") return tables.giveBack();
  if (request === "checkpoint") return tables.checkpoint();
  if (request === "close") tables.close();
  else tables.apply(request.apply);
  return false;
}

function answer(act: () => boolean): WriterReply {
  try {
    return { isMore: act() };
  } catch (error) {
    const errcode = error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
    return { failure: { message: error instanceof Error ? error.message : String(error), errcode } };
  }
}
