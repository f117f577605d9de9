import type { JournalRow } from "../../../core/engine/journal.ts";
import type { JournalChanges, JournalRange, StoreInfo } from "../../../stores/store.ts";

/** Takes the next positions of the journal, and returns the first of them. */
export type TakePositions = (count: number) => number;

/** A row of the journal while its batch gathers entries. */
export interface JournalDraft extends Omit<JournalRow, "position" | "text"> {
  /** Encodes its entries. `first` is the position of the first one. */
  encode(first: number): string;
}

/**
 * Positions that belong to one opening of a store, so that the positions of deleted rows are not
 * given again after a restart.
 */
const POSITIONS_PER_OPENING = 2 ** 30;
const MOST_OPENINGS = 2 ** 22;

/** Returns the first position that an opening gives: above those of all rows, and of all openings. */
export function firstPosition({
  nextPosition = 1,
  generation = 0,
}: Partial<Pick<StoreInfo, "nextPosition" | "generation">>): number {
  return Math.max(nextPosition, Math.min(generation, MOST_OPENINGS) * POSITIONS_PER_OPENING);
}

/**
 * The changes of the journal in one batch. Entries get their positions when the batch is handed to
 * the store, so positions follow the order of commits.
 */
export class JournalBatch {
  #drafts: JournalDraft[] = [];
  #replacing: JournalRow[] = [];
  readonly #deleted: JournalRange[] = [];
  /** The position of its last entry, once the batch was handed to the store. 0: none. */
  lastPosition = 0;

  /** The flows that get new rows. */
  get flows(): Iterable<string> {
    return this.#drafts.map(({ flow }) => flow);
  }

  append(draft: JournalDraft): void {
    this.#drafts.push(draft);
  }

  /** Puts a row in the place of others, which earlier commits have written. */
  replace(rows: readonly JournalRow[], by: JournalRow): void {
    for (const { flow, position } of rows)
      this.#deleted.push({ flow, from: position, to: position });
    this.#replacing.push(by);
  }

  /** Deletes all rows of a flow, also those that this batch would add. */
  deleteFlow(flow: string): void {
    this.#drafts = this.#drafts.filter((draft) => draft.flow !== flow);
    this.#replacing = this.#replacing.filter((row) => row.flow !== flow);
    this.#deleted.push({ flow, from: 0, to: Number.MAX_SAFE_INTEGER });
  }

  /** Converts the changes to the store's form. */
  toStore(takePositions: TakePositions): JournalChanges {
    const appended = this.#drafts.map((draft) => {
      const { count, flow, owner, topic, at } = draft;
      const first = takePositions(count);
      const position = first + count - 1;
      this.lastPosition = position;
      return { position, count, flow, owner, topic, at, text: draft.encode(first) };
    });
    return { deleted: this.#deleted, appended: [...this.#replacing, ...appended] };
  }
}
