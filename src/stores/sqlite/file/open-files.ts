import { lstatSync } from "node:fs";
import type { BigIntStats } from "node:fs";

/** The file of a store, its log, and the index of the log. */
const ENDINGS = ["", "-wal", "-shm"] as const;

/**
 * The files that a session has open, by their names. A program may delete or replace them
 * meanwhile. What is then committed is in files that the next opening does not find.
 */
export class OpenFiles {
  readonly #open: readonly OpenFile[];

  /** Notes the files that have these names now. */
  constructor(file: string) {
    this.#open = ENDINGS.flatMap((ending) => {
      const path = file + ending;
      const stats = statIfExists(path);
      return stats === undefined ? [] : [{ path, dev: stats.dev, ino: stats.ino }];
    });
  }

  /** Returns the first name that no longer belongs to the file that is open. */
  findReplaced(): string | undefined {
    return this.#open.find(({ path, dev, ino }) => {
      const stats = statIfExists(path);
      return stats?.ino !== ino || stats.dev !== dev;
    })?.path;
  }
}

interface OpenFile {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
}

function statIfExists(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}
