import type { Context } from "../../futures/types/context.ts";
import type { AnyInvokable, InputOf, OutputOf } from "../../futures/types/function.ts";
import type { Resolvable } from "../../futures/types/resolvable.ts";
import { makeTestDouble } from "./test-double.ts";
import type { AnyHandler } from "./test-double.ts";

/** The handler of a mock. Like any handler, it may hand back futures, or wait. */
export type Implementation<Function extends AnyInvokable> = (
  ctx: Context,
  input: InputOf<Function>,
) => Resolvable<OutputOf<Function>> | Promise<Resolvable<OutputOf<Function>>>;

/**
 * Replaces a function in a simulation's `functions`: same type, retries and timeout, but another
 * handler. Given an operation (`counter.add`), replaces that operation of its stateful function and
 * keeps the others. The handler gets the input as callers send it.
 *
 * @throws `UNKNOWN_FUNCTION` if it is not given a function
 * @example
 * import { fn } from "handback";
 * import { mock, simulate } from "handback/testing";
 *
 * const rate = fn("docs/rate", async (_, currency: string): Promise<number> => {
 *   const response = await fetch(`https://rates.example/${currency}`);
 *   return Number(await response.text());
 * });
 * const convert = fn("docs/convert", (ctx, euros: number) => ({
 *   euros,
 *   rate: ctx.invoke(rate, "USD"),
 * }));
 *
 * const functions = [convert, mock(rate, () => 1.25)];
 * const run = await simulate({ functions }, (t) => t.client.call(convert, 8));
 * console.log(run.result); // { euros: 8, rate: 1.25 }
 */
export function mock<Function extends AnyInvokable>(
  f: Function,
  implementation: Implementation<Function>,
): Function {
  return makeTestDouble(f, { handler: () => implementation as AnyHandler, without: ["input"] });
}
