import { memory, sqlite } from "handback";
import type { Store } from "handback";
import fc from "fast-check";
import { copyFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FlowEntry } from "../../src/core/engine/flow-index.ts";
import { indexedFlows } from "../../src/futures/flow/record/flow-entry.ts";
import { numbersWithPrefix, textAfterPrefix } from "../../src/stores/key-prefix.ts";
import type { FlowChange, FlowEntries, FlowStream } from "../../src/stores/store.ts";
import { batchOf } from "./support/batches.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const STATUSES = ["pending", "completed", "failed", "cancelled", "paused"] as const;
const NUMBERS = Array.from(
  { length: 8 },
  (_, at) => `00000${at % 2}${at.toString(16).padStart(10, "0")}`,
);

const entries: fc.Arbitrary<FlowEntry> = fc
  .record({
    number: fc.constantFrom(...NUMBERS),
    key: fc.constantFrom("a", "ab", "b\u{10ffff}", "b\u{10ffff}x", "é"),
    hasKey: fc.boolean(),
    type: fc.constantFrom("t/one", "t/two"),
    status: fc.constantFrom(...STATUSES),
    startedAt: fc.constantFrom(1, 2, 3),
    settledAt: fc.option(fc.constantFrom(4, 5), { nil: undefined }),
    expiresAt: fc.option(fc.constantFrom(6, 7), { nil: undefined }),
    attributes: fc.option(
      fc.constantFrom(
        [["a", 1]] as const,
        [["a", "1"]] as const,
        [
          ["a", 1],
          ["b", true],
        ] as const,
      ),
      { nil: undefined },
    ),
  })
  .map(({ hasKey, key, number, ...rest }) => ({
    ...rest,
    number,
    // A number has one start and one key.
    startedAt: 1 + (Number.parseInt(number.slice(-1), 16) % 3),
    key: hasKey ? `${key}${number.slice(-1)}` : number,
  }));

/** Turns wanted entries into changes of a store that holds `held`. */
function changesOf(wanted: readonly (FlowEntry | string)[], held: Map<string, FlowEntry>) {
  const expired: string[] = [];
  const changed: FlowChange[] = [];
  const done = new Set<string>();
  for (const each of wanted) {
    const number = typeof each === "string" ? each : each.number;
    if (done.has(number)) continue;
    done.add(number);
    const was = held.get(number);
    if (typeof each === "string") {
      if (was === undefined) continue;
      if (each.endsWith("1")) expired.push(was.key);
      else changed.push({ was });
      held.delete(number);
      continue;
    }
    const is = { ...each, key: was?.key ?? each.key };
    changed.push({ was, is });
    held.set(number, is);
  }
  return { expired, changed };
}

const STREAMS: readonly FlowStream[] = [
  ...["t/one", "t/two"].flatMap((type) =>
    STATUSES.map((status) => ({ of: "group", group: { type, status } }) as const),
  ),
  { of: "attribute", attribute: { name: "a", value: 1 } },
  { of: "attribute", attribute: { name: "b", value: true } },
];

/** Reads everything that an index answers. */
function answersOf(flows: FlowEntries): unknown {
  const orders = ["newest", "oldest"] as const;
  const after = { startedAt: 2, number: NUMBERS[3] ?? "" };
  return {
    groups: flows
      .groups()
      .filter(({ count }) => count > 0)
      .map(({ type, status, count }) => `${type} ${status} ${count}`)
      .toSorted(),
    streams: orders.flatMap((order) =>
      STREAMS.map((stream) => [
        flows.read(stream, { order, limit: 3 }),
        flows.read(stream, { order, limit: 9, after }),
      ]),
    ),
    keys: orders.flatMap((order) =>
      ["a", "b", "b\u{10ffff}", "é", "0000", NUMBERS[1] ?? ""].map((prefix) =>
        flows
          .readKeys(prefix, { order, limit: 9 })
          ?.toSorted((one, other) => (one.number < other.number ? -1 : 1)),
      ),
    ),
    found: NUMBERS.map((number) => flows.find(number)),
    byKey: ["a1", "b\u{10ffff}2", NUMBERS[4] ?? ""].map((key) => flows.findKey(key)),
  };
}

function flowsOf({ flows }: Store): FlowEntries {
  if (flows === undefined) throw new Error("the store has no index");
  return flows;
}

test(
  "the index of a file answers like the one in memory, over any changes",
  { timeout: 60_000 },
  async () => {
    const changes = fc.array(fc.oneof(entries, fc.constantFrom(...NUMBERS)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { minLength: 10, maxLength: 20 }), async (batches) => {
        const stores = [
          memory(),
          sqlite(join(temporaryDirectory(), "flows.db"), { durability: "relaxed" }),
        ];
        const held = new Map<string, FlowEntry>();
        for (const store of stores) await store.open();
        for (const wanted of batches) {
          const flows = changesOf(wanted, held);
          for (const store of stores) await store.commit(batchOf({ flows }));
          const [inMemory, inFile] = stores.map((store) => answersOf(flowsOf(store)));
          expect(inFile).toEqual(inMemory);
        }
        for (const store of stores) await store.close();
      }),
      { numRuns: 2 },
    );
  },
);

test("a prefix of keys ends before the next text, whatever its last character is", () => {
  expect(textAfterPrefix("ab")).toBe("ac");
  expect(textAfterPrefix("a\u{10ffff}")).toBe("b");
  expect(textAfterPrefix("\u{10ffff}")).toBeUndefined();
  expect(textAfterPrefix("\ud7ff")).toBe("\ue000");
  expect(numbersWithPrefix("00ab")).toEqual(["00ab000000000000", "00abffffffffffff"]);
  expect(numbersWithPrefix("order")).toBeUndefined();
});

const golden = new URL("../golden/", import.meta.url);

test.each(readdirSync(golden).filter((name) => name.endsWith(".db")))(
  "each flow of the former store %s gets an entry once",
  async (name) => {
    const path = join(temporaryDirectory(), name);
    copyFileSync(new URL(name, golden), path);
    for (const opening of [1, 2]) {
      const store = sqlite(path);
      await store.open();
      const added = await flowsOf(store).complete(indexedFlows);
      const stored = flowsOf(store)
        .groups()
        .reduce((sum, { count }) => sum + count, 0);
      if (opening === 1) expect(added).toBe(stored);
      else expect(added).toBe(0);
      expect(stored).toBeGreaterThan(0);
      await store.close();
    }
    const unindexed = sqlite(path);
    await unindexed.open();
    await unindexed.close();
    const store = sqlite(path);
    await store.open();
    expect(await flowsOf(store).complete(indexedFlows)).toBeGreaterThan(0);
    await store.close();
  },
);
