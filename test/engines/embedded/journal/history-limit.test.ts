import fc from "fast-check";
import { expect, test } from "vitest";
import type { JournalDraft } from "../../../../src/engines/embedded/commit/journal-batch.ts";
import { JournalBatch } from "../../../../src/engines/embedded/commit/journal-batch.ts";
import { HistoryLimit } from "../../../../src/engines/embedded/journal/history-limit.ts";
import { decodeHistoryRow, encodeHistoryRow } from "../../../../src/core/engine/history-row.ts";
import {
  encodeHistoryFact,
  historyEntries,
} from "../../../../src/futures/history/history-facts.ts";
import { MemoryJournal } from "../../../../src/stores/memory/memory-journal.ts";

const LIMIT = 100;
const entry = encodeHistoryFact({ type: "timerFired", at: 0, timer: "t" });

/** A batch with its callbacks, as the engine gathers it. */
class Gathering {
  readonly journal = new JournalBatch();
  readonly afterCommit: (() => void)[] = [];
}

/**
 * A journal whose commits overlap as those of the engine do: the next batch is handed to the store
 * before the results of the last one are delivered.
 */
class OverlappingCommits {
  readonly stored = new MemoryJournal();
  readonly limit: HistoryLimit;
  #batch = new Gathering();
  #inFlight: { changes: ReturnType<JournalBatch["toStore"]>; done: readonly (() => void)[] }[] = [];
  #position = 1;
  #isAwake = false;

  constructor(firstFlow = "0") {
    const gathering = () => this.#batch;
    this.limit = new HistoryLimit({
      journal: {
        get batch() {
          return gathering().journal;
        },
        read: (query: Parameters<MemoryJournal["read"]>[0]) => this.stored.read(query),
      },
      commits: {
        get batch() {
          return gathering();
        },
      },
      dispatcher: { wake: () => (this.#isAwake = true) },
      firstFlow,
      limit: LIMIT,
      entries: historyEntries,
    });
  }

  /** Nothing has woken the engine since the last turn. */
  get isIdle(): boolean {
    return !this.#isAwake;
  }

  add(flow: string, count: number, added = entry): void {
    const draft: JournalDraft = {
      flow,
      owner: flow,
      topic: "history",
      at: 0,
      count,
      encode: () => {
        this.limit.added(flow, count);
        return encodeHistoryRow(Array.from({ length: count }, () => added));
      },
    };
    this.#batch.journal.append(draft);
  }

  /** Ends the commit in flight after it has begun the next one. */
  turn(): void {
    this.#isAwake = false;
    const { journal, afterCommit } = this.#batch;
    const ended = this.#inFlight.shift();
    if (ended !== undefined) this.stored.apply(ended.changes);
    this.#batch = new Gathering();
    const changes = journal.toStore((count) => (this.#position += count) - count);
    this.#inFlight.push({ changes, done: afterCommit });
    for (const callback of ended?.done ?? []) callback();
  }

  /** Returns the entries of all rows of a flow. */
  entries(flow: string) {
    const rows = this.stored.read({ flow, after: 0, limit: 1e6 });
    const positions = new Set(rows.map(({ position }) => position));
    if (positions.size < rows.length) throw new Error("two rows have one position");
    return rows.flatMap(({ text }) => decodeHistoryRow(text));
  }
}

test("a history over its limit counts each lost entry once, however commits overlap", () => {
  const counts = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
  fc.assert(
    fc.property(counts, (added) => {
      const commits = new OverlappingCommits();
      for (const count of added) {
        if (count > 0) commits.add("1", count);
        commits.turn();
      }
      for (let turn = 0; turn < 6; turn++) commits.turn();
      const left = commits.entries("1");
      const told = left.reduce((sum: number, each) => sum + historyEntries.weight(each), 0);
      expect(told).toBe(added.reduce((sum, count) => sum + count, 0));
      // The slack, and one row that is not cut in the middle.
      expect(left.length).toBeLessThanOrEqual(LIMIT * 1.1 + 1);
    }),
  );
});

test("a history keeps its limit after its count was forgotten for those of many others", () => {
  const commits = new OverlappingCommits();
  const ofFlow: unknown[] = [];
  const { stored } = commits;
  const read = stored.read.bind(stored);
  stored.read = (query) => {
    if (query.flow === "1") ofFlow.push(query);
    return read(query);
  };
  commits.add("1", 60);
  commits.turn();
  for (let other = 2 ** 20; other < 2 ** 20 + 150_000; other++)
    commits.limit.added(other.toString(16), 20);
  expect(ofFlow).toHaveLength(0);
  commits.add("1", 60);
  commits.turn();
  expect(ofFlow).toHaveLength(1);
  for (let turn = 0; turn < 6; turn++) commits.turn();
  expect(commits.entries("1").length).toBeLessThanOrEqual(LIMIT * 1.1);
});

test("a history of entries that all stay is cut no more often than it grows", () => {
  const commits = new OverlappingCommits();
  const kept = encodeHistoryFact({ type: "started", at: 0, function: "a/b" });
  commits.add("1", 150, kept);
  for (let turn = 0; turn < 4; turn++) commits.turn();
  commits.add("1", 20);
  for (let turn = 0; turn < 8; turn++) commits.turn();
  expect(commits.isIdle).toBe(true);
  expect(commits.entries("1")).toHaveLength(151);
});
