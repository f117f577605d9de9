import type { Json } from "../../../core/data/json.ts";
import {
  decodeHistoryRow,
  encodeHistoryRow,
  HISTORY_TOPIC,
} from "../../../core/engine/history-row.ts";
import type { JournalRow } from "../../../core/engine/journal.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Journal } from "./journal.ts";

/** Rows that are read at a time. */
const PAGE = 64;
/** A history may grow over its limit by this part of it, so that it is cut rarely. */
const SLACK = 0.1;
/** Flows whose entries are counted at a time. */
const MOST_COUNTED = 100_000;

/** How the layer above reads its entries. */
export interface HistoryEntries {
  /** Tells whether an entry stays, however long the history is. */
  isKept(entry: Json): boolean;
  /** Makes an entry that tells of a gap. */
  gap(missing: number, at: number): Json;
  /** Returns the number of entries that an entry stands for: 1, or those that a gap tells of. */
  weight(entry: Json): number;
}

/** Collaborators of {@link HistoryLimit}. */
export interface HistoryLimitParts {
  readonly journal: Journal;
  readonly commits: Pick<GroupCommit, "batch">;
  readonly dispatcher: Pick<Dispatcher, "wake">;
  /** The number of the first flow of this process. */
  readonly firstFlow: string;
  readonly limit: number;
  readonly entries: HistoryEntries;
}

/**
 * Bounds the history of each flow.
 *
 * HL1 A history over its limit loses its oldest entries. Where some are lost, an entry tells how
 *     many, in the same commit, at the place of the last of them. So a reader in the middle of them
 *     learns of the gap.
 */
export class HistoryLimit {
  readonly #parts: HistoryLimitParts;
  /** Numbers of stored entries, by flow. */
  readonly #counts = new Map<string, number>();

  constructor(parts: HistoryLimitParts) {
    this.#parts = parts;
  }

  /** Counts entries that a commit adds to a history. */
  added(flow: string, entries: number): void {
    const { commits, limit } = this.#parts;
    const count = (this.#counts.get(flow) ?? this.#countStored(flow)) + entries;
    this.#counts.set(flow, count);
    if (this.#counts.size > MOST_COUNTED) this.#forgetShort();
    if (count > limit * (1 + SLACK)) commits.batch.afterCommit.push(() => this.#cut(flow));
  }

  /** Counts the entries from before this process, which only its older flows have. */
  #countStored(flow: string): number {
    if (flow >= this.#parts.firstFlow) return 0;
    let count = 0;
    for (const row of this.#rowsOf(flow)) count += row.count;
    return count;
  }

  #forgetShort(): void {
    for (const [flow, count] of this.#counts)
      if (count < this.#parts.limit * SLACK) this.#counts.delete(flow);
  }

  *#rowsOf(flow: string): Generator<JournalRow> {
    for (let after = 0; ;) {
      const query = { flow, topic: HISTORY_TOPIC, after, limit: PAGE };
      const rows = this.#parts.journal.read(query);
      yield* rows;
      if (rows.length < PAGE) return;
      after = rows.at(-1)?.position ?? after;
    }
  }

  /** Deletes the oldest entries over the limit. */
  #cut(flow: string): void {
    const { limit, entries, dispatcher } = this.#parts;
    let count = this.#counts.get(flow) ?? 0;
    let gap: JournalRow[] = [];
    for (const row of this.#rowsOf(flow)) {
      if (count <= limit) break;
      if (decodeHistoryRow(row.text).some((entry) => entries.isKept(entry))) {
        count += this.#replace(gap);
        gap = [];
      } else {
        gap.push(row);
        count -= row.count;
      }
    }
    count += this.#replace(gap);
    this.#counts.set(flow, count);
    dispatcher.wake();
  }

  /** Puts one entry in the place of some rows, and returns the number of entries that it adds. */
  #replace(rows: readonly JournalRow[]): number {
    const { journal, entries } = this.#parts;
    const last = rows.at(-1);
    if (last === undefined) return 0;
    let missing = 0;
    for (const { text } of rows)
      for (const entry of decodeHistoryRow(text)) missing += entries.weight(entry);
    const text = encodeHistoryRow([entries.gap(missing, last.at)]);
    journal.batch.replace(rows, { ...last, count: 1, text });
    return 1;
  }
}
