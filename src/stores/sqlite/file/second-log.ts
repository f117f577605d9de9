import { constants, copyFileSync, linkSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { flushDirectory, flushFile } from "./flush-directory.ts";

/**
 * The second name of the log.
 *
 * A program that opens the store with SQLite deletes the log when it closes, if the engine has lost
 * its lock on the file (POSIX drops it when the process closes any descriptor of the file). A
 * person can delete it, too. The log has a second name, a hard link, so its content is not lost.
 */
export function secondLogOf(file: string): string {
  return `${file}-wal-link`;
}

/** Gives the log of a store its second name. Some file systems have no hard links. */
export function linkLog(file: string): void {
  const second = secondLogOf(file);
  try {
    rmSync(second, { force: true });
    linkSync(`${file}-wal`, second);
  } catch {
    // Without the second name a deleted log is noticed, but it is lost.
  }
}

/** Deletes the second name, once the log is no longer needed. */
export function unlinkLog(file: string): void {
  rmSync(secondLogOf(file), { force: true });
}

/**
 * Restores a log from its second name: as a copy, because the engine that lost the log may still
 * write to it.
 */
export function restoreLog(file: string): void {
  const temporary = `${file}-wal-new`;
  rmSync(temporary, { force: true });
  copyFileSync(secondLogOf(file), temporary, constants.COPYFILE_EXCL);
  flushFile(temporary);
  renameSync(temporary, `${file}-wal`);
  flushDirectory(dirname(file));
}
