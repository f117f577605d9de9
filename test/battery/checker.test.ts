import { describe, expect, test } from "vitest";
import { check } from "../../battery/checker/check.ts";
import type { Breach } from "../../battery/history/verdict.ts";
import type { Entry, Said } from "../../battery/ledger/entry.ts";
import type { Json } from "../../src/core/data/json.ts";
import { wellTold } from "./support/well-told.ts";

const { seed, entries, operations } = wellTold();

/**
 * Returns the violations in the story after entries are changed. `null` removes one, a list
 * replaces it.
 */
function breachesIn(change: (entry: Entry) => Entry | null | readonly Entry[]): readonly Breach[] {
  const changed = entries.flatMap((entry) => change(entry) ?? []);
  return [...new Set(check(seed, changed).violations.map(({ what }) => what))];
}

/** Changes the final status of an operation. */
function standing(name: keyof typeof operations, made: object): (entry: Entry) => Entry {
  return (entry) =>
    entry.what === "standing" && entry.op === operations[name].number
      ? ({ ...entry, standing: made } as Entry)
      : entry;
}

/** Changes a state through the text of its values. */
function state(place: RegExp, change: (text: string) => string): (entry: Entry) => Entry {
  return (entry) =>
    entry.what === "state" && place.test(entry.place)
      ? { ...entry, values: JSON.parse(change(JSON.stringify(entry.values))) as Json }
      : entry;
}

/** Changes the effects of an operation's handlers. */
function effects(
  name: keyof typeof operations,
  change: (entry: Extract<Entry, { what: "effect" }>) => Entry | null,
): (entry: Entry) => Entry | null {
  return (entry) =>
    entry.what === "effect" && entry.op === operations[name].number ? change(entry) : entry;
}

const { number: keyless } = operations.keyless;
const { number: blocked } = operations.blocked;
const { number: retried } = operations.retried;

test("a correct story has no violation, and its requests are counted", () => {
  const { violations, requests, recoveriesMs } = check(seed, entries);
  expect(violations).toEqual([]);
  expect(requests).toEqual({ acknowledged: 23, indeterminate: 3, failed: 1 });
  expect(recoveriesMs).toEqual([4]);
});

describe("violations that lose something", () => {
  test.each<[string, (entry: Entry) => Entry | null]>([
    ["a flow whose start was acknowledged", standing("retried", { status: "absent" })],
    [
      "a flow that only a handler's effect tells of",
      (entry) => (entry.what === "ack" ? null : standing("retried", { status: "absent" })(entry)),
    ],
    [
      "a flow that began anew after it was acknowledged",
      (entry) =>
        entry.what === "standing" && entry.op === retried
          ? { ...entry, startedAt: 2_000_000 }
          : entry,
    ],
    [
      "a flow that a client was told is not there",
      (entry) =>
        entry.what === "effect" && entry.op === retried
          ? { life: 1, at: 0, what: "absent", op: retried }
          : entry,
    ],
    [
      "a part that is not in the book",
      state(/book/, (text) => text.replace(`"${blocked} first":1,`, "")),
    ],
    [
      "a flow without a key",
      state(/book/, (text) => text.replace(new RegExp(`"${keyless} \\d\\.\\d+":1,?`), "")),
    ],
    ["a number that is in no log", state(/battery\/log/, (text) => text.replace(/,"\d:1"/, ""))],
    [
      "a withdrawal that was forgotten",
      state(/account/, (text) => text.replace(`"out":1`, `"out":0`)),
    ],
    ["money", state(/account/, (text) => text.replace(/"balance":\d+/, `"balance":600`))],
    ["a charge", state(/till/, (text) => text.replace(/"charged":\{"\d+":1\}/, `"charged":{}`))],
    ["a receipt", effects("transfer", (entry) => (entry.part === "receipt" ? null : entry))],
    [
      "a settlement that was acknowledged",
      standing("promise", { status: "completed", value: "decision 0" }),
    ],
    [
      "an event that was acknowledged",
      standing("event", {
        status: "completed",
        value: eventNames().filter((_, index) => index !== 1),
      }),
    ],
    ["a count", state(/counter/, (text) => text.replace("2", "1"))],
    [
      "a count that another one was given as well",
      standing("nextCounter", { status: "completed", value: 1 }),
    ],
    [
      "a flow that only a client's result tells of",
      (entry) => (entry.what === "result" ? { ...entry, op: operations.left.number } : entry),
    ],
    ["that a clerk gave numbers away", standing("nextLog", { status: "completed", value: 0 })],
    [
      "a cancellation that was acknowledged",
      standing("cancelled", { status: "completed", value: null }),
    ],
  ])("%s", (_, change) => {
    expect(breachesIn(change)).toContain("lost");
  });
});

