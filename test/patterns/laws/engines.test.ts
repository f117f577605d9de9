import { fn, sqlite } from "handback";
import type { Fn } from "handback";
import { fanOut, saga } from "handback/patterns";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dispose, makeEmbedded } from "../../conformance/embedded-under-test.ts";
import { onMemory, onPoorestLosing } from "../../conformance/host.ts";
import type { Host } from "../../conformance/host.ts";
import { driven } from "../../../src/testing/conformance/driven.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";
import { endOf } from "./compare.ts";
import { EVERY_PATTERN } from "./every-pattern.ts";

const step = fn("engines/step", (ctx, n: number) =>
  ctx.invoke(work, n, { after: [ctx.sleep(n % 5)] }),
);
const work = fn("engines/work", (_, n: number) => (3 * n + 1) % 1009);
const leaf: Fn<number, number> = fn("engines/leaf", { parts: [step, work] }, (ctx, n: number) =>
  ctx.invoke(step, n),
);

async function onSqlite(functions: readonly object[]): Promise<Host> {
  const clock = new VirtualClock();
  const engine = await makeEmbedded(() =>
    sqlite(join(temporaryDirectory(), "patterns.db"), { durability: "relaxed" }),
  )({
    functions,
    clock,
    seed: 0,
    egress: {},
    retentionMs: 86_400_000,
  });
  return {
    clock,
    client: driven(engine.client, clock),
    stored: engine.stored,
    close: () => clock.until(dispose(engine)),
  };
}

const ENGINES: readonly (readonly [
  name: string,
  start: (functions: readonly object[], seed: number) => Promise<Host>,
  seeds: number,
])[] = [
  ["the embedded engine in memory", (functions, seed) => onMemory.start(functions, {}, seed), 1],
  ["the embedded engine on SQLite", (functions) => onSqlite(functions), 1],
  [
    "the poorest engine, which loses every fifth response",
    (functions, seed) => onPoorestLosing(0.2).start(functions, {}, seed),
    4,
  ],
];

/** The results of calls, each under every seed. */
async function outcomes<Input>(
  start: (typeof ENGINES)[0][1],
  seeds: number,
  f: Fn<Input, unknown>,
  input: Input,
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const host = await start([f], seed);
    all.push(await endOf(host.client.call(f, input)));
    await host.close();
  }
  return all;
}

describe.each(ENGINES)("on %s", (_, start, seeds) => {
  test.each(EVERY_PATTERN)("%s gives the same result as on other engines", async (_, compose) => {
    const f = compose("engines/pattern", compose("engines/inner", leaf));
    const [expected] = await outcomes(ENGINES[0]![1], 1, f, 7);
    expect(expected).toMatchObject({ value: expect.any(Number) as unknown });
    for (const got of await outcomes(start, seeds, f, 7)) expect(got).toEqual(expected);
  });

  test.each([1, 5, 40])(
    "a window of %d over many pages gives its results in the order of the items",
    async (concurrency) => {
      const f = fanOut("engines/pages", { each: leaf, concurrency });
      const items = Array.from({ length: 53 }, (_, at) => at);
      for (const got of await outcomes(start, seeds, f, items))
        expect(got).toEqual({ value: items.map((n) => (3 * n + 1) % 1009) });
    },
  );

  test("failures are the same", async () => {
    const bad = fn("engines/bad", (_, n: number): number => {
      throw new Error(`no ${n}`);
    });
    const undo = fn("engines/undo", (_, n: number): number => {
      throw new Error(`stays ${n}`);
    });
    const limit = { each: bad, concurrency: 2 };
    const cases = [
      [
        saga("engines/saga", { do: leaf, undo }, bad),
        1,
        { code: "COMPENSATION_FAILED", details: { step: 2, undone: [] } },
      ],
      [fanOut("engines/cancel", limit), [1, 2, 3], { code: "FUNCTION_FAILED" }],
      [
        fanOut("engines/some", { ...limit, onFailure: { tolerate: 1 } }),
        [1, 2, 3],
        { code: "BRANCHES_FAILED", details: { failed: 2 } },
      ],
      [
        fanOut("engines/enough", { each: leaf, enough: 2 }),
        [1, 2, 3, 4],
        { value: { reason: "enough" } },
      ],
    ] as readonly (readonly [Fn<unknown, unknown>, unknown, object])[];
    for (const [f, input, expected] of cases)
      for (const got of await outcomes(start, seeds, f, input)) expect(got).toMatchObject(expected);
  });
});
