import { fn } from "handback";
import type { Future, StreamItem } from "handback";
import { everyCrash, schedules, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { law } from "../support/law.ts";

/** A part of a program: the numbers that one run emits, with work between some of them. */
interface Part {
  readonly count: number;
  readonly workMs: number;
}

/** Makes a program whose parts run one after the other, each in a run of its own. */
function emitting(work: (ms: number) => Promise<void>) {
  const part = fn(
    "law/part",
    async (ctx, parts: readonly Part[]): Promise<Future<void> | undefined> => {
      const [first, ...rest] = parts;
      if (first === undefined) return undefined;
      for (let n = 0; n < first.count; n++) {
        const durable = ctx.emit("n", [parts.length, n]);
        if (n % 2 === 1) await durable;
        if (n % 3 === 2) await work(first.workMs);
      }
      return ctx.invoke(part, rest);
    },
  );
  return part;
}

/** Reads a stream in several readings, each of which goes on after the last item of the one before. */
async function readInParts(t: Simulated, sizes: readonly number[]): Promise<StreamItem[]> {
  const items: StreamItem[] = [];
  for (const size of sizes) {
    let left = size;
    const after = items.at(-1)?.cursor;
    for await (const item of t.client.flow("f").stream("n", { after })) {
      items.push(item);
      if (--left === 0) break;
    }
  }
  for await (const item of t.client.flow("f").stream("n", { after: items.at(-1)?.cursor }))
    items.push(item);
  return items;
}

/** Returns the values of the last run of each call, call by call. */
function lastRuns(items: readonly StreamItem[]): readonly unknown[] {
  const last = new Map<string, number>();
  for (const { run, epoch } of items) last.set(run, Math.max(epoch, last.get(run) ?? 0));
  return items.filter(({ run, epoch }) => last.get(run) === epoch).map(({ value }) => value);
}

function valuesOf(parts: readonly Part[]): readonly unknown[] {
  return parts.flatMap(({ count }, index) =>
    Array.from({ length: count }, (_, n) => [parts.length - index, n]),
  );
}

const parts = fc.array(fc.record({ count: fc.nat(7), workMs: fc.nat(20) }), {
  minLength: 1,
  maxLength: 4,
});

law(
  "a reader that goes on at its cursor misses no item and reads none twice, whatever crashes",
  [parts, fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }), schedules()],
  async (program, sizes, schedule) => {
    let part = emitting(async () => undefined);
    const functions = ({ work }: { readonly work: (ms: number) => Promise<void> }) => [
      (part = emitting(work)),
    ];
    await simulate({ schedule, functions }, async (t) => {
      const flow = await t.client.start(part, program, { key: "f" });
      const items = await readInParts(t, sizes);
      await flow.result();
      const all: StreamItem[] = [];
      for await (const item of flow.stream("n")) all.push(item);
      expect(items).toEqual(all);
      expect(new Set(all.map(({ cursor }) => cursor)).size).toBe(all.length);
      expect(lastRuns(all)).toEqual(valuesOf(program));
    });
  },
);

test("a program that emits has the same last runs whichever commit it crashes at", async () => {
  const program = [
    { count: 3, workMs: 5 },
    { count: 4, workMs: 0 },
  ];
  const part = emitting(async () => undefined);
  const { run, points } = await everyCrash({ functions: [part] }, async (t) => {
    await t.client.start(part, program, { key: "f" });
    return lastRuns(await readInParts(t, [1, 2]));
  });
  expect(run.result).toEqual(valuesOf(program));
  expect(points).toBeGreaterThan(6);
});
