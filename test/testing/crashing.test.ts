import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Future } from "handback";
import { crashing, failing, mock, record, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";

const double = fn("test/double", (_, n: number) => 2 * n);
const quadruple = fn("test/quadruple", (ctx, n: number): Future<number> =>
  ctx.invoke(double, ctx.invoke(double, n)),
);
const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n), get: (ctx) => ctx.state.count },
});

const codeOf = (error: unknown): unknown => HandbackError.is(error) && error.code;

describe("crashing", () => {
  test("ends the process in the first runs, counted over all processes, and those runs leave nothing", async () => {
    const functions = [quadruple, record(crashing(double, 2))];
    const run = await simulate({ functions }, (t) => t.client.call(quadruple, 3));
    expect(run.result).toBe(12);
    expect(run.crashes.map(({ how }) => how)).toEqual(["handler", "handler"]);
    expect(run.calls(double).map(({ input }) => input)).toEqual([3, 3, 3, 6]);
  });

  test("ends the process in every run, until the message is given up", async () => {
    const run = await simulate({ functions: [crashing(double)], crashLimit: 2 }, async (t) => {
      const flow = await t.client.start(double, 3);
      await t.idle();
      await t.advance("1m");
      const [letter] = await t.deadLetters();
      return [letter?.failure.code, letter?.isHeld, (await flow.status()).status];
    });
    // A crash without a mark, one before its first turn, and two that count.
    expect([run.result, run.crashes.length]).toEqual([["POISONED", true, "pending"], 4]);
  });

  test("never gives up a message by default, however often the process ends", async () => {
    const run = await simulate({ functions: [crashing(double, 20)] }, (t) =>
      t.client.call(double, 3),
    );
    expect([run.result, run.crashes.length]).toEqual([6, 20]);
  });

  test("of an operation leaves the others as they are, and wraps other test doubles", async () => {
    const add = crashing(
      failing(
        mock(counter.add, () => 7),
        1,
      ),
      1,
    );
    const run = await simulate({ functions: [add] }, async (t) => [
      await t.client.call(counter.get, undefined, { id: "a" }),
      await t.client.call(counter.add, 1, { id: "a" }).catch(codeOf),
      await t.client.call(counter.add, 1, { id: "a" }),
    ]);
    expect([run.result, run.crashes.length]).toEqual([[0, "FUNCTION_FAILED", 7], 1]);
  });

  test("takes the same course each time", async () => {
    const play = async () =>
      simulate(
        { functions: [quadruple, crashing(double, 3)], seed: 4, faults: { reorder: true } },
        (t) => t.client.call(quadruple, 1),
      );
    const [one, other] = [await play(), await play()];
    expect(one.hash).toBe(other.hash);
    expect(one.crashes).toEqual(other.crashes);
  });

  test("works only in a simulation", async () => {
    const engine = await embedded({ functions: [crashing(double)], store: memory() });
    expect(await engine.client.call(double, 1).catch(codeOf)).toBe("UNSUPPORTED");
    await engine.close();
  });
});
