import { lstatSync, readFileSync } from "node:fs";
import { HandbackError } from "../../../core/errors/errors.ts";
import { readBaseFile } from "./base-file.ts";
import { readLastCommit } from "./last-commit.ts";
import { judgeLog } from "./log-verdict.ts";
import { restoreLog, secondLogOf } from "./second-log.ts";
import { corruptStore, isFileFailure } from "./sqlite-failure.ts";
import { verifyWal } from "./wal-verification.ts";
import type { WalFinding } from "./wal-verification.ts";

/** What opening does with a store whose last commits are missing. */
export type MissingLog = "refuse" | "accept";

/** The log of a store that may be opened. */
export interface CheckedLog extends WalFinding {
  /** `true` if other openings may have followed the last one that the file knows. */
  readonly isBranch: boolean;
  /** What a person should know about the log. */
  readonly notice?: string;
}

/** Bytes of a log with a header and one page of the smallest size. */
const USED_LOG = 32 + 24 + 512;

/**
 * Verifies that a store has its log, and restores a deleted log if possible. Only under the store's
 * lock, and before SQLite opens the log, because reading it drops SQLite's locks (POSIX).
 *
 * @throws `STORE_INCOMPLETE` if commits are missing, `STORE_CORRUPT` if the log belongs to another
 * file
 */
export function checkLog(file: string, missingLog: MissingLog): CheckedLog {
  const log = readWal(file);
  const secondLog = readSecondLog(file);
  const verdict = judgeLog({
    base: readBaseFile(file),
    log,
    secondLog,
    lastCommit: readLastCommit(file),
  });
  switch (verdict.is) {
    case "whole":
      return { ...log, isBranch: false };
    case "copy":
      return { ...log, isBranch: true };
    case "restore":
      restoreLog(file);
      return { ...readWal(file), isBranch: false, notice: "the deleted log was restored" };
    case "foreign":
      throw corruptStore(file, verdict.reason, { where: { log: `${file}-wal` } });
    case "incomplete":
      if (missingLog === "refuse") throw incompleteStore(file, verdict.reason);
      return { ...log, isBranch: true, notice: verdict.reason };
  }
}

function readWal(file: string): WalFinding & { readonly wasUsed: boolean } {
  const log = readIfExists(`${file}-wal`);
  const finding = verifyWal(log, readIfExists(`${file}-shm`));
  return { ...finding, wasUsed: finding.hasHeader && log.length >= USED_LOG };
}

/** Reads the log under its second name, unless that is the log itself. */
function readSecondLog(file: string): WalFinding | undefined {
  const second = lstatSync(secondLogOf(file), { bigint: true, throwIfNoEntry: false });
  const first = lstatSync(`${file}-wal`, { bigint: true, throwIfNoEntry: false });
  if (second === undefined || (second.ino === first?.ino && second.dev === first.dev))
    return undefined;
  return verifyWal(readIfExists(secondLogOf(file)), Buffer.alloc(0));
}

function incompleteStore(file: string, reason: string): HandbackError {
  const advice =
    "restore the log or a backup; to open the store without the missing commits, pass sqlite() the option missingLog";
  return new HandbackError("STORE_INCOMPLETE", `${file}: ${reason}; ${advice}`, {
    details: { path: file, log: `${file}-wal` },
  });
}

function readIfExists(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isFileFailure(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  }
}
