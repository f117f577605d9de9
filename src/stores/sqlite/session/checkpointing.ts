import type { Durability } from "../connection/durability.ts";
import type { SqliteConnection } from "../connection/sqlite-connection.ts";
import type { Packed } from "../rows/packed.ts";
import type { Batch } from "../../store.ts";
import type { CommitLatency } from "../writer/commit-latency.ts";
import type { CommitRouting } from "./commit-routing.ts";
import { releaseFreePages } from "./free-pages.ts";
import { clearTimeout, setTimeout } from "../../../machine/real-time.ts";

/** Characters that fill about one page of the log. */
const CHARACTERS_PER_PAGE = 2_048;
/** Pages that every commit writes besides its texts, and pages for each value that it deletes. */
const [PAGES_PER_COMMIT, PAGES_PER_DELETED_VALUE] = [4, 0.25];
/**
 * Pages in the log that start a checkpoint. More while commits are slow, because a checkpoint is
 * then several times as slow.
 */
const [LONG_LOG, LONG_LOG_IF_SLOW] = [1_024, 4_096];
/** Time, in ms, after which the commits of a relaxed store are flushed. */
const FLUSH_AFTER_MS = 1_000;

/** The parts of a {@link Checkpointing}. */
export interface CheckpointingParts {
  readonly connection: SqliteConnection;
  readonly durability: Durability;
  readonly latency: CommitLatency;
  readonly routing: CommitRouting;
  /** Returns whether the session is open and has not failed. */
  readonly isUsable: () => boolean;
  /** @throws if the files of the store were replaced, so that nothing may be copied into them */
  readonly requireFiles: () => void;
  /** Reports a failure. The next commit rejects with it, unless the disk was full. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Copies the log of a session into the file: when the log is long, and for a relaxed store every
 * second.
 */
export class Checkpointing {
  readonly #parts: CheckpointingParts;
  #logPages = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: CheckpointingParts) {
    this.#parts = parts;
  }

  /** Counts a commit, and starts a checkpoint if one is due. */
  afterCommit(packed: Packed, batch: Batch): void {
    const { latency, durability } = this.#parts;
    this.#logPages += logPages(packed, batch);
    if (this.#logPages >= (latency.wasQuick ? LONG_LOG : LONG_LOG_IF_SLOW)) this.start();
    else if (durability === "relaxed") this.#flushLater();
  }

  /** Starts a checkpoint, which also flushes the log. */
  start(): void {
    if (this.#isStopped) return;
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#logPages = 0;
    void this.#checkpoint();
  }

  /** Starts no more checkpoints. A commit may outlive its session. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#flushTimer);
  }

  #flushLater(): void {
    if (this.#isStopped) return;
    this.#flushTimer ??= setTimeout(() => this.start(), FLUSH_AFTER_MS).unref();
  }

  async #checkpoint(): Promise<void> {
    const { connection, durability, latency, routing, isUsable, onFailure } = this.#parts;
    try {
      this.#parts.requireFiles();
      const isBusy = await routing.checkpoint();
      if (!isUsable()) return;
      if (isBusy && durability === "relaxed") this.#flushLater();
      // The log restarts only if all of it was copied, and the event loop has committed a little
      // meanwhile.
      if (latency.isFast) connection.checkpoint();
      await releaseFreePages(routing, isUsable);
    } catch (error) {
      onFailure(error);
    }
  }
}

/** Estimates the pages that a batch adds to the log. */
function logPages({ chunks }: Packed, { values }: Batch): number {
  let pages = PAGES_PER_COMMIT;
  for (const chunk of chunks) pages += chunk.length / CHARACTERS_PER_PAGE;
  for (const { value } of values) if (value === undefined) pages += PAGES_PER_DELETED_VALUE;
  return pages;
}
