import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { HandbackError } from "../../../core/errors/errors.ts";
import { isSqliteFailure, SQLITE_BUSY } from "./sqlite-failure.ts";

/** The right to have a store open. It is given back by `release`, or by the end of the process however it ends. */
export interface StoreLock {
  release(): void;
}

/**
 * Takes the lock of the store in `file`, a path without symbolic links; holds for other processes, other threads and this one.
 *
 * The lock is SQLite's own write lock on an empty database beside the store, `<file>-lock`, which is never written and
 * never deleted. The system drops it with the process, so nothing stale is left after a kill, and of two starters
 * exactly one gets it: a transaction that begins IMMEDIATE takes one lock that only one can hold.
 *
 * - LK1: nothing here opens `<file>-lock` but SQLite: closing any other descriptor of it would drop the lock (POSIX).
 * - LK2: `<file>-pid` only feeds the message of `STORE_LOCKED`; it decides nothing.
 *
 * @throws `STORE_LOCKED` with `details.path` and, when it can be read, `details.pid`; SQLite's own error when there can be no such file.
 */
export function lockStore(file: string): StoreLock {
  const database = new DatabaseSync(`${file}-lock`);
  try {
    // The journal in memory: the transaction that stays open leaves no file behind.
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
  const holder =
    pid === undefined ? "another process" : pid === process.pid ? "this process" : `process ${pid}`;
  return new HandbackError("STORE_LOCKED", `the store ${path} is open in ${holder}`, {
    details: { path, pid },
  });
}

function writePid(file: string): void {
  try {
    // Made anew, so that a link planted under this name is not followed.
    rmSync(`${file}-pid`, { force: true });
    writeFileSync(`${file}-pid`, `${process.pid}\n`, { flag: "wx", mode: 0o600 });
  } catch {
    // LK2: a full disk, say, does not keep a store from being read.
  }
}

function removePid(file: string): void {
  try {
    rmSync(`${file}-pid`, { force: true });
  } catch {
    // LK2: on a disk that has become read-only, say, it stays, and misleads nobody.
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
