/** Number of notes from which the list is made shorter. */
const MANY_NOTES = 4_096;
/** Least time between two notes. */
const LEAST_NS = 10_000_000;
/** Largest error of an age. */
const ERROR = 0.01;

/** The number of the first message of a batch, and the instant at which its commit began. */
interface Note {
  readonly seq: number;
  readonly ns: number;
}

/**
 * Remembers when messages came, in bounded memory.
 *
 * AT1 The age of a message is at most 1 % or 10 ms too long, and too short by the time for which
 *     its batch waited for its commit.
 */
export class ArrivalTimes {
  #notes: Note[];

  /** All messages that are stored already seem to come at this instant. */
  constructor(ns: number) {
    this.#notes = [{ seq: 0, ns }];
  }

  /** Notes that messages from this number on come at this instant. */
  note(seq: number, ns: number): void {
    const last = this.#notes.at(-1);
    if (last !== undefined && (ns < last.ns + LEAST_NS || seq === last.seq)) return;
    this.#notes.push({ seq, ns });
    if (this.#notes.length > MANY_NOTES) this.#notes = thinned(this.#notes, ns);
  }

  /** Returns the instant at which a message seems to have come. */
  of(seq: number): number {
    return this.#notes.findLast((note) => note.seq <= seq)?.ns ?? 0;
  }

  /** The number of notes, for tests. */
  get size(): number {
    return this.#notes.length;
  }
}

/** Drops each note without which the ages of all messages stay precise enough. */
function thinned(notes: readonly Note[], nowNs: number): Note[] {
  const kept: Note[] = [];
  let newer = { ns: nowNs };
  for (let at = notes.length - 1; at >= 0; at--) {
    const [note, older] = [notes[at], notes[at - 1]];
    if (note === undefined) continue;
    const isNeeded = older === undefined || newer.ns - older.ns > ERROR * (nowNs - newer.ns);
    if (isNeeded) kept.push((newer = note));
  }
  return kept.toReversed();
}
