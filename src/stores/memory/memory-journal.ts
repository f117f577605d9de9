import type { JournalQuery, JournalRow } from "../../core/engine/journal.ts";
import type { JournalChanges } from "../store.ts";

/** The journal of the memory store: all rows in the order of their positions, and those by flow. */
export class MemoryJournal {
  #rows: JournalRow[] = [];
  readonly #byFlow = new Map<string, JournalRow[]>();

  /** A position above those of all rows. */
  get nextPosition(): number {
    return (this.#rows.at(-1)?.position ?? 0) + 1;
  }

  /** Deletes rows, then adds rows. */
  apply({ deleted, appended }: JournalChanges): void {
    const gone = new Set<JournalRow>();
    for (const { flow, from, to } of deleted) {
      const rows = this.#byFlow.get(flow) ?? [];
      for (const row of rows) if (row.position >= from && row.position <= to) gone.add(row);
      const left = rows.filter((row) => !gone.has(row));
      if (left.length > 0) this.#byFlow.set(flow, left);
      else this.#byFlow.delete(flow);
    }
    if (gone.size > 0) this.#rows = this.#rows.filter((row) => !gone.has(row));
    for (const row of appended) {
      this.#insert(this.#rows, row);
      const ofFlow = this.#byFlow.get(row.flow);
      if (ofFlow === undefined) this.#byFlow.set(row.flow, [row]);
      else this.#insert(ofFlow, row);
    }
  }

  /** @see Store.readJournal */
  read({ flow, topic, after, limit }: JournalQuery): readonly JournalRow[] {
    const rows = flow === undefined ? this.#rows : (this.#byFlow.get(flow) ?? []);
    const found: JournalRow[] = [];
    for (let index = firstAbove(rows, after); index < rows.length; index++) {
      const row = rows[index];
      if (found.length >= limit) break;
      if (row !== undefined && (topic === undefined || row.topic === topic)) found.push(row);
    }
    return found;
  }

  /** Nearly every row goes to the end. */
  #insert(rows: JournalRow[], row: JournalRow): void {
    const at = firstAbove(rows, row.position);
    if (at === rows.length) rows.push(row);
    else rows.splice(at, 0, row);
  }
}

/** Returns the index of the first row above a position, by halving. */
function firstAbove(rows: readonly JournalRow[], position: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.position ?? 0) > position) high = middle;
    else low = middle + 1;
  }
  return low;
}
