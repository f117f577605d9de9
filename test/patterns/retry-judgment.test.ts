import { fn, HandbackError } from "handback";
import type { Context, Fn, StandardSchemaV1 } from "handback";
import { chain, fanOut, retry, retryLater, terminal } from "handback/patterns";
import { record, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { endOf, measure } from "./laws/compare.ts";

const never: StandardSchemaV1<number> = {
  "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) },
};
const throwing = (thrown: () => unknown) => (): never => {
  throw thrown();
};
/** Defines a function that throws. */
const thrower = (type: string, thrown: () => unknown): Fn<number, number> =>
  fn(type, (_, _n: number): number => {
    throw thrown();
  });
const cancelled = fn("judged/cancelled", (ctx, _: number) => {
  const sleeping = ctx.sleep("1h");
  ctx.cancel(sleeping);
  return sleeping;
});
const failing = thrower("judged/failing", () => new Error("x"));
const final = thrower("judged/final", () => terminal("never"));
const later = thrower("judged/later", () => retryLater("7s", "busy"));
const unkept = fn("judged/unkept", (_, _n: number): unknown => new WeakMap());
const refused = fn("judged/refused", { input: never }, (_, n: number) => n);
const slow = fn("judged/slow", (ctx, _: number) => ctx.timeout(ctx.sleep("1h"), "1s"));
const chained = chain("judged/chained", final);
const fanned = fanOut("judged/fanned", {
  split: (n: number) => [n],
  each: later,
  onFailure: { tolerate: 0 },
});
const parts = [cancelled, failing, final, later, unkept, refused, slow, chained, fanned];

type Act = (ctx: Context, n: number) => unknown;
const blocksOn =
  (f: Fn<number, unknown>): Act =>
  (ctx, n) =>
    ctx.get(ctx.invoke(f, n));
const at = (ms: number): Date => new Date(VirtualClock.startAt + ms);

const TWICE = [0, 1000, 3000];
const ONCE = [0];

/** A handler that fails, and the instants of its attempts in ms. */
const ROWS: readonly (readonly [name: string, act: Act, attempts: readonly number[]])[] = [
  ["throws an error", throwing(() => new TypeError("x")), TWICE],
  ["throws a value", throwing(() => "x"), TWICE],
  ["throws an error with a code of the library's", throwing(() => coded("INVALID_INPUT")), TWICE],
  ["throws a terminal error", throwing(() => terminal("never")), ONCE],
  ["asks for a delay", throwing(() => retryLater("7s", "busy")), [0, 7000, 14_000]],
  ["asks for an instant", throwing(() => retryLater(at(90_000), "busy")), [0, 90_000, 90_000]],
  ["asks for a past instant", throwing(() => retryLater(at(-5), "busy")), [0, 0, 0]],
  ["asks for no delay", throwing(() => retryLater(0, "busy")), [0, 0, 0]],
  ["wraps a wish for a delay", throwing(() => wrapped(retryLater("7s", "x"))), [0, 7000, 14_000]],
  ["throws a retryable HandbackError", throwing(() => new HandbackError("OVERLOADED", "x")), TWICE],
  ["throws another HandbackError", throwing(() => new HandbackError("NOT_FOUND", "x")), ONCE],
  ["returns a value that cannot be kept", () => new WeakMap(), ONCE],
  ["makes a wrong call", (ctx) => ctx.sleep(-1), ONCE],
  ["invokes a function that is not registered", (ctx) => ctx.invoke(fn("no/one", () => 1)), ONCE],
  ["blocks on a call that fails", blocksOn(failing), TWICE],
  ["blocks on a call that fails for good", blocksOn(final), ONCE],
  ["blocks on a call that asks for a delay", blocksOn(later), [0, 7000, 14_000]],
  ["blocks on a call whose result cannot be kept", blocksOn(unkept), ONCE],
  ["blocks on a call whose input is refused", blocksOn(refused), ONCE],
  ["blocks on a call that is canceled", blocksOn(cancelled), ONCE],
  ["blocks on a call that takes too long", blocksOn(slow), [0, 2000, 5000]],
  ["blocks on a chain whose step fails for good", blocksOn(chained), ONCE],
  ["blocks on a fan-out whose branch asks for a delay", blocksOn(fanned), [0, 7000, 14_000]],
];

function coded(code: string): Error {
  return Object.assign(new Error("x"), { code });
}

function wrapped(cause: Error): Error {
  return new Error("wrapped", { cause });
}

const POLICY = { maxAttempts: 3, initialDelay: "1s" } as const;

describe.each(ROWS)("a handler that %s", (_, act, expected) => {
  const attemptsOf = async (outer: Fn<number, unknown>, handler: Fn<number, unknown>) => {
    const functions = [record(handler), ...parts];
    const { run } = await measure(outer, 1, { functions });
    return run.calls(handler).map((call) => call.at);
  };

  test("is tried again by its retry policy", async () => {
    const handler = fn("judged/it", { retry: POLICY }, act);
    expect(await attemptsOf(handler, handler)).toEqual(expected);
  });

  test("is tried again by the pattern in the same way", async () => {
    const handler = fn("judged/it", act);
    expect(await attemptsOf(retry("judged/retry", handler, POLICY), handler)).toEqual(expected);
  });
});

test.each<readonly [string, Fn<number, unknown>]>([
  ["its retry policy", fn("judged/it", { retry: POLICY, input: never }, (_, n: number) => n)],
  ["the pattern", retry("judged/it", refused, POLICY)],
])("a refused input is not tried again by %s", async (_, f) => {
  const run = await simulate({ functions: [f] }, async (t) => {
    const ended = await endOf(t.client.call(f, 1));
    return { ended, at: t.clock.now() };
  });
  expect(run.result).toMatchObject({ ended: { code: "INVALID_INPUT" }, at: VirtualClock.startAt });
});

test("an instant that is not valid is refused", () => {
  expect(() => retryLater(new Date(Number.NaN), "busy")).toThrow(
    /INVALID_DELAY: time of retryLater/,
  );
});
