import { HandbackError } from "../../../core/errors/errors.ts";
import { findLockHolder } from "./lock-holder.ts";

/** Another connection holds a lock. */
export const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
/** A row contradicts another row or its table. */
export const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;
/**
 * The index of the log (`-shm`) cannot grow. On a full disk this happens after the log has been
 * written, including the end of the commit. All connections go by the index, so the batch is not
 * committed and can be tried again unchanged. Only a crash brings it back.
 */
const SQLITE_IOERR_SHMSIZE = 4_874;

/** Returns whether `error` comes from SQLite with one of these primary result codes. */
export function isSqliteFailure(error: unknown, ...codes: readonly number[]): boolean {
  const errcode = errcodeOf(error);
  // The lower eight bits of an extended code are the primary code.
  return errcode !== undefined && codes.includes(errcode & 0xff);
}

/** Returns the result code of SQLite that an error carries. */
export function errcodeOf(error: unknown): number | undefined {
  const errcode = propertyOf(error, "errcode");
  return typeof errcode === "number" ? errcode : undefined;
}

/** Returns whether `error` comes from the file system with this code, such as `ENOENT`. */
export function isFileFailure(error: unknown, code: string): boolean {
  return propertyOf(error, "code") === code;
}

/** Returns the message of an error. */
export function messageOf(error: unknown): string {
  const message = propertyOf(error, "message");
  return typeof message === "string" ? message : String(error);
}

/**
 * Returns a property of an error. Under Jest or in a `vm` context, the errors of Node's own modules
 * are no instances of the global `Error`, so they are known by their properties.
 */
function propertyOf(error: unknown, name: string): unknown {
  return typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;
}

/** The code to use if the failure has no more precise one. */
type FallbackCode = "STORE_OPEN_FAILED" | "STORE_FAILED";

/**
 * Converts a failure of the store in `path` to a `HandbackError`, or returns it if it is one
 * already.
 */
export function toStoreError(error: unknown, path: string, fallback: FallbackCode): HandbackError {
  if (HandbackError.is(error)) return error;
  const reason = messageOf(error);
  if (isSqliteFailure(error, SQLITE_CORRUPT, SQLITE_NOTADB))
    return corruptStore(path, reason, { cause: error });
  if (isSqliteFailure(error, SQLITE_FULL) || errcodeOf(error) === SQLITE_IOERR_SHMSIZE) {
    return new HandbackError("STORE_FULL", `no space is left for the store ${path}`, {
      details: { path },
      cause: error,
    });
  }
  if (isSqliteFailure(error, SQLITE_BUSY, SQLITE_LOCKED)) return storeBusy(path, error);
  const outcome = fallback === "STORE_OPEN_FAILED" ? "cannot be opened" : "failed";
  return new HandbackError(fallback, `the store ${path} ${outcome}: ${reason}`, {
    details: { path },
    cause: error,
  });
}

function storeBusy(path: string, cause: unknown): HandbackError {
  const holder = findLockHolder(path);
  const who = holder === undefined ? "another program" : `${holder.name} (process ${holder.pid})`;
  return new HandbackError("STORE_BUSY", `${who} has locked the store ${path}`, {
    details: { path, pid: holder?.pid },
    cause,
  });
}

/** Facts about damage to a store. */
export interface Damage {
  /** The damaged part, such as a table and a row, for the `details` of the error. */
  readonly where?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Returns a `STORE_CORRUPT` for the database in `file`. */
export function corruptStore(
  file: string,
  reason: string,
  { where, cause }: Damage = {},
): HandbackError {
  return new HandbackError("STORE_CORRUPT", `${file} is damaged, or not a store: ${reason}`, {
    details: { file, ...where },
    cause,
  });
}
