import { markInPage } from "./commit-mark.ts";
import type { CommitMark } from "./commit-mark.ts";

/** Offset of the schema version in the first page of a database. */
export const SCHEMA_VERSION_AT = 40;

/** The commits in a log, as their marks tell. Built page by page, in the order of the log. */
export class LogHistory {
  #first: CommitMark | undefined;
  #last: CommitMark | undefined;
  #schemaVersion: number | undefined;
  #pageOne: Buffer | undefined;
  #mark: CommitMark | undefined;

  /** The mark of the first commit that has one. */
  get first(): CommitMark | undefined {
    return this.#first;
  }

  /** The mark of the last commit that has one. */
  get last(): CommitMark | undefined {
    return this.#last;
  }

  /** The schema version after the last commit, if the log contains the page that holds it. */
  get schemaVersion(): number | undefined {
    return this.#schemaVersion;
  }

  /** Adds a page of the commit that {@link endCommit} ends. */
  addPage(number: number, page: Buffer): void {
    if (number === 1) this.#pageOne = page;
    this.#mark = markInPage(page) ?? this.#mark;
  }

  endCommit(): void {
    this.#first ??= this.#mark;
    this.#last = this.#mark ?? this.#last;
    this.#schemaVersion = this.#pageOne?.readUInt32BE(SCHEMA_VERSION_AT) ?? this.#schemaVersion;
    this.#mark = undefined;
    this.#pageOne = undefined;
  }
}
