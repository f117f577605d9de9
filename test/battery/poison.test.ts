import { expect, test } from "vitest";
import type { Entry, Noted, Said } from "../../battery/ledger/entry.ts";
import { mostDeaths, whatIsWrong } from "../../battery/poison/outcome.ts";
import type { Poison, Letter } from "../../battery/ledger/poison-plan.ts";
import { latencyOf } from "../../battery/poison/probes.ts";

const waited: Poison = { name: "waited for", way: "exits", isOneWay: false };
const sent: Poison = { name: "sent", way: "is killed", isOneWay: true };
const poisons = [waited, sent];
const toils = ["toil"];
const letterOf = (input: unknown, change: Partial<Letter> = {}): Letter => ({
  id: JSON.stringify(input),
  input,
  code: "POISONED",
  crashes: 2,
  ...change,
});
const counted = { "waited for": 1, sent: 1, toil: 1 };

/**
 * The entries of a ledger in which poison is handled correctly, and the complaints after a change.
 */
const WELL: readonly Said[] = [
  ...[waited, sent, waited, sent, sent, waited].map(
    ({ name }) => ({ what: "poison-run", name }) as const,
  ),
  { what: "fate", name: "sent", outcome: { status: "completed", value: "sent on" } },
  { what: "fate", name: "waited for", outcome: { status: "completed", value: "waited for" } },
  { what: "fate", name: "toil", outcome: { status: "completed", value: "toil" } },
  { what: "poisoning", letters: poisons.map((poison) => letterOf(poison)), counted: { toil: 1 } },
  { what: "poisoning", letters: [], counted },
];
function wrongIn(change: (said: Said) => Said | null): readonly string[] {
  const entries = WELL.flatMap((said) => change(said) ?? []).map((said): Entry => ({
    ...said,
    life: 1,
    at: 0,
  }));
  return whatIsWrong(entries, { poisons, toils });
}
/** Changes the dead letters if there are any. */
const letters =
  (made: readonly Letter[]) =>
  (said: Said): Said =>
    said.what === "poisoning" && said.letters.length > 0 ? { ...said, letters: made } : said;
const lastEaten =
  (made: Readonly<Record<string, number>>) =>
  (said: Said): Said =>
    said.what === "poisoning" && said.letters.length === 0 ? { ...said, counted: made } : said;

test("poison that was given up, reported, and completed once after the fix is correct", () => {
  expect(wrongIn((said) => said)).toEqual([]);
});

test.each<[string, (said: Said) => Said | null, RegExp]>([
  ["is not given up", letters([letterOf(waited)]), /sent has 0 dead letters/],
  [
    "is given up twice",
    letters([letterOf(waited), letterOf(sent), letterOf(sent, { id: "another" })]),
    /sent has 2/,
  ],
  [
    "is given up with another payload",
    letters([letterOf(waited), letterOf({ ...sent, way: "exits" })]),
    /sent has 0.*|innocent/,
  ],
  [
    "is given up for another cause",
    letters([letterOf(waited), letterOf(sent, { code: "FUNCTION_FAILED" })]),
    /as FUNCTION_FAILED/,
  ],
  [
    "is given up too soon",
    letters([letterOf(waited), letterOf(sent, { crashes: 1 })]),
    /for 1 deaths/,
  ],
  [
    "takes something innocent with it",
    letters([letterOf(waited), letterOf(sent), letterOf({ name: "toil" })]),
    /an innocent message/,
  ],
  [
    "is handled too rarely to be known for what it is",
    (said) => (said.what === "poison-run" && said.name === "sent" ? null : said),
    /sent was handled 0 times/,
  ],
  [
    "is not told of",
    (said) => (said.what === "fate" && said.name === "waited for" ? null : said),
    /was not reported/,
  ],
  [
    "tells its caller before it is mended",
    (said) =>
      said.what === "fate" && said.name === "waited for"
        ? { ...said, outcome: { status: "failed", code: "POISONED" } }
        : said,
    /of waited for it was told "POISONED"/,
  ],
  ["is not done when it is mended", lastEaten({ ...counted, sent: 0 }), /sent was done 0 times/],
  ["is done twice when it is mended", lastEaten({ ...counted, sent: 2 }), /sent was done 2 times/],
  [
    "has something innocent done twice",
    lastEaten({ ...counted, toil: 2 }),
    /toil was done 2 times/,
  ],
  [
    "stays a dead letter",
    (said) => (said.what === "poisoning" ? { ...said, letters: [letterOf(sent)] } : said),
    /1 letters are left/,
  ],
])("the checker reports poison that %s", (_, change, complaint) => {
  expect(wrongIn(change).join("\n")).toMatch(complaint);
});

test("the checker reports poison that is handled more often than the limit", () => {
  const entries = [
    ...WELL,
    ...Array.from({ length: 3 }, (): Said => ({ what: "poison-run", name: "sent" })),
  ].map((said): Entry => ({
    ...said,
    life: 1,
    at: 0,
  }));
  expect(whatIsWrong(entries, { poisons, toils })).toEqual([
    "sent was handled 6 times before it was given up",
  ]);
  expect(mostDeaths(2)).toBe(10);
});

test("calls are timed from the end of the opening, per process, and unanswered ones count until their last wait", () => {
  const line = (life: number, at: number, said: Said | Noted): Entry => ({ ...said, life, at });
  const calls = Array.from({ length: 100 }, (_, number) => [
    line(1, 1_400 + number, { what: "probe", number }),
    line(1, 1_402 + number, { what: "probed", number, ms: number }),
  ]).flat();
  const entries = [
    line(1, 1_000, { what: "open" }),
    line(1, 1_100, { what: "probe", number: 100 }),
    line(1, 1_300, { what: "probed", number: 100, ms: 200 }),
    ...calls,
    line(2, 1_400, { what: "probe", number: 0 }),
    line(1, 1_800, { what: "probe", number: 101 }),
    line(1, 9_800, { what: "end", code: null, signal: "SIGKILL" }),
  ];
  expect(latencyOf(entries, [1])).toEqual({ count: 101, p99Ms: 99 });
  expect(latencyOf(entries, [1], { opening: true })).toEqual({ count: 102, p99Ms: 200 });
  expect(
    latencyOf(
      entries.filter((entry) => entry.what !== "probed"),
      [1],
    ).p99Ms,
  ).toBeGreaterThan(8_000);
  expect(latencyOf(entries, [3])).toEqual({ count: 0, p99Ms: 0 });
});
