import type { LastCommitFile } from "../file/last-commit.ts";
import { requireFiles } from "../file/open-files.ts";
import type { OpenFile } from "../file/open-files.ts";
import type { Packed } from "../rows/packed.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";

/** The parts of {@link CheckedCommits}. */
export interface CheckedCommitsParts {
  readonly file: string;
  readonly connection: SqliteConnection;
  /** The files that the session has open. */
  readonly files: readonly OpenFile[];
  /** Counts the commits. A relaxed store has none. */
  readonly lastCommit: LastCommitFile | undefined;
}

/**
 * Commits batches on one connection, in the thread that uses it.
 *
 * CK1 After each commit, before anyone learns of it, the names of the files are checked, and the
 *     commit is counted. What was committed to a file that has lost its name may be lost.
 */
export class CheckedCommits {
  readonly #parts: CheckedCommitsParts;

  constructor(parts: CheckedCommitsParts) {
    this.#parts = parts;
  }

  /** @throws `STORE_FENCED` if another engine has the store, or if a file was replaced */
  apply(packed: Packed): void {
    const { file, connection, files, lastCommit } = this.#parts;
    connection.apply(packed);
    requireFiles(file, files);
    lastCommit?.write(connection.commits);
  }
}
