/**
 * A row of the journal: entries of one flow and one topic that were written in one commit.
 *
 * The journal is an append-only log. The history of flows and the streams of handlers are topics of
 * it.
 */
export interface JournalRow {
  /**
   * Position of its last entry. Positions grow from commit to commit, and no two entries of a store
   * have the same.
   */
  readonly position: number;
  /** Number of its entries. Their positions are the ones up to `position`. */
  readonly count: number;
  /** Number of the flow: 16 hex digits. */
  readonly flow: string;
  /** Key of the flow, under which its record is found. */
  readonly owner: string;
  readonly topic: string;
  /** Time (ms) at which the first entry was made. */
  readonly at: number;
  /** The entries, as their topic encodes them. */
  readonly text: string;
}

/** A question to the journal: rows with entries above a position. */
export interface JournalQuery {
  /** Absent: all flows. */
  readonly flow?: string | undefined;
  /** Absent: all topics. */
  readonly topic?: string | undefined;
  /** Rows whose last entry is above this position. */
  readonly after: number;
  /** Largest number of rows. */
  readonly limit: number;
}

/** The committed journal, as clients read it. */
export interface JournalReader {
  /** Reads committed rows in the order of their positions. */
  read(query: JournalQuery): readonly JournalRow[];
  /** Resolves after other work of the engine had its turn. A long reading waits for it. */
  nextTurn(): Promise<void>;
  /**
   * Calls back after each commit with new rows of the flow (absent: of any flow). Returns a function
   * that stops this.
   */
  watch(flow: string | undefined, onAppended: () => void): () => void;
}
