import { fn, stateful } from "handback";
import type { Context } from "handback";
import { restate } from "handback/restate";
import { requestReply } from "handback/statefun";
import { simulate } from "handback/testing";
import type { Machine } from "handback/testing";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  assertRejects,
  assertThrows,
  echo,
  newGate,
  openEngine,
  wrong,
} from "../../../bad-input/open-engine.ts";

/** Counts handlers at work, and keeps the largest count. */
class Workers {
  now = 0;
  most = 0;

  async work<Result>(work: Promise<Result>): Promise<Result> {
    this.most = Math.max(this.most, ++this.now);
    try {
      return await work;
    } finally {
      this.now--;
    }
  }
}

describe("a function with a limit", () => {
  test("never has more working handlers, and all of its calls end", async () => {
    const runs = fc.record({
      limits: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
      calls: fc.array(fc.record({ to: fc.nat(2), ms: fc.nat(20), blocks: fc.boolean() }), {
        minLength: 1,
        maxLength: 20,
      }),
      seed: fc.nat(1_000),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ limits, calls, seed }) => {
        let machine: Machine = { work: () => Promise.resolve() };
        const workers = limits.map(() => new Workers());
        const functions = limits.map((concurrency, at) =>
          fn(`limit/f${at}`, { concurrency }, async (ctx, call: (typeof calls)[number]) => {
            await workers[at]?.work(machine.work(call.ms));
            if (call.blocks) await ctx.get(ctx.sleep(call.ms));
            return at;
          }),
        );
        const all = fn("limit/all", (ctx) =>
          ctx.all(calls.map((call) => ctx.invoke(to(functions, call.to), call))),
        );
        const made = (given: Machine): readonly object[] => {
          machine = given;
          return [all, ...functions];
        };
        const { result } = await simulate({ functions: made, seed }, (t) => t.client.call(all));
        expect(result).toEqual(calls.map((call) => call.to % limits.length));
        for (const [at, limit] of limits.entries())
          expect(workers[at]?.most ?? 0).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 30 },
    );
  });

  test("leaves the handler slots to other functions, and its messages in their order", async () => {
    const gate = newGate();
    const order: number[] = [];
    const slow = fn("limit/slow", { concurrency: 1 }, async (_, n: number) => {
      order.push(n);
      await gate.opened;
    });
    const { client } = await openEngine([slow], { concurrency: 2 });
    const calls = Array.from({ length: 8 }, (_, n) => client.start(slow, n));
    const handles = await Promise.all(calls);
    expect(await client.call(echo, "passes")).toBe("passes");
    expect(order).toEqual([0]);
    gate.open();
    await Promise.all(handles.map((handle) => handle.result()));
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("may wait for itself", async () => {
    const depth = fn("limit/depth", { concurrency: 1 }, async (ctx, n: number): Promise<number> =>
      n === 0 ? 0 : 1 + (await ctx.get(ctx.invoke(depth, n - 1))),
    );
    const { result } = await simulate({ functions: [depth] }, (t) => t.client.call(depth, 5));
    expect(result).toBe(5);
  });

  test("goes on after calls that throw, are canceled, or run out of time", async () => {
    const started: string[] = [];
    const runs = stateful("limit/runs", {
      concurrency: 1,
      timeout: 20,
      state: {},
      handlers: {
        go(ctx: Context, end: "throw" | "hang" | "end"): string | Promise<string> {
          started.push(end);
          if (end === "throw") throw new Error("no");
          return end === "end" ? end : new Promise((_, reject) => onAbort(ctx, reject));
        },
      },
    });
    const { client } = await openEngine([runs]);
    const hanging = await client.start(runs.go, "hang", { id: "a" });
    await vi.waitFor(() => expect(started).toEqual(["hang"]));
    const waiting = await client.start(runs.go, "hang", { id: "b" });
    const others = ["throw", "hang", "end"] as const;
    const handles = await Promise.all(
      others.map((end, at) => client.start(runs.go, end, { id: `c${at}` })),
    );
    await client.cancel(waiting);
    await client.cancel(hanging);
    const [failed, late, ended] = handles.map((handle) => handle.result());
    await assertRejects(failed ?? hanging.result(), "FUNCTION_FAILED");
    await assertRejects(late ?? hanging.result(), "HANDLER_TIMEOUT");
    expect(await ended).toBe("end");
    expect(started).toEqual(["hang", "throw", "hang", "end"]);
  });
});

test("a limit is a whole number from 1", () => {
  for (const concurrency of [0, -1, 1.5, NaN, "2", null])
    assertThrows(
      () => fn("limit/f", { concurrency: wrong(concurrency) }, () => 1),
      "INVALID_OPTIONS",
    );
});

test("clusters refuse a limit, with the reason", () => {
  const limited = fn("limit/f", { concurrency: 2 }, () => 1);
  for (const host of [
    () => requestReply({ functions: [limited] }),
    () => restate({ functions: [limited] }),
  ])
    expect(assertThrows(host, "UNSUPPORTED").message).toMatch(/do not know how many handlers/);
});

function to<Function>(functions: readonly Function[], index: number): Function {
  const found = functions[index % functions.length];
  if (found === undefined) throw new RangeError("there is no function");
  return found;
}

function onAbort({ signal }: Context, reject: (reason: unknown) => void): void {
  signal.addEventListener("abort", () => reject(signal.reason));
}
