import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";

/** The number of the last commit that was acknowledged, as a file beside the store keeps it. */
export interface LastCommit {
  readonly storeId: string;
  readonly commits: number;
}

/** The file has the store's id, then the number. */
const [ID_BYTES, BYTES] = [16, 24];

const pathOf = (file: string): string => `${file}-last`;

/**
 * Keeps the number of the last commit in a file of its own, `-last`, so that a log that was cut or
 * replaced is noticed.
 *
 * It is written after the commit has reached the disk, and is not flushed: it may be too low after
 * a power failure, but never too high. A relaxed store has none, because its commits are not
 * flushed either.
 */
export class LastCommitFile {
  /** The open file. All threads of a process may write to it. */
  readonly descriptor: number;
  readonly #content = Buffer.alloc(BYTES);

  constructor(descriptor: number, storeId: string) {
    this.descriptor = descriptor;
    this.#content.write(storeId, "latin1");
  }

  /** Makes the file of a store that is opened. */
  static create(file: string, { storeId, commits }: LastCommit): LastCommitFile {
    const path = pathOf(file);
    // A new file, because an engine that has lost the store may still write to the old one.
    rmSync(path, { force: true });
    const created = new LastCommitFile(openSync(path, "wx", 0o600), storeId);
    created.write(commits);
    return created;
  }

  /** Writes the number of commits so far. */
  write(commits: number): void {
    try {
      this.#content.writeDoubleBE(commits, ID_BYTES);
      writeSync(this.descriptor, this.#content, 0, BYTES, 0);
    } catch {
      // The number stays too low, for example on a full disk. The commit itself is on disk.
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Reads the number of the last commit, if a session has left it. */
export function readLastCommit(file: string): LastCommit | undefined {
  try {
    const content = readFileSync(pathOf(file));
    const commits = content.length === BYTES ? content.readDoubleBE(ID_BYTES) : Number.NaN;
    if (!Number.isSafeInteger(commits)) return undefined;
    return { storeId: content.toString("latin1", 0, ID_BYTES), commits };
  } catch {
    return undefined;
  }
}

/** Deletes the file. */
export function removeLastCommit(file: string): void {
  rmSync(pathOf(file), { force: true });
}
