import { HandbackError } from "../../../core/errors/errors.ts";

/** Returns the error for a commit that was rolled back, because the store has another owner. */
export function storeTakenOver(file: string): HandbackError {
  return new HandbackError("STORE_FENCED", `another engine has opened the store ${file}`, {
    details: { path: file, definite: true },
  });
}

/** Returns the error for a store whose file, log or index is no longer the one that is open. */
export function storeReplaced(file: string, replaced: string): HandbackError {
  return new HandbackError(
    "STORE_FENCED",
    `${replaced} was deleted or replaced while the store was open; nothing more is written to the store ${file}`,
    { details: { path: file, replaced, definite: false } },
  );
}