describe("violations that duplicate something", () => {
  test.each<[string, (entry: Entry) => Entry | null | readonly Entry[]]>([
    [
      "a part that is twice in the book",
      state(/book/, (text) => text.replace(`"${blocked} first":1`, `"${blocked} first":2`)),
    ],
    [
      "a flow without a key",
      state(/book/, (text) => text.replace(new RegExp(`("${keyless} \\d\\.\\d+":)1`), "$12")),
    ],
    [
      "an effect under two idempotency keys",
      (entry) => (entry.what === "effect" ? [entry, { ...entry, key: "another" }] : entry),
    ],
    [
      "a flow that ended in two ways",
      (entry) =>
        entry.what === "result"
          ? [entry, { ...entry, outcome: { status: "completed", value: 7 } }]
          : entry,
    ],
    [
      "a number that is twice in a log",
      state(/battery\/log/, (text) => text.replace(/"(\d):0"/, `"$1:0","$1:0"`)),
    ],
    [
      "a charge",
      state(/till/, (text) => text.replace(/"charged":\{"(\d+)":1/, `"charged":{"$1":2`)),
    ],
    ["a deposit", state(/account/, (text) => text.replace(`"in":1`, `"in":2`))],
    ["a count", state(/counter/, (text) => text.replace("2", "3"))],
    [
      "an event",
      standing("event", {
        status: "completed",
        value: [...eventNames().slice(0, 1), ...eventNames()],
      }),
    ],
    ["a settlement", (entry) => twice(entry, "settle", (request) => ({ what: "ack", request }))],
    [
      "a cancellation",
      (entry) => twice(entry, "cancel", (request) => ({ what: "ack", request, value: true })),
    ],
    [
      "a key",
      (entry) => (entry.what === "result" ? [entry, ...asked("counter", "conflict")] : entry),
    ],
    [
      "numbers that a clerk sent without an order",
      standing("nextLog", { status: "completed", value: 100 }),
    ],
  ])("%s", (_, change) => {
    expect(breachesIn(change)).toContain("duplicated");
  });
});

describe("violations of order", () => {
  test.each<[string, (entry: Entry) => Entry]>([
    [
      "numbers of one sender",
      state(/battery\/log/, (text) => text.replace(/"(\d):0","\d:1"/, `"$1:1","$1:0"`)),
    ],
    [
      "events of one sender",
      standing("event", {
        status: "completed",
        value: eventNames().toSorted((one, other) => (one < other ? 1 : -1)),
      }),
    ],
    ["counts of one client", swapCounts],
  ])("%s", (_, change) => {
    expect(breachesIn(change)).toEqual(["reordered"]);
  });
});

test("a timer is early if it rang before the engine's clock reached its time, or sooner than its delay", () => {
  expect(
    breachesIn(
      effects("timer", (entry) =>
        entry.part === "ring" ? { ...entry, value: entry.at + 1 } : entry,
      ),
    ),
  ).toEqual(["early"]);
  expect(
    breachesIn(
      effects("timer", (entry) => (entry.part === "ring" ? { ...entry, at: 1_000_010 } : entry)),
    ),
  ).toEqual(["early"]);
});

test.each<[string, (entry: Entry) => Entry]>([
  ["a flow that was accepted and does not end", standing("blocked", { status: "pending" })],
  [
    "messages that are left",
    (entry) => (entry.what === "rest" ? { ...entry, messages: 1 } : entry),
  ],
  [
    "delayed messages that are left",
    (entry) => (entry.what === "rest" ? { ...entry, delayed: 1 } : entry),
  ],
])("stuck: %s", (_, change) => {
  expect(breachesIn(change)).toEqual(["stuck"]);
});

describe("violations of correctness", () => {
  test.each<[string, (entry: Entry) => Entry | null | readonly Entry[]]>([
    [
      "a flow whose start was refused, and that is there",
      standing("refused", { status: "completed", value: 3 }),
    ],
    ["a flow that failed", standing("blocked", { status: "failed", code: "FUNCTION_FAILED" })],
    [
      "a part that no operation can have logged",
      state(/book/, (text) =>
        text.replace(`"${retried} done":1`, `"${retried} done":1,"${retried} never":1`),
      ),
    ],
    [
      "a number that was never sent",
      state(/battery\/log/, (text) => text.replace(/"(\d):0"/, `"$1:0","$1:99"`)),
    ],
    [
      "a flow that a client was told is not there",
      (entry) =>
        entry.what === "open" ? [entry, { ...entry, what: "absent", op: retried }] : entry,
    ],
    [
      "a balance",
      state(/account/, (text) =>
        text.replace(/"balance":(\d+)/, (_, found) => `"balance":${Number(found) + 1}`),
      ),
    ],
    ["a join of too few leaves", standing("fanOut", { status: "completed", value: 0 })],
    ["an attempt too many", standing("retried", { status: "completed", value: 4 })],
    [
      "a value that was never sent",
      standing("promise", { status: "completed", value: "of nobody" }),
    ],
    ["a dead letter", (entry) => (entry.what === "rest" ? { ...entry, dead: 1 } : entry)],
    [
      "an error that a client should not meet",
      (entry) =>
        entry.what === "result" ? [entry, { ...entry, what: "astray", error: "TypeError" }] : entry,
    ],
    [
      "a request that an engine which closed in good order never answered",
      (entry) => (entry.what === "end" && entry.life === 1 ? { ...entry, what: "closed" } : entry),
    ],
  ])("%s", (_, change) => {
    expect(breachesIn(change)).toContain("wrong");
  });
});

test("unacknowledged effects may or may not be present", () => {
  const asked = entries.find((entry) => entry.what === "intend" && entry.op === retried);
  const request = asked?.what === "intend" ? asked.request : undefined;
  expect(
    breachesIn((entry) => (entry.what === "ack" && entry.request === request ? null : entry)),
  ).toEqual([]);
  expect(breachesIn(standing("left", { status: "absent" }))).toEqual([]);
});

/** Repeats each request of a step, with an answer. */
function twice(entry: Entry, step: string, answer: (request: number) => Said): readonly Entry[] {
  if (entry.what !== "intend" || entry.step !== step) return [entry];
  const { life, at } = entry;
  const request = 100 + entry.request;
  return [entry, { ...entry, request }, { ...answer(request), life, at }];
}

/** A request that should not exist, and its acknowledgement. */
function asked(name: keyof typeof operations, step: string): readonly Entry[] {
  const said: readonly Said[] = [
    { what: "intend", request: 999, op: operations[name].number, step },
    { what: "ack", request: 999 },
  ];
  return said.map((each) => ({ ...each, life: 1, at: 1_000_000 }));
}

function eventNames(): readonly string[] {
  const found = entries.find(
    (entry) => entry.what === "standing" && entry.op === operations.event.number,
  );
  if (found?.what !== "standing" || found.standing.status !== "completed")
    throw new Error("the story has no events");
  return found.standing.value as readonly string[];
}

/** The first request counted last. */
function swapCounts(entry: Entry): Entry {
  const { counter, nextCounter } = operations;
  if (entry.what === "result") return { ...entry, outcome: { status: "completed", value: 2 } };
  if (entry.what !== "standing" || (entry.op !== counter.number && entry.op !== nextCounter.number))
    return entry;
  return {
    ...entry,
    standing: { status: "completed", value: entry.op === counter.number ? 2 : 1 },
  };
}
