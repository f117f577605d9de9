import { expect, test } from "vitest";
import type { Violation } from "../../battery/history/verdict.ts";
import { scheduleEndings } from "../../battery/kills/schedule.ts";
import { readOptions } from "../../battery/options.ts";
import { toCell, toComplaints, toReport } from "../../battery/report.ts";
import type { Run } from "../../battery/report.ts";
import { minutesOfLong } from "../../battery/share-of-time.ts";
import { Tally } from "../../battery/trial/tally.ts";
import type { Trial } from "../../battery/trial/trial.ts";
import { roundOf } from "../../battery/trials.ts";
import { SeededRandom } from "../../src/testing/simulation/faults/seeded-random.ts";

const trial = (name: string): Trial => ({
  name,
  about: "of nothing",
  rows: [{ count: `${name}s`, label: `${name}s of all kinds` }],
  missing: () => Promise.resolve(undefined),
  run: () => Promise.resolve(),
});
const trials = [trial("kill"), trial("cut")];
const run: Run = {
  seed: 7,
  minutes: 1.25,
  trials,
  lacks: new Map([["cut", "there is no disk to spare"]]),
};

/** Returns the cells of the report's table, by their labels. */
function rowsOf(tally: Tally): ReadonlyMap<string, string> {
  const cells = toReport(tally, run).matchAll(/│ (.+?) +│ +(.+?) │/g);
  return new Map(Array.from(cells, ([, label = "", value = ""]) => [label, value]));
}

test("a report adds up the results of all trials, and lists the trials that did not run", () => {
  const [tally, one] = [new Tally(), new Tally()];
  one.add("kills", 1_000);
  one.add("kills");
  one.judge({
    requests: { acknowledged: 5, indeterminate: 2, failed: 1 },
    violations: [],
    recoveriesMs: [30, 10, 20],
  });
  tally.merge(one);
  tally.merge(one);
  const rows = rowsOf(tally);
  expect(Object.fromEntries(rows)).toMatchObject({
    seed: "7",
    "kills of all kinds": "2,002",
    "cuts of all kinds": "not run",
    lost: "0",
  });
  expect(rows.get("operations acknowledged")).toBe("10");
  expect([rows.get("recovery p50"), rows.get("recovery p99")]).toEqual(["20 ms", "30 ms"]);
  expect(tally.isRed).toBe(false);
  expect(toReport(tally, run)).toContain("cut was not run: there is no disk to spare");
});

test("one violation, or one failure without a verdict, fails the report and is shown", () => {
  const lost: Violation = { what: "lost", operation: "op-3", said: "it is gone" };
  const tally = new Tally();
  tally.judge({
    requests: { acknowledged: 1, indeterminate: 0, failed: 0 },
    violations: [lost],
    recoveriesMs: [],
  });
  expect(tally.isRed).toBe(true);
  expect(rowsOf(tally).get("lost")).toBe("1");
  expect(toReport(tally, run)).toMatch(/RED$/);
  expect(toComplaints(tally)).toBe("  lost: op-3: it is gone");
  const other = new Tally();
  other.fail("a lock was not held");
  expect(other.isRed).toBe(true);
});

test("the report shows the largest measurement of all trials, and the notes of the trials below", () => {
  const [tally, one, other] = [new Tally(), new Tally(), new Tally()];
  const row = { peak: "wait", unit: "ms", label: "longest wait" };
  expect(toCell(row, tally)).toBe("none");
  one.reach("wait", 1_234.567);
  one.reach("wait", 7);
  other.reach("wait", 900);
  other.note("it rained");
  tally.merge(one);
  tally.merge(other);
  expect(toCell(row, tally)).toBe("1,234.57 ms");
  expect(toReport(tally, run)).toMatch(/┘\nit rained\n/);
});

test("a long trial has a small share of a long run, an equal share if it is named, and none otherwise", () => {
  expect(minutesOfLong({ minutes: 19, trials: 13, isNamed: false })).toBe(0);
  expect(minutesOfLong({ minutes: 20, trials: 13, isNamed: false })).toBe(3);
  expect(minutesOfLong({ minutes: 60, trials: 13, isNamed: false })).toBe(9);
  expect(minutesOfLong({ minutes: 30, trials: 1, isNamed: true })).toBe(30);
  expect(minutesOfLong({ minutes: 3, trials: 3, isNamed: true })).toBe(1);
});

test("the command line selects trials, and a seed that repeats a run", () => {
  const {
    minutes,
    seed,
    keep,
    isNamed,
    trials: chosen,
  } = readOptions(["--minutes", "0.5", "--seed", "9", "--only", "cut"], trials);
  expect({ minutes, seed, keep, isNamed, chosen }).toEqual({
    minutes: 0.5,
    seed: 9,
    keep: false,
    isNamed: true,
    chosen: [trials[1]],
  });
  expect(readOptions([], trials)).toMatchObject({ trials, isNamed: false });
  const schedule = (): unknown => scheduleEndings(new SeededRandom(seed), { count: 50, busy: 900 });
  expect(schedule()).toEqual(schedule());
});

test("in a round each trial has its share of turns, spread evenly", () => {
  const [kill, cut] = trials;
  if (kill === undefined || cut === undefined) throw new Error("there are no trials");
  const names = roundOf([{ ...kill, share: 4 }, { ...cut, share: 2 }, trial("fault")]).map(
    ({ name }) => name,
  );
  expect(names).toEqual(["kill", "cut", "kill", "fault", "kill", "cut", "kill"]);
});
