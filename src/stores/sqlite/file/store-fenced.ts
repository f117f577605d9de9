import { HandbackError } from "../../../core/errors/errors.ts";

/** Returns the error for a commit that was rolled back, because the store has another owner. */
export function storeTakenOver(file: string): HandbackError {
  return rolledBack(file, `another engine has opened the store ${file}`);
}

/** Returns the error for a commit that was rolled back, because an earlier one is gone. */
export function commitsLost(file: string): HandbackError {
  const reason = "another program has overwritten the newest commits in its log";
  return rolledBack(file, `the store ${file} was not protected by its lock, and ${reason}`);
}

function rolledBack(file: string, message: string): HandbackError {
  return new HandbackError("STORE_FENCED", message, { details: { path: file, definite: true } });
}

/** Returns the error for a store whose file, log or index is no longer the one that is open. */
export function storeReplaced(file: string, replaced: string): HandbackError {
  return new HandbackError(
    "STORE_FENCED",
    `${replaced} was deleted or replaced while the store was open; nothing more is written to the store ${file}`,
    { details: { path: file, replaced, definite: false } },
  );
}
