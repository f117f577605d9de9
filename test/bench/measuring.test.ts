import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { callEach, Tally } from "../../bench/measure/load.ts";
import { FastClock } from "../../bench/measure/fast-clock.ts";
import { parsePages, readPages } from "../../bench/measure/usage.ts";
import { readTokens, TokenFile } from "../../bench/measure/workloads.ts";
import { median, quantile } from "../../bench/measure/statistics.ts";

function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), "handback-test-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test("the median is the middle value, or the mean of two; a quantile is a value that this share does not exceed", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 2.5, Number.NaN]);
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(hundred, share))).toEqual([1, 50, 99, 100]);
});

test("callers make each call once, with no more at a time than there are callers", async () => {
  const [done, atOnce]: [number[], number[]] = [[], []];
  let running = 0;
  await callEach(10, 3, async (n) => {
    atOnce.push(++running);
    await Promise.resolve();
    running--;
    done.push(n);
  });
  expect(done.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(Math.max(...atOnce)).toBe(3);
});

test("a tally knows when it is complete, and rejects one too many", async () => {
  const tally = new Tally(2);
  tally.add();
  tally.add();
  await tally.isComplete;
  expect(() => tally.add()).toThrow("one more");
});

test("any number of tokens come back from their file in order", () => {
  const path = join(scratch(), "tokens");
  const tokens = Array.from({ length: 2_345 }, (_, n) => `token-${n}`);
  const file = new TokenFile(path);
  for (const token of tokens) file.add(token);
  file.close();
  expect([...readTokens(path)]).toEqual(tokens);
});

test("the pages of a file are those that SQLite counts", () => {
  const path = join(scratch(), "pages.db");
  const database = new DatabaseSync(path);
  database.exec(
    "CREATE TABLE filler (text TEXT); INSERT INTO filler SELECT hex(randomblob(40000)); DELETE FROM filler",
  );
  const count = (name: string) => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
  const pages = { total: count("page_count"), free: count("freelist_count") };
  database.close();
  expect(pages.free).toBeGreaterThan(5);
  expect(readPages(path)).toEqual(pages);
});

test("pages are found in a header that is part of something larger", () => {
  const bytes = new Uint8Array(200);
  bytes[100 + 31] = 9;
  bytes[100 + 39] = 4;
  expect(parsePages(bytes.subarray(100))).toEqual({ total: 9, free: 4 });
});

test("a fast clock shortens waits, and no timer is early by its own time", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const clock = new FastClock(100);
  const start = clock.now();
  const firedAt: number[] = [];
  clock.setTimer(1_050, () => firedAt.push(clock.now() - start));
  const cancel = clock.setTimer(500, () => firedAt.push(-1));
  cancel();
  vi.advanceTimersByTime(10);
  expect([clock.now() - start, firedAt]).toEqual([1_000, []]);
  vi.advanceTimersByTime(1);
  expect(firedAt).toEqual([1_100]);
});
