import { fn } from "handback";
import type { Fn } from "handback";
import {
  aggregator,
  approval,
  chain,
  choose,
  fanOut,
  keep,
  monitor,
  parallel,
  repeat,
  retry,
  saga,
  tap,
  withTimeout,
} from "handback/patterns";
import type { PatternName } from "handback/patterns";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

const same = fn("law/same", (_, { args }: { result: unknown; args: number }) => args);
const inc = fn("law/inc", (_, n: number) => n + 1);
const zero = fn("law/zero", (_, _given: unknown) => 0);

type Wait = Fn<number, number>;
interface Waiting {
  /** Makes the pattern under a name, from a function that waits for an event. */
  readonly make: (name: PatternName, wait: Wait, inner: PatternName) => object;
  readonly input: unknown;
  readonly result: unknown;
}

const PATTERNS: Readonly<Record<string, Waiting>> = {
  chain: {
    make: (name, wait) =>
      chain(
        name,
        wait,
        (n) => n + 1,
        tap(wait),
        keep(wait),
        ([one, two]) => one + two,
        choose({ wait }, () => "wait"),
        parallel(wait, inc),
      ),
    input: 1,
    result: [4, 5],
  },
  saga: {
    make: (name, wait) => saga(name, { do: wait, undo: zero, ifUnsure: zero }, inc, wait),
    input: 1,
    result: 2,
  },
  "fan-out": {
    make: (name, wait) =>
      fanOut(name, { split: (n: number) => [n, n + 1], each: wait, join: ([a, b]) => [b, a] }),
    input: 1,
    result: [2, 1],
  },
  "fan-out, one at a time": {
    make: (name, wait) => fanOut(name, { each: wait, join: inc2, concurrency: 1 }),
    input: [1, 2, 3],
    result: 6,
  },
  "fan-out of outcomes": {
    make: (name, wait) => fanOut(name, { each: wait, onFailure: "settle" }),
    input: [1],
    result: { reason: "completed", branches: [{ status: "fulfilled", value: 1 }] },
  },
  monitor: {
    make: (name, wait) =>
      monitor(name, { check: wait, until: (n) => n > 2, every: "3h", carry: (n) => n + 1 }),
    input: 1,
    result: { status: "done", value: 3, checks: 3 },
  },
  retry: {
    make: (name, wait) =>
      retry(name, wait, { initialDelay: "3h", maxAttempts: 9, retryIf: () => true }),
    input: 1,
    result: 1,
  },
  repeat: {
    make: (name, wait) => repeat(name, wait, { times: 3, pause: "3h" }),
    input: 1,
    result: 1,
  },
  "with timeout": {
    make: (name, wait) => withTimeout(name, wait, "900d", { onTimeout: zero }),
    input: 1,
    result: 1,
  },
  "a chain in a retry": {
    make: (name, wait, inner) => retry(name, chain(inner, wait, wait)),
    input: 1,
    result: 1,
  },
};
const inc2 = fn("law/sum", (_, all: number[]) => all.reduce((sum, n) => sum + n, 0));

/** Chooses a name. Its aliases are the others, or none. */
function nameIn(names: readonly string[], at: number, isAliased: boolean) {
  const type = names[at] ?? "";
  return { type, aliases: isAliased ? names.filter((name) => name !== type) : [] };
}

const deploys = fc.array(
  fc.record({ pattern: fc.nat(2), wait: fc.nat(1), inner: fc.nat(1), isAliased: fc.boolean() }),
  { minLength: 1, maxLength: 5 },
);

