import { parseDuration } from "../../core/validation/duration.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { simulationOf } from "./call-record.ts";
import { makeTestDouble } from "./test-double.ts";

/**
 * Makes a function slow in a simulation: each run first works for `duration` of virtual time, and
 * is billed for it.
 *
 * @throws `UNKNOWN_FUNCTION` if it is not given a function; `INVALID_DELAY`
 * @example
 * import { fn } from "handback";
 * import { simulate, slow } from "handback/testing";
 *
 * const render = fn("docs/render", (_, page: number) => `page ${page}`);
 * const book = fn("docs/book", (ctx, pages: number[]) =>
 *   pages.map((page) => ctx.invoke(render, page)),
 * );
 *
 * const functions = [book, slow(render, "2m")];
 * const run = await simulate({ functions }, (t) =>
 *   t.client.call(book, [1, 2, 3], { id: "book-1" }),
 * );
 * console.log((await run.meter.flow("book-1")).billedMs); // 360000
 */
export function slow<Function extends object>(f: Function, duration: Duration): Function {
  const ms = parseDuration(duration, "the duration of slow()");
  return makeTestDouble(f, {
    handler: (real) => async (ctx, input) => {
      await simulationOf(ctx, "slow()").work(ms);
      return real(ctx, input);
    },
  });
}
