import { HandbackError } from "../../../core/errors/errors.ts";
import type { SqliteConnection } from "../connection/sqlite-connection.ts";
import { requireFiles } from "../file/open-files.ts";
import type { OpenFile } from "../file/open-files.ts";
import { toStoreError } from "../file/sqlite-failure.ts";
import { clearInterval, setInterval } from "../../../machine/real-time.ts";

/** Time, in ms, between two checks of an idle store. */
const CHECK_MS = 1_000;

/** The parts of an {@link Ownership}. */
export interface OwnershipParts {
  readonly file: string;
  readonly connection: Pick<SqliteConnection, "requireOwner">;
  /** The files that the session has open. */
  readonly files: readonly OpenFile[];
  /** Reports that the store belongs to another engine, or that its files were replaced. */
  readonly onLost: (error: HandbackError) => void;
}

/**
 * Makes sure that a store still belongs to the session that has it open.
 *
 * The lock of a store can be lost: POSIX drops it when the process closes any descriptor of one of
 * the files, for example after copying it. Then another engine can open the store, and a program
 * that looks into it can delete its log.
 *
 * - OW1: a commit of a session that another one has followed is rolled back (MK1).
 * - OW2: after each commit, the names of the files are checked (CK1).
 * - OW3: an idle session checks both every second.
 */
export class Ownership {
  readonly #parts: OwnershipParts;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: OwnershipParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#check(), CHECK_MS).unref();
  }

  /** @throws `STORE_FENCED` if a file was deleted or replaced */
  requireFiles(): void {
    requireFiles(this.#parts.file, this.#parts.files);
  }

  /** Returns whether the files are still those that were opened. */
  get hasFiles(): boolean {
    try {
      this.requireFiles();
      return true;
    } catch {
      return false;
    }
  }

  /** Ends the checks of the idle store. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { file, connection, onLost } = this.#parts;
    try {
      this.requireFiles();
      connection.requireOwner();
    } catch (error) {
      // Any other failure is found again by the next commit.
      const failure = toStoreError(error, file, "STORE_FAILED");
      if (HandbackError.is(failure, "STORE_FENCED")) onLost(failure);
    }
  }
}
