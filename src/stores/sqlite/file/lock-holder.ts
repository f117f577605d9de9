import { readFileSync, realpathSync, statSync } from "node:fs";

/** A process that holds a lock on a store. */
export interface LockHolder {
  readonly pid: number;
  /** The name of its program. */
  readonly name: string;
}

/** The byte of the log's index (`-shm`) that SQLite locks to write. */
const WRITE_LOCK = 120;

/** A line of `/proc/locks`: `1: POSIX  ADVISORY  WRITE 4711 08:01:131104 120 120`. */
const LOCK = /POSIX\s+\S+\s+WRITE\s+(\d+)\s+\S+:(\d+)\s+(\d+)\s+(\S+)/;

/**
 * Finds the other process that holds the write lock of the store in `path`, for an error message.
 * Only Linux tells, and only about processes that this one can see.
 */
export function findLockHolder(path: string): LockHolder | undefined {
  try {
    const index = String(statSync(`${realpathSync(path)}-shm`, { bigint: true }).ino);
    const pid = readFileSync("/proc/locks", "utf8")
      .split("\n")
      .map((line) => holderOf(line, index))
      .find((each) => each !== undefined && each !== process.pid);
    if (pid === undefined) return undefined;
    return { pid, name: readFileSync(`/proc/${pid}/comm`, "utf8").trim() };
  } catch {
    return undefined;
  }
}

/** Returns the process of a lock if it is the write lock in this file. */
function holderOf(line: string, inode: string): number | undefined {
  const [, pid, file, first, last] = LOCK.exec(line) ?? [];
  const covers = Number(first) <= WRITE_LOCK && (last === "EOF" || Number(last) >= WRITE_LOCK);
  return file === inode && covers ? Number(pid) : undefined;
}
