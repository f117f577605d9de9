/**
 * The thread of a {@link SqliteWriter}. It serves one request after the other and replies to each.
 * With other data it is the thread of a backup.
 */
import { parentPort, workerData } from "node:worker_threads";
import { HandbackError } from "../../../core/errors/errors.ts";
import { CheckedCommits } from "../connection/checked-commits.ts";
import { copyStore } from "../connection/copy-store.ts";
import { SqliteConnection } from "../connection/sqlite-connection.ts";
import { LastCommitFile } from "../file/last-commit.ts";
import { errcodeOf, messageOf } from "../file/sqlite-failure.ts";
import type {
  BackupOptions,
  WriterFailure,
  WriterOptions,
  WriterReply,
  WriterRequest,
} from "./writer-protocol.ts";

const options = workerData as WriterOptions | BackupOptions;
/** Number of batches that have failed, and the last failure. */
let failures = 0;
let lastFailure: WriterFailure | undefined;
if ("backupTo" in options)
  parentPort?.postMessage(replyOf(() => copyStore(options.file, options.backupTo)));
// The first reply answers no request. It reports that the thread has started.
else parentPort?.postMessage(startServing(options));

function startServing({ file, durability, owner, files, lastCommit }: WriterOptions): WriterReply {
  return replyOf(() => {
    const connection = new SqliteConnection(file, durability, owner);
    const counted =
      lastCommit === undefined ? undefined : new LastCommitFile(lastCommit, owner.storeId);
    const commits = new CheckedCommits({ file, connection, files, lastCommit: counted });
    parentPort?.on("message", (request: WriterRequest) =>
      parentPort?.postMessage(serveRequest(connection, commits, request)),
    );
    return false;
  });
}

function serveRequest(
  connection: SqliteConnection,
  commits: CheckedCommits,
  request: WriterRequest,
): WriterReply {
  if (request === "release free pages") return replyOf(() => connection.releaseFreePages());
  if (request === "checkpoint") return replyOf(() => connection.checkpoint());
  if (request === "close") return replyOf(() => connection.close());
  if (lastFailure !== undefined && request.failures < failures) return { failure: lastFailure };
  const { failure } = replyOf(() => commits.apply(request.apply));
  if (failure === undefined) return {};
  lastFailure = { ...failure, failures: ++failures };
  return { failure: lastFailure };
}

function replyOf(action: () => boolean | void): WriterReply {
  try {
    return { isMore: action() === true };
  } catch (error) {
    return { failure: describe(error) };
  }
}

function describe(error: unknown): WriterFailure {
  const fenced = HandbackError.is(error, "STORE_FENCED") ? error.details : undefined;
  return { message: messageOf(error), errcode: errcodeOf(error), fenced };
}