describe("work of a renamed pattern, with renamed functions, waits for aliases and ends with them", () => {
  for (const [kind, { make, input, result }] of Object.entries(PATTERNS))
    law(
      kind,
      [deploys],
      (each) =>
        inWorld(async (world) => {
          const deploy = ({ pattern, wait, inner, isAliased }: (typeof each)[number]) => {
            const { type, aliases } = nameIn(["law/wait", "law/other"], wait, isAliased);
            const waits = fn(type, { aliases }, (ctx, n: number) =>
              ctx.onComplete(ctx.event("go"), same, n),
            );
            const made = make(
              nameIn(["law/p", "law/q", "law/r"], pattern, isAliased),
              waits,
              nameIn(["law/in", "law/inside"], inner, isAliased),
            );
            return { made, functions: [made, waits, same, inc, inc2, zero] };
          };
          const first = deploy({ pattern: 0, wait: 0, inner: 0, isAliased: false });
          const client = await world.start(first.functions);
          await client.start(first.made as Fn<unknown, unknown>, input, { key: "f" });
          await world.clock.advance(1);
          const last = { pattern: 1, wait: 1, inner: 1, isAliased: true };
          for (const next of [...each, ...Array.from({ length: 9 }, () => last)]) {
            const later = await world.start(deploy(next).functions);
            await world.clock.advance(1);
            if ((await later.status("f")).settledAt !== undefined) break;
            await later.signal("f", "go", 0);
            await world.clock.advance(3 * 3_600_000);
          }
          const end = await world.start(deploy(last).functions);
          expect(await end.status("f")).toMatchObject({ status: "completed" });
          expect(await end.flow("f").result()).toEqual(result);
          expect([...world.engine.unregistered]).toEqual([]);
          expect(world.messages).toBe(0);
        }),
      { runs: 15 },
    );
});

test("a renamed approval takes over its requests, their reminders and their decisions", () =>
  inWorld(async (world) => {
    const asked: string[] = [];
    const ask = fn(
      "law/ask",
      (_, { approval: by, reminder }: { approval: string; reminder: number }) => {
        asked.push(`${by} ${reminder}`);
      },
    );
    const before = approval("law/p", { ask, remind: { every: "1d" }, quorum: 2 });
    const client = await world.start([before]);
    await client.start(before, "x", { id: "a" });
    await client.call(before.decide, { by: "ada", decision: "approve" }, { id: "a" });
    const after = approval(
      { type: "law/q", aliases: ["law/p"] },
      { ask, remind: { every: "1d" }, quorum: 2 },
    );
    const later = await world.start([after]);
    await world.clock.advance(86_400_000);
    expect(asked).toEqual(["law/p 0", "law/q 1"]);
    await later.call(after.decide, { by: "bob", decision: "approve" }, { id: "a" });
    expect(await later.flow("a").result()).toMatchObject({ status: "approved" });
    expect(world.engine.deadLetters()).toEqual([]);
  }));

test("a renamed aggregator sends the batch that was open", () =>
  inWorld(async (world) => {
    const batches: unknown[] = [];
    const flush = fn(
      "law/flush",
      (_, { events }: { events: unknown }) => void batches.push(events),
    );
    const options = { flush, maxWait: "1h", dedupeBy: String } as const;
    const before = aggregator<number>("law/p", options);
    const client = await world.start([before]);
    await client.call(before.add, 1, { id: "a" });
    const after = aggregator<number>({ type: "law/q", aliases: ["law/p"] }, options);
    const later = await world.start([after]);
    expect(await later.call(after.add, 1, { id: "a" })).toMatchObject({ status: "duplicate" });
    await later.call(after.add, 2, { id: "a" });
    await world.clock.advance(3_600_000);
    expect(batches).toEqual([[1, 2]]);
  }));

test.each<readonly [string, unknown, string]>([
  ["no name", { aliases: ["law/p"] }, "INVALID_NAME"],
  ["aliases that are no list", { type: "law/q", aliases: "law/p" }, "INVALID_OPTIONS"],
  ["an alias that is no name", { type: "law/q", aliases: ["p"] }, "INVALID_NAME"],
  ["another option", { type: "law/q", alias: ["law/p"] }, "INVALID_OPTIONS"],
  ["null", null, "INVALID_NAME"],
])("a name of a pattern with %s is refused", (_, name, code) => {
  const error = expect.objectContaining({ code });
  expect(() => chain(name as PatternName, inc)).toThrow(error);
  expect(() => approval(name as PatternName, { ask: zero })).toThrow(error);
});
