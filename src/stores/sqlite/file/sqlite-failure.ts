import { HandbackError } from "../../../core/errors/errors.ts";

/** Another connection holds a lock. */
export const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
/** A row contradicts another one, or its table. */
export const SQLITE_CONSTRAINT = 19;
const SQLITE_NOTADB = 26;
/**
 * The index of the log (`-shm`) cannot be made longer. On a full disk this comes up when the log has been written, the mark of the commit
 * included. All connections go by the index, so the batch is not there and can be tried again as it is; only a crash brings it back.
 */
const SQLITE_IOERR_SHMSIZE = 4_874;

/** Tells whether `error` is SQLite's, with one of these primary result codes. */
export function isSqliteFailure(error: unknown, ...codes: readonly number[]): boolean {
  // The upper bits of an extended code say which kind of the primary one it is.
  return (
    error instanceof Error &&
    "errcode" in error &&
    typeof error.errcode === "number" &&
    codes.includes(error.errcode & 0xff)
  );
}

function isShortOfIndex(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_IOERR_SHMSIZE;
}

/** What was under way when a failure came up, as the code to give when nothing more precise is known. */
type Fallback = "STORE_OPEN_FAILED" | "STORE_FAILED";

/** Turns whatever opening or using the store in `path` threw into an error of ours; what is one already is handed back. */
export function toStoreError(error: unknown, path: string, fallback: Fallback): HandbackError {
  if (HandbackError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  if (isSqliteFailure(error, SQLITE_CORRUPT, SQLITE_NOTADB))
    return corruptStore(path, reason, { cause: error });
  if (isSqliteFailure(error, SQLITE_FULL) || isShortOfIndex(error)) {
    return new HandbackError("STORE_FULL", `no space is left for the store ${path}`, {
      details: { path },
      cause: error,
    });
  }
  const what = fallback === "STORE_OPEN_FAILED" ? "cannot be opened" : "failed";
  return new HandbackError(fallback, `the store ${path} ${what}: ${reason}`, {
    details: { path },
    cause: error,
  });
}

/** What is known of the damage. */
export interface Damage {
  /** The table and the row, say. */
  readonly where?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Makes a `STORE_CORRUPT` for the database in `file`. */
export function corruptStore(
  file: string,
  reason: string,
  { where, cause }: Damage = {},
): HandbackError {
  return new HandbackError("STORE_CORRUPT", `the store ${file} is damaged or no store: ${reason}`, {
    details: { file, ...where },
    cause,
  });
}
