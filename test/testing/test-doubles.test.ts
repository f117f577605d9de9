import { embedded, fn, memory, stateful, value } from "handback";
import type { Future, StandardSchemaV1 } from "handback";
import { expectNoDoubleBilling, failing, mock, record, simulate, slow } from "handback/testing";
import { describe, expect, test } from "vitest";
import { codeOf } from "../support/thrown.ts";

const double = fn("test/double", (_, n: number) => 2 * n);
const quadruple = fn("test/quadruple", (ctx, n: number): Future<number> =>
  ctx.invoke(double, ctx.invoke(double, n)),
);
const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: {
    add: (ctx, n: number) => (ctx.state.count += n),
    reset(ctx) {
      ctx.state.count = 0;
    },
  },
  queries: { get: (ctx) => ctx.state.count },
});

describe("mock", () => {
  test("replaces the function of its type, whether that is listed too or not", async () => {
    const triple = mock(double, (_, n) => 3 * n);
    for (const functions of [
      [quadruple, triple],
      [quadruple, double, triple],
      [triple, quadruple, double],
    ]) {
      expect((await simulate({ functions }, (t) => t.client.call(quadruple, 2))).result).toBe(18);
    }
    expect(
      (await simulate({ functions: [quadruple, double] }, (t) => t.client.call(quadruple, 2)))
        .result,
    ).toBe(8);
  });

  test("may wait, and hand back futures", async () => {
    const later = fn("test/later", (_, n: number) => n + 1);
    const functions = [quadruple, later, mock(double, async (ctx, n) => ctx.invoke(later, n))];
    expect((await simulate({ functions }, (t) => t.client.call(quadruple, 2))).result).toBe(4);
  });

  test("of an operation leaves the others as they are", async () => {
    const functions = [mock(counter.reset, (ctx) => ctx.terminate())];
    const run = await simulate({ functions }, async (t) => {
      await t.client.call(counter.add, 2, { id: "a" });
      await t.client.call(counter.add, 3, { id: "b" });
      await t.client.call(counter.reset, undefined, { id: "b" });
      return t.client.call(counter.get, undefined, { id: "a" });
    });
    expect(run.result).toBe(2);
    expect(await run.states()).toEqual([
      { function: "test/counter", id: "a", state: { count: 2 } },
    ]);
  });

  test("of two kinds for one type is rejected", async () => {
    const functions = [mock(double, () => 1), mock(double, () => 2)];
    await expect(simulate({ functions }, () => undefined)).rejects.toMatchObject({
      code: "DUPLICATE_FUNCTION",
    });
  });

  test("keeps retries, and gets the input as callers send it", async () => {
    const input: StandardSchemaV1<string, { n: number }> = {
      "~standard": { version: 1, vendor: "test", validate: (n) => ({ value: { n: Number(n) } }) },
    };
    const parsed = fn(
      "test/parsed",
      { input, retry: { maxAttempts: 2 } },
      (_, { n }: { n: number }) => n,
    );
    const seen: unknown[] = [];
    const stand = mock(parsed, (ctx, given) => {
      seen.push(given);
      if (ctx.attempt === 1) throw new Error("first");
      return 7;
    });
    expect((await simulate({ functions: [stand] }, (t) => t.client.call(parsed, "5"))).result).toBe(
      7,
    );
    expect(seen).toEqual(["5", "5"]);
  });

  test("of an object that is no function is rejected", () => {
    expect(codeOf(() => mock({ type: "test/none" } as unknown as typeof double, () => 1))).toBe(
      "UNKNOWN_FUNCTION",
    );
  });
});

describe("failing", () => {
  const patient = fn("test/patient", { retry: { maxAttempts: 4 } }, (ctx) => ctx.attempt);

  test("fails the first runs of each simulation", async () => {
    const functions = [failing(patient, 2)];
    for (let again = 0; again < 2; again++)
      expect((await simulate({ functions }, (t) => t.client.call(patient))).result).toBe(3);
  });

  test("counts runs over crashes", async () => {
    const schedule = { crashes: [{ commit: 2, how: "before" }] } as const;
    const run = await simulate({ functions: [failing(patient, 2)], schedule }, (t) =>
      t.client.call(patient),
    );
    // The first failure was lost with its commit, so it did not count as an attempt.
    expect(run.result).toBe(2);
  });

  test("fails every run with a given error", async () => {
    const functions = [failing(patient, new RangeError("out of stock"))];
    const run = await simulate({ functions }, async (t) => {
      const before = t.clock.now();
      const failure = await t.client.call(patient).catch((error: unknown) => error);
      return { failure, took: t.clock.now() - before };
    });
    expect(run.result).toMatchObject({
      failure: { code: "FUNCTION_FAILED", cause: { name: "RangeError", message: "out of stock" } },
      took: 7_000,
    });
    expect(run.meter.function("test/patient")).toMatchObject({ runs: 4, failed: 4 });
  });
});

