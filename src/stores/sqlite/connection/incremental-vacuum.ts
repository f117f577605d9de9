import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integerColumn } from "../rows/columns.ts";

/** Pages of a file. */
export interface FilePages {
  readonly total: number;
  /** Pages that hold nothing. SQLite uses them again before the file grows. */
  readonly free: number;
}

/** Free pages that are always kept: 4 MiB. */
const SPARE = 1_024;

/** Free pages that one step releases, 1 MiB: commits wait for that long. */
const PAGES_PER_STEP = 256;

/**
 * Returns whether a file should release free pages. It starts when more than half of the file is
 * free and continues down to a quarter, so that pages that come and go with the load stay for
 * reuse.
 *
 * @param hasStarted - whether the file is already releasing pages
 */
export function hasTooManyFreePages({ total, free }: FilePages, hasStarted: boolean): boolean {
  return free > SPARE && free > total / (hasStarted ? 4 : 2);
}

/** Makes a file smaller, a few pages at a time. */
export class IncrementalVacuum {
  readonly #total: StatementSync;
  readonly #free: StatementSync;
  readonly #release: StatementSync;
  #hasStarted = false;

  constructor(database: DatabaseSync) {
    this.#total = database.prepare("PRAGMA page_count");
    this.#free = database.prepare("PRAGMA freelist_count");
    this.#release = database.prepare(`PRAGMA incremental_vacuum(${PAGES_PER_STEP})`);
  }

  /** Releases some free pages if the file has too many. @returns whether it still has too many */
  step(): boolean {
    const before = this.#pages();
    this.#hasStarted = hasTooManyFreePages(before, this.#hasStarted);
    if (!this.#hasStarted) return false;
    // SQLite releases one page for each row that is read.
    this.#release.all();
    const after = this.#pages();
    // A file that was created without `auto_vacuum` cannot release pages.
    return after.free < before.free && hasTooManyFreePages(after, true);
  }

  /** Returns the size of the file, in pages. */
  totalPages(): number {
    return integerColumn(this.#total.get()?.["page_count"]);
  }

  #pages(): FilePages {
    return {
      total: this.totalPages(),
      free: integerColumn(this.#free.get()?.["freelist_count"]),
    };
  }
}
