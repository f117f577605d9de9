import { readFileSync } from "node:fs";
import { isFileFailure } from "./sqlite-failure.ts";
import { verifyWal } from "./wal-verification.ts";
import type { WalFinding } from "./wal-verification.ts";

/**
 * Verifies the log of a store, if it exists. Only under the store's lock, and before SQLite opens
 * the log, because reading it drops SQLite's locks (POSIX).
 */
export function readWal(file: string): WalFinding {
  return verifyWal(readIfExists(`${file}-wal`), readIfExists(`${file}-shm`));
}

function readIfExists(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isFileFailure(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  }
}
