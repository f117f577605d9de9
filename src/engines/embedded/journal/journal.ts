import type { JournalQuery, JournalReader, JournalRow } from "../../../core/engine/journal.ts";
import type { Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import { JournalBatch } from "../commit/journal-batch.ts";
import type { WriteBatch } from "../commit/write-batch.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";

/** Collaborators of {@link Journal}. */
export interface JournalParts {
  readonly store: Pick<Store, "readJournal">;
  readonly commits: Pick<GroupCommit, "batch">;
  readonly lifecycle: Lifecycle;
}

/**
 * The journal of the engine: writes entries into the current batch, and lets readers read and watch
 * what is committed.
 *
 * JO1 An entry is written in the batch of what it tells, so it is durable exactly if that is.
 * JO2 A reader that watches before it reads misses no row: it is called back after the commit.
 */
export class Journal implements JournalReader {
  readonly #parts: JournalParts;
  readonly #watchers = new Map<string | undefined, Set<() => void>>();

  constructor(parts: JournalParts) {
    this.#parts = parts;
  }

  /** The changes of the current batch. */
  get batch(): JournalBatch {
    const { batch } = this.#parts.commits;
    return (batch.journal ??= this.#begin(batch));
  }

  /** Deletes all rows of a flow. */
  deleteFlow(flow: string): void {
    this.batch.delete({ flow, from: 0, to: Number.MAX_SAFE_INTEGER });
  }

  read(query: JournalQuery): readonly JournalRow[] {
    const { lifecycle, store } = this.#parts;
    lifecycle.requireNotStopped();
    return store.readJournal?.(query) ?? [];
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
    batch.afterCommit.push(() => this.#notify(journal));
    return journal;
  }

  #notify(journal: JournalBatch): void {
    if (this.#watchers.size === 0) return;
    for (const flow of new Set([...journal.flows, undefined]))
      for (const onAppended of this.#watchers.get(flow) ?? []) onAppended();
  }
}
