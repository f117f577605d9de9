import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { HandbackError } from "../../../core/errors/errors.ts";
import { isSqliteFailure, SQLITE_BUSY } from "./sqlite-failure.ts";

/**
 * The right to have a store open. `release` gives it back; so does the end of the process, however
 * it ends.
 */
export interface StoreLock {
  release(): void;
}

/**
 * Takes the lock of the store in `file`, a path without symbolic links. It excludes other
 * processes, other threads, and a second opening in this one.
 *
 * The lock is SQLite's own write lock on an empty database beside the store, `<file>-lock`, which
 * is never written and never deleted. The operating system drops the lock with the process, so a
 * killed process leaves nothing stale. Of two processes that start at once, exactly one gets it,
 * because BEGIN IMMEDIATE takes a lock that only one transaction can hold.
 *
 * - LK1: only SQLite opens `<file>-lock`. Closing any other descriptor of it would drop the lock
 *   (POSIX).
 * - LK2: `<file>-pid` serves only the message of `STORE_LOCKED`. It decides nothing.
 *
 * @throws `STORE_LOCKED` with `details.path` and, if it can be read, `details.pid`; SQLite's own
 * error if the file cannot be created.
 */
export function lockStore(file: string): StoreLock {
  const database = new DatabaseSync(`${file}-lock`);
  try {
    // With the journal in memory, the transaction that stays open leaves no file behind.
    database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE");
  } catch (error) {
    database.close();
    throw isSqliteFailure(error, SQLITE_BUSY) ? lockedBy(readPid(file), file) : error;
  }
  chmodSync(`${file}-lock`, 0o600);
  writePid(file);
  return {
    release() {
      removePid(file);
      database.close();
    },
  };
}

function lockedBy(pid: number | undefined, path: string): HandbackError {
  const holder = pid === undefined ? "another process" : `process ${pid}`;
  const message =
    pid === process.pid
      ? `the store ${path} is already open in this process; use that engine again, or close it first`
      : `the store ${path} is open in ${holder}; close that engine first`;
  const advice = "to wait until it is closed, pass sqlite() the option lockTimeout";
  return new HandbackError("STORE_LOCKED", `${message}; ${advice}`, { details: { path, pid } });
}

function writePid(file: string): void {
  try {
    // Creating the file anew does not follow a link that was planted under this name.
    rmSync(`${file}-pid`, { force: true });
    writeFileSync(`${file}-pid`, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
  } catch {
    // LK2: a store on a full disk, for example, can still be read.
  }
}

function removePid(file: string): void {
  try {
    rmSync(`${file}-pid`, { force: true });
  } catch {
    // LK2: the file may stay, for example on a disk that has become read-only.
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(`${file}-pid`, "utf8"), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
