import type { JournalQuery, JournalReader, JournalRow } from "../../../core/engine/journal.ts";
import type { Scheduler } from "../../../core/host/scheduler.ts";
import type { Store, StoreInfo } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import { firstPosition, JournalBatch } from "../commit/journal-batch.ts";
import type { WriteBatch } from "../commit/write-batch.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";

/** Collaborators of {@link Journal}. */
export interface JournalParts {
  readonly store: Pick<Store, "readJournal">;
  readonly storeInfo: Pick<StoreInfo, "nextPosition" | "generation">;
  readonly commits: Pick<GroupCommit, "batch">;
  readonly lifecycle: Lifecycle;
  readonly scheduler: Pick<Scheduler, "soon">;
}

/**
 * The journal of the engine: writes entries into the current batch, and lets readers read and watch
 * committed ones.
 *
 * JO1 An entry is written in the batch of the change that it describes. Both are durable, or neither.
 * JO2 A reader that watches before it reads misses no row: it is called back after the commit.
 * JO3 A reader sees the entries of a commit once the engine knows that it is durable, as with all
 *     other data. The store may hold them earlier.
 */
export class Journal implements JournalReader {
  readonly #parts: JournalParts;
  /** The position of the last entry that is known to be durable. */
  #known: number;
  readonly #watchers = new Map<string | undefined, Set<() => void>>();

  constructor(parts: JournalParts) {
    this.#parts = parts;
    this.#known = firstPosition(parts.storeInfo) - 1;
  }

  /** The changes of the current batch. */
  get batch(): JournalBatch {
    const { batch } = this.#parts.commits;
    return (batch.journal ??= this.#begin(batch));
  }

  /** Deletes all rows of a flow. */
  deleteFlow(flow: string): void {
    this.batch.deleteFlow(flow);
  }

  read(query: JournalQuery): readonly JournalRow[] {
    const { lifecycle, store } = this.#parts;
    lifecycle.requireNotStopped();
    const rows = store.readJournal?.(query) ?? [];
    const last = rows.at(-1)?.position ?? 0;
    return last <= this.#known ? rows : rows.filter(({ position }) => position <= this.#known);
  }

  nextTurn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.scheduler.soon(resolve);
    return promise;
  }

  watch(flow: string | undefined, onAppended: () => void): () => void {
    const watchers = this.#watchers.get(flow) ?? new Set();
    this.#watchers.set(flow, watchers.add(onAppended));
    return () => {
      watchers.delete(onAppended);
      if (watchers.size === 0 && this.#watchers.get(flow) === watchers) this.#watchers.delete(flow);
    };
  }

  #begin(batch: WriteBatch): JournalBatch {
    const journal = new JournalBatch();
    batch.afterCommit.push(() => {
      this.#known = Math.max(this.#known, journal.lastPosition);
      this.#notify(journal);
    });
    return journal;
  }

  #notify(journal: JournalBatch): void {
    if (this.#watchers.size === 0) return;
    for (const flow of new Set([...journal.flows, undefined]))
      for (const onAppended of this.#watchers.get(flow) ?? []) onAppended();
  }
}
