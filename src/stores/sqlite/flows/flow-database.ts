import type { DatabaseSync } from "node:sqlite";

/** The database on which the parts of the index prepare their statements. */
export interface FlowDatabase {
  /** Path of the database, for error messages. */
  readonly file: string;
  readonly database: DatabaseSync;
}
