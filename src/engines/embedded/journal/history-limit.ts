import type { Json } from "../../../core/data/json.ts";
import {
  decodeHistoryRow,
  encodeHistoryRow,
  HISTORY_TOPIC,
} from "../../../core/engine/history-row.ts";
import type { JournalRow } from "../../../core/engine/journal.ts";
import type { WriteBatch } from "../commit/write-batch.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Journal } from "./journal.ts";

/** Rows that are read at a time. */
const PAGE = 64;
/** A history may grow over its limit by this part of it, so that it is cut rarely. */
const SLACK = 0.1;
/** The most flows whose numbers of entries are in memory. */
const MOST_COUNTED = 100_000;

/** How the layer above reads its entries. */
export interface HistoryEntries {
  /** Tells whether an entry stays, however long the history is. */
  isKept(entry: Json): boolean;
  /** Makes an entry for a gap. */
  gap(missing: number, at: number): Json;
  /** Returns the number of entries that an entry counts for: 1, or the lost ones of a gap. */
  weight(entry: Json): number;
}

/** Collaborators of {@link HistoryLimit}. */
export interface HistoryLimitParts {
  readonly journal: Pick<Journal, "batch" | "read">;
  readonly commits: { readonly batch: Pick<WriteBatch, "afterCommit"> };
  readonly dispatcher: Pick<Dispatcher, "wake">;
  /** The number of the first flow of this process. */
  readonly firstFlow: string;
  readonly limit: number;
  readonly entries: HistoryEntries;
}

/**
 * Bounds the history of each flow.
 *
 * HL1 A history over its limit loses its oldest entries. The same commit puts an entry with their
 *     number at the place of the last of them. So a reader in the middle of them sees the gap.
 * HL2 A flow has one cut at a time. Until its commit, the store still holds the rows that it
 *     replaces, and a second cut would count their entries again.
 */
export class HistoryLimit {
  readonly #parts: HistoryLimitParts;
  /** Numbers of stored entries, by flow. */
  readonly #counts = new Map<string, number>();
  /** The last flow when counts were forgotten. Flows up to it may have stored entries. */
  #lastForgotten = "";
  /** Flows whose cuts are not committed yet. */
  readonly #cutting = new Set<string>();

  constructor(parts: HistoryLimitParts) {
    this.#parts = parts;
  }

  /** Counts entries that a commit adds to a history. */
  added(flow: string, entries: number): void {
    const { commits } = this.#parts;
    const count = this.#countOf(flow) + entries;
    this.#counts.set(flow, count);
    if (this.#isTooLong(count)) commits.batch.afterCommit.push(() => this.#cut(flow));
    if (this.#counts.size > MOST_COUNTED) this.#forgetHalf();
  }

  #isTooLong(count: number): boolean {
    return count > this.#parts.limit * (1 + SLACK);
  }

  #countOf(flow: string): number {
    return this.#counts.get(flow) ?? this.#countStored(flow);
  }

  /** Counts the stored entries of a flow. A flow that is new to this process has none. */
  #countStored(flow: string): number {
    if (flow >= this.#parts.firstFlow && flow > this.#lastForgotten) return 0;
    let count = 0;
    for (const row of this.#rowsOf(flow)) count += row.count;
    return count;
  }

  /** Forgets the counts that are in memory for longest. The next entry of such a flow counts anew. */
  #forgetHalf(): void {
    let left = this.#counts.size / 2;
    for (const flow of this.#counts.keys()) {
      if (left-- <= 0) return;
      this.#counts.delete(flow);
      if (flow > this.#lastForgotten) this.#lastForgotten = flow;
    }
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
    const { limit, entries, commits, dispatcher } = this.#parts;
    if (this.#cutting.has(flow)) return;
    const before = this.#countOf(flow);
    if (!this.#isTooLong(before)) return;
    let count = before;
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
    this.#cutting.add(flow);
    commits.batch.afterCommit.push(() => {
      this.#cutting.delete(flow);
      // A history of rows that stay cannot become shorter.
      if (count < before) this.#cut(flow);
    });
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
