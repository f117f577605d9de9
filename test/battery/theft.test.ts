import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Entry, Said } from "../../battery/ledger/entry.ts";
import { isRefused } from "../../battery/theft/is-refused.ts";
import { lateAcknowledgements } from "../../battery/theft/late-acknowledgements.ts";
import { runThefts } from "../../battery/theft/lock-theft.ts";
import { anywhere, inProcess, theftOf } from "../../battery/theft/thefts.ts";
import { visitors } from "../../battery/theft/visitors.ts";
import { Tally } from "../../battery/trial/tally.ts";
import { temporaryDirectory } from "../stores/support/temporary-directory.ts";

const SEED = 3;

test("each theft of a store is found by its description", () => {
  for (const theft of [...inProcess, ...anywhere]) expect(theftOf(theft.how)).toBe(theft);
});

test("a visitor may fail at a store that it cannot read, and else succeeds", async () => {
  const folder = temporaryDirectory();
  const [whole, damaged] = [join(folder, "whole.db"), join(folder, "damaged.db")];
  new DatabaseSync(whole).close();
  await writeFile(damaged, "no database".repeat(100));
  for (const { visit } of visitors) {
    expect(await visit(whole)).toBe(true);
    expect(await visit(damaged)).toBe(false);
  }
});

test("an operation that is begun and acknowledged after the loss of a store is found", () => {
  const entry = (said: Said, at: number, life = 1): Entry => ({ ...said, life, at });
  const intend = (request: number, op: number, at: number, life = 1): Entry =>
    entry({ what: "intend", request, op, step: "start" }, at, life);
  const ack = (request: number, at: number, life = 1): Entry =>
    entry({ what: "ack", request }, at, life);
  const before = [intend(1, 1, 10), intend(2, 2, 11), ack(1, 12), intend(1, 9, 40, 2)];
  const fine = [ack(2, 60), intend(3, 1, 61), ack(3, 62), intend(4, 3, 63), ack(4, 64, 2)];
  const loss = { life: 1, at: 50 };
  expect(lateAcknowledgements([...before, ...fine], loss)).toBe(0);
  expect(lateAcknowledgements([...before, ...fine, ack(4, 70)], loss)).toBe(1);
});

test("a refused store hides no other violation", () => {
  const refused = { what: "lost", operation: "process 2", said: "STORE_INCOMPLETE" } as const;
  const twice = { what: "duplicated", operation: "chain 1", said: "ran twice" } as const;
  expect(isRefused({ violations: [refused] })).toBe(true);
  expect(isRefused({ violations: [] })).toBe(false);
  expect(isRefused({ violations: [twice] })).toBe(false);
  expect(isRefused({ violations: [refused, twice] })).toBe(false);
});

test("a store whose lock or files are stolen keeps all acknowledged work", async () => {
  const tally = new Tally();
  await runThefts(
    { seed: SEED, folder: temporaryDirectory(), until: Number.POSITIVE_INFINITY, tally },
    { thefts: 3 },
  );
  expect({ failures: tally.failures, violations: tally.violations }).toEqual({
    failures: [],
    violations: [],
  });
  expect(tally.count("thefts")).toBeGreaterThan(0);
  expect(tally.count("theftsVisits")).toBeGreaterThan(0);
  expect(tally.requests.acknowledged).toBeGreaterThan(100);
});
