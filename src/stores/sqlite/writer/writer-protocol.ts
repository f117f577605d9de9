import type { Durability } from "../connection/durability.ts";
import type { HandbackError } from "../../../core/errors/errors.ts";
import type { OpenFile } from "../file/open-files.ts";
import type { StoreOwner } from "../tables/commit-marks.ts";
import type { Packed } from "../rows/packed.ts";

/** The data that the writer thread starts with. */
export interface WriterOptions {
  readonly file: string;
  readonly durability: Durability;
  /** The opening that commits. */
  readonly owner: StoreOwner;
  /** The files that the session has open. */
  readonly files: readonly OpenFile[];
  /** Descriptor of the file with the number of the last commit. A relaxed store has none. */
  readonly lastCommit: number | undefined;
}

/** The data of a thread that writes a copy of the store, replies, and ends. */
export interface BackupOptions {
  readonly file: string;
  /** An empty file. */
  readonly backupTo: string;
}

/**
 * A request to the thread. A batch carries the number of failed batches known to the event loop.
 */
export type WriterRequest =
  | { readonly apply: Packed; readonly failures: number }
  | "checkpoint"
  | "release free pages"
  | "close";

/** The thread's reply to a request. */
export interface WriterReply {
  readonly failure?: WriterFailure;
  /** `true` if the same request should be made again. */
  readonly isMore?: boolean;
}

/** The failure of a request, with SQLite's code. */
export interface WriterFailure {
  readonly message: string;
  readonly errcode: number | undefined;
  /** Details of the error if the store belongs to another engine, or has lost a file. */
  readonly fenced?: HandbackError["details"] | undefined;
  /** Number of batches that have failed so far; only for a failed batch. */
  readonly failures?: number;
}
