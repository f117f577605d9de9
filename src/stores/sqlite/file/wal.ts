import { readFileSync } from "node:fs";
import { verifyWal } from "./wal-verification.ts";
import type { WalFinding } from "./wal-verification.ts";

/** Reads the log beside a store, if there is one. Only under the store's lock, and before SQLite has it open, for it drops locks (POSIX). */
export function readWal(file: string): WalFinding {
  return verifyWal(readIfThere(`${file}-wal`), readIfThere(`${file}-shm`));
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return Buffer.alloc(0);
    throw error;
  }
}