describe("slow", () => {
  test("takes virtual time, which is billed", async () => {
    const functions = [quadruple, slow(double, "90s")];
    const run = await simulate({ functions }, async (t) => {
      const before = t.clock.now();
      await t.client.call(quadruple, 1, { id: "q" });
      return t.clock.now() - before;
    });
    expect(run.result).toBe(180_000);
    expect(await run.meter.flow("q")).toMatchObject({
      billedMs: 180_000,
      blockedMs: 0,
      beta: 1,
      runs: 3,
    });
  });

  test("wraps other test doubles, for all operations or for one", async () => {
    const all = record(slow(counter, "1s"));
    const one = slow(record(counter.add), "1s");
    const took = async (functions: readonly object[]): Promise<readonly number[]> => {
      const run = await simulate({ functions }, async (t) => {
        const before = t.clock.now();
        await t.client.call(counter.add, 1, { id: "a" });
        const between = t.clock.now();
        await t.client.call(counter.reset, undefined, { id: "a" });
        return [between - before, t.clock.now() - between, before];
      });
      const [add = 0, reset = 0] = run.result;
      return [add, reset, run.calls(counter).length];
    };
    expect(await took([all])).toEqual([1_000, 1_000, 2]);
    expect(await took([one])).toEqual([1_000, 0, 1]);
  });

  test("works only in a simulation", async () => {
    const engine = await embedded({ functions: [slow(double, 1)], store: memory() });
    await expect(engine.client.call(double, 1)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await engine.close();
  });
});

describe("record", () => {
  test("lists the runs of a function: input, id, key, attempt and instant", async () => {
    const functions = [quadruple, record(slow(double, 5))];
    const run = await simulate({ functions }, (t) => t.client.call(quadruple, 3));
    expect(run.calls(double)).toEqual([
      {
        operation: undefined,
        id: expect.any(String),
        input: 3,
        key: expect.any(String),
        attempt: 1,
        at: 0,
      },
      {
        operation: undefined,
        id: expect.any(String),
        input: 6,
        key: expect.any(String),
        attempt: 1,
        at: 5,
      },
    ]);
  });

  test("lists those of one operation, or of all", async () => {
    const run = await simulate({ functions: [record(counter)] }, async (t) => {
      await t.client.call(counter.add, 2, { id: "a" });
      await t.client.call(counter.get, undefined, { id: "a" });
    });
    expect(run.calls(counter).map(({ operation }) => operation)).toEqual(["add", "get"]);
    expect(run.calls(counter.add)).toMatchObject([{ operation: "add", id: "a", input: 2 }]);
  });

  test("is empty for a function without runs, and an error for one that is not recorded", async () => {
    const run = await simulate({ functions: [record(double), quadruple] }, () => undefined);
    expect(run.calls(double)).toEqual([]);
    expect(codeOf(() => run.calls(quadruple))).toBe("INVALID_OPTIONS");
  });
});

describe("expectNoDoubleBilling", () => {
  const naive = fn("test/naive", async (ctx, n: number) => ctx.get(ctx.invoke(double, n)));

  test("accepts a flow whose handlers hand back their futures", async () => {
    await expect(
      expectNoDoubleBilling(
        await simulate({ functions: [quadruple, slow(double, "1s")] }, (t) =>
          t.client.call(quadruple, 1),
        ),
      ),
    ).resolves.toBeUndefined();
  });

  test("names the flow and the function that blocked, and the cost", async () => {
    const run = await simulate({ functions: [naive, slow(double, "1s")], seed: 6 }, (t) =>
      t.client.call(naive, 1, { id: "n" }),
    );
    await expect(expectNoDoubleBilling(run)).rejects.toMatchObject({
      name: "AssertionError",
      message:
        "expected no handler to be billed while it waits:\n" +
        "  flow n (test/naive) was billed 2000 ms, blocked for 1000 ms of them, beta 2\n" +
        "  function test/naive was billed 1000 ms, blocked for 1000 ms of them\n" +
        "replay: simulate({ ..., seed: 6 }, ...)",
    });
  });

  test("names a function that blocked in a one-way message, which is in no flow", async () => {
    const sender = fn("test/sender", (ctx) => ctx.send(naive, 1));
    const run = await simulate({ functions: [sender, naive, slow(double, "1s")] }, async (t) => {
      await t.client.call(sender);
      await t.idle();
    });
    await expect(expectNoDoubleBilling(run)).rejects.toThrow(
      "function test/naive was billed 1000 ms",
    );
  });
});
