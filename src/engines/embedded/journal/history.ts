import type { HistoryNote } from "../../../core/activation/history-note.ts";
import type { Json } from "../../../core/data/json.ts";
import { encodeHistoryRow, HISTORY_TOPIC } from "../../../core/engine/history-row.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { JournalBatch, JournalDraft } from "../commit/journal-batch.ts";
import type { HistoryLimit } from "./history-limit.ts";
import type { Journal } from "./journal.ts";

/** Entries of one row. A reader has a page of rows in memory. */
const ROW_ENTRIES = 256;

/** Collaborators of {@link History}. */
export interface HistoryParts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly historyLimit: Pick<HistoryLimit, "added">;
}

/**
 * Writes the history of flows into the journal, the optional capability `history`.
 *
 * HY1 The entries of one flow in one batch share one row, or a few, in the order of their notes. The
 *     batch is that of the activations that noted them, so after a crash a history agrees with the
 *     state of its flow.
 */
export class History {
  readonly #parts: HistoryParts;
  #batch: JournalBatch | undefined;
  #rows = new Map<string, HistoryRow>();

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** Adds an entry to the current batch. */
  add({ flow, owner, entry }: HistoryNote): void {
    const { journal, clock, historyLimit } = this.#parts;
    const { batch } = journal;
    if (this.#batch !== batch) {
      this.#batch = batch;
      this.#rows = new Map();
    }
    let row = this.#rows.get(flow);
    if (row === undefined || row.count >= ROW_ENTRIES) {
      row = new HistoryRow({ flow, owner }, clock.now(), historyLimit);
      this.#rows.set(flow, row);
      batch.append(row);
    }
    row.entries.push(entry);
  }
}

/** The entries of one flow in one batch. */
class HistoryRow implements JournalDraft {
  readonly topic = HISTORY_TOPIC;
  readonly entries: Json[] = [];
  readonly flow: string;
  readonly owner: string;
  readonly at: number;
  readonly #limit: Pick<HistoryLimit, "added">;

  constructor(
    { flow, owner }: Pick<HistoryNote, "flow" | "owner">,
    at: number,
    limit: Pick<HistoryLimit, "added">,
  ) {
    this.flow = flow;
    this.owner = owner;
    this.at = at;
    this.#limit = limit;
  }

  get count(): number {
    return this.entries.length;
  }

  encode(): string {
    this.#limit.added(this.flow, this.count);
    return encodeHistoryRow(this.entries);
  }
}
