import { fn, HandbackError } from "handback";
import { everyCrash } from "handback/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { onMemory, onPoorestLosing } from "../../conformance/host.ts";
import { law } from "../support/law.ts";

interface Sent {
  readonly key: string | undefined;
  readonly value: number;
}

const ledger = fn("law/ledger", (ctx, count: number) =>
  ctx.all(Array.from({ length: count }, () => ctx.event<number>("entry"))),
);
const signals = fc.array(
  fc.record<Sent>({
    key: fc.option(fc.constantFrom("a", "b", "c", "d"), { nil: undefined }),
    value: fc.integer({ min: 0, max: 1 }),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Returns the code with which a request is refused, or `undefined` if it is not. */
async function codeOf(request: Promise<unknown>): Promise<string | undefined> {
  try {
    await request;
    return undefined;
  } catch (error) {
    if (HandbackError.is(error)) return error.code;
    throw error;
  }
}

/** Returns the answers to the signals, and the values that the flow gets. */
function expected(sent: readonly Sent[]): {
  readonly codes: readonly (string | undefined)[];
  readonly values: readonly number[];
} {
  const known = new Map<string, number>();
  const values: number[] = [];
  const codes = sent.map(({ key, value }) => {
    const before = key === undefined ? undefined : known.get(key);
    if (before !== undefined) return before === value ? undefined : "IDEMPOTENCY_CONFLICT";
    if (key !== undefined) known.set(key, value);
    values.push(value);
    return undefined;
  });
  return { codes, values };
}

law(
  "a signal counts once under its key, on every engine",
  [signals, fc.integer(), fc.constantFrom(onMemory, onPoorestLosing(0), onPoorestLosing(0.3))],
  async (sent, seed, engine) => {
    const { codes, values } = expected(sent);
    const host = await engine.start([ledger], {}, seed);
    try {
      const flow = await host.client.start(ledger, values.length, { key: "f" });
      const got = [];
      for (const { key, value } of sent)
        got.push(
          await codeOf(host.client.signal("f", "entry", value, key === undefined ? {} : { key })),
        );
      expect(got).toEqual(codes);
      expect(await flow.result()).toEqual(values);
      for (const [n, { key, value }] of sent.entries())
        if (key !== undefined)
          expect(await codeOf(host.client.signal("f", "entry", value, { key }))).toBe(codes[n]);
    } finally {
      await host.close();
    }
  },
);

test("a signal counts once under its key, whatever commit the process crashes at", async () => {
  const sent = ["a", "b", "a", "c", "b"];
  const { points } = await everyCrash({ functions: [ledger] }, async (t) => {
    const flow = await t.client.start(ledger, 3, { key: "f" });
    for (const key of sent) await t.client.signal("f", "entry", key.charCodeAt(0), { key });
    const result = await flow.result();
    await t.client.signal("f", "entry", 97, { key: "a" });
    return result;
  });
  expect(points).toBeGreaterThan(10);
});

test("the keys of a flow are gone from the store with its record", async () => {
  for (const engine of [onMemory, onPoorestLosing(0)]) {
    const host = await engine.start([ledger], { retentionMs: 1_000 }, 1);
    const flow = await host.client.start(ledger, 3, { key: "f" });
    for (const key of ["a", "b", "c"]) await host.client.signal("f", "entry", 1, { key });
    await flow.result();
    await host.clock.advance(1_001);
    if (engine === onMemory) {
      await host.clock.advance(120_000);
      expect(host.stored()).toBe(0);
    }
    // A later flow of the same key knows none of them.
    const later = await host.client.start(ledger, 2, { key: "f" });
    for (const [n, key] of ["b", "a"].entries()) await host.client.signal("f", "entry", n, { key });
    expect(await later.result()).toEqual([0, 1]);
    await host.close();
  }
});

test("a flow keeps 10,000 keys of signals, and refuses more, at a constant cost each", async () => {
  const host = await onMemory.start([ledger], {}, 1);
  const { client } = host;
  const flow = await client.start(ledger, 10_001, { key: "f" });
  const send = (n: number) => client.signal("f", "entry", n, { key: `k${n}` });
  const numbers = Array.from({ length: 10_000 }, (_, n) => n);
  // One request too many, among others under way at the same time.
  const codes = await Promise.all([...numbers, 10_000].map((n) => codeOf(send(n))));
  expect(codes.filter((code) => code === "OVERLOADED")).toHaveLength(1);
  const refused = codes.indexOf("OVERLOADED");
  expect(await codeOf(send(refused))).toBe("OVERLOADED");
  for (const n of [0, 5_000, 9_999].filter((n) => n !== refused)) await send(n);
  await client.signal(flow, "entry", -1);
  expect(await flow.result()).toHaveLength(10_001);
  expect(await codeOf(send(refused))).toBe("FLOW_OVER");
  await send(refused === 3 ? 4 : 3);
  await client.purge("f");
  await host.clock.quiet();
  expect(host.stored()).toBe(0);
  await host.close();
});
