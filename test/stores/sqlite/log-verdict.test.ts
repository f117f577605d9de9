import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMark, encodeMark } from "../../../src/stores/sqlite/file/commit-mark.ts";
import type { CommitMark } from "../../../src/stores/sqlite/file/commit-mark.ts";
import { judgeLog } from "../../../src/stores/sqlite/file/log-verdict.ts";
import type { LogEvidence } from "../../../src/stores/sqlite/file/log-verdict.ts";
import { verifyWal } from "../../../src/stores/sqlite/file/wal-verification.ts";
import { LogHistory } from "../../../src/stores/sqlite/file/log-history.ts";

const STORE = "0123456789abcdef";
const SCHEMA = 20;

const markOf = (commits: number, change: Partial<CommitMark> = {}): CommitMark => ({
  storeId: STORE,
  generation: 1,
  commits,
  schemaVersion: SCHEMA,
  isClosed: false,
  ...change,
});

/** A page of the table with the mark, as SQLite writes it. */
function pageOf(mark: CommitMark): Buffer {
  const page = Buffer.alloc(4_096);
  const text = encodeMark(mark);
  const at = page.length - text.length;
  page.writeUInt8(0x0d, 0);
  page.writeUInt16BE(1, 3);
  page.writeUInt16BE(at - 6, 8);
  page.write(text, at, "latin1");
  return page;
}

/** The history of a log with the commits of these numbers. */
function historyOf(from: number, to: number, change: Partial<CommitMark> = {}): LogHistory {
  const history = new LogHistory();
  for (let commits = from; commits <= to; commits++) {
    history.addPage(7, pageOf(markOf(commits, change)));
    history.endCommit();
  }
  return history;
}

const NO_LOG = { ...verifyWal(Buffer.alloc(0), Buffer.alloc(0)), wasUsed: false };
const logOf = (history: LogHistory) => ({ ...NO_LOG, hasHeader: true, wasUsed: true, history });

const evidence = (change: Partial<LogEvidence>): LogEvidence => ({
  base: { mark: markOf(5), schemaVersion: SCHEMA },
  log: NO_LOG,
  secondLog: undefined,
  lastCommit: undefined,
  ...change,
});

const number = fc.integer({ min: 1, max: 30 });

describe("a file and a log with commits", () => {
  test("belong together if the log continues what is in the file", () => {
    fc.assert(
      fc.property(number, number, number, (inFile, from, length) => {
        const to = from + length - 1;
        const verdict = judgeLog(
          evidence({
            base: { mark: markOf(inFile), schemaVersion: SCHEMA },
            log: logOf(historyOf(from, to)),
          }),
        );
        const fits = from - 1 <= inFile && inFile <= to;
        expect(verdict.is).toBe(fits ? "whole" : "foreign");
      }),
    );
  });

  test("do not belong together if they are of two stores", () => {
    const log = logOf(historyOf(5, 9, { storeId: "fedcba9876543210" }));
    expect(judgeLog(evidence({ log })).is).toBe("foreign");
  });

  test("are incomplete if the log is known to have had later commits", () => {
    const log = logOf(historyOf(5, 7));
    const secondLog = logOf(historyOf(5, 9));
    expect(judgeLog(evidence({ log, secondLog })).is).toBe("incomplete");
    expect(judgeLog(evidence({ log: secondLog, secondLog: log })).is).toBe("whole");
  });

  test("do not belong together if the file was written anew by SQLite, unless the log tells of it", () => {
    const base = { mark: markOf(6), schemaVersion: SCHEMA + 1 };
    const log = logOf(historyOf(5, 9));
    expect(judgeLog(evidence({ base, log })).is).toBe("foreign");
    // A `VACUUM` of an open store goes through the log.
    const vacuumed = historyOf(5, 9);
    const pageOne = Buffer.alloc(4_096);
    pageOne.writeUInt32BE(SCHEMA + 1, 40);
    vacuumed.addPage(1, pageOne);
    vacuumed.endCommit();
    expect(judgeLog(evidence({ base, log: logOf(vacuumed) })).is).toBe("whole");
  });
});

describe("a file without a log", () => {
  test("is whole, can be restored, or is incomplete, as the second name of the log tells", () => {
    fc.assert(
      fc.property(number, number, number, (inFile, from, length) => {
        const to = from + length - 1;
        const verdict = judgeLog(
          evidence({
            base: { mark: markOf(inFile), schemaVersion: SCHEMA },
            secondLog: logOf(historyOf(from, to)),
          }),
        );
        const expected = inFile >= to ? "whole" : inFile >= from - 1 ? "restore" : "incomplete";
        expect(verdict.is).toBe(expected);
      }),
    );
  });

  test("is incomplete if nothing else is known", () => {
    expect(judgeLog(evidence({})).is).toBe("incomplete");
    const secondLog = logOf(historyOf(1, 2, { storeId: "fedcba9876543210" }));
    expect(judgeLog(evidence({ secondLog })).is).toBe("incomplete");
  });

  test("is incomplete, or the log is not enough, if a later commit was acknowledged", () => {
    fc.assert(
      fc.property(number, number, (inFile, known) => {
        const lastCommit = { storeId: STORE, commits: known };
        const verdict = judgeLog(
          evidence({ base: { mark: markOf(inFile), schemaVersion: SCHEMA }, lastCommit }),
        );
        expect(verdict.is).toBe(known <= inFile ? "whole" : "incomplete");
        const log = logOf(historyOf(5, 9));
        expect(judgeLog(evidence({ log, lastCommit })).is).toBe(
          known <= 9 ? "whole" : "incomplete",
        );
        const restored = judgeLog(evidence({ secondLog: log, lastCommit }));
        expect(restored.is).toBe(known <= 9 ? "restore" : "incomplete");
      }),
    );
    const other = { storeId: "fedcba9876543210", commits: 99 };
    expect(judgeLog(evidence({ log: logOf(historyOf(5, 9)), lastCommit: other })).is).toBe("whole");
  });

  test("is whole if the store was closed, if the log has just started anew, or if it has no marks", () => {
    const closed = { mark: markOf(5, { isClosed: true }), schemaVersion: SCHEMA };
    expect(judgeLog(evidence({ base: closed })).is).toBe("whole");
    const log = { ...NO_LOG, hasHeader: true, wasUsed: true };
    expect(judgeLog(evidence({ log })).is).toBe("whole");
    expect(judgeLog(evidence({ base: { mark: undefined, schemaVersion: 3 } })).is).toBe("whole");
  });

  test("is a copy if SQLite has written it as a whole", () => {
    for (const schemaVersion of [1, SCHEMA + 1])
      expect(judgeLog(evidence({ base: { mark: markOf(5), schemaVersion } })).is).toBe("copy");
  });
});

test("a mark is read as it was written, and a damaged one is not read", () => {
  const marks = fc.record({
    storeId: fc.constant(STORE),
    generation: fc.nat(),
    commits: fc.maxSafeNat(),
    schemaVersion: fc.nat(),
    isClosed: fc.boolean(),
  });
  fc.assert(
    fc.property(marks, fc.nat(), (mark, position) => {
      const text = encodeMark(mark);
      expect(decodeMark(text)).toEqual(mark);
      expect(text).toHaveLength(encodeMark(markOf(0)).length);
      const at = position % text.length;
      const other = text[at] === "0" ? "1" : "0";
      expect(decodeMark(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
    }),
  );
});
