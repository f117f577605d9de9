import { lstatSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { storeReplaced } from "./store-fenced.ts";

/** The file of a store, its log, and the index of the log. */
const ENDINGS = ["", "-wal", "-shm"] as const;

/** A file that is open, and the name that it had when it was opened. */
export interface OpenFile {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Finds the files of a store that have these names now. */
export function findOpenFiles(file: string): readonly OpenFile[] {
  return ENDINGS.flatMap((ending) => {
    const path = file + ending;
    const stats = statIfExists(path);
    return stats === undefined ? [] : [{ path, dev: stats.dev, ino: stats.ino }];
  });
}

/**
 * Checks that the files which a session has open still have their names. A program may delete or
 * replace them meanwhile. What is then committed is in files that the next opening does not find.
 *
 * @throws `STORE_FENCED` if one was deleted or replaced
 */
export function requireFiles(file: string, open: readonly OpenFile[]): void {
  for (const { path, dev, ino } of open) {
    const stats = statIfExists(path);
    if (stats?.ino !== ino || stats.dev !== dev) throw storeReplaced(file, path);
  }
}

function statIfExists(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
