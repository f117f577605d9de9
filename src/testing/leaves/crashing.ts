import { placeOf } from "./call-record.ts";
import { standIn } from "./test-double.ts";

/**
 * Makes a function end the process in a simulation whenever it runs, or in its first runs only, so many of them in each simulation.
 * A message that does so again and again is given up once `crashLimit` says so, which by default it never does in a simulation.
 *
 * @throws `UNKNOWN_FUNCTION` for what is no function
 * @example
 * import { fn } from "handback";
 * import { crashing, simulate } from "handback/testing";
 *
 * const parse = fn("docs/parse", (_, text: string) => text.split(","));
 *
 * const run = await simulate({ functions: [crashing(parse, 2)] }, (t) => t.client.call(parse, "a,b"));
 * console.log(run.result, run.crashes.length); // [ "a", "b" ] 2
 */
export function crashing<Function extends object>(
  f: Function,
  times = Number.POSITIVE_INFINITY,
): Function {
  const crashes = {};
  return standIn(f, {
    handler: (real) => (ctx, input) => {
      const place = placeOf(ctx, "crashing()");
      if (place.count(crashes) > times) return real(ctx, input);
      place.crash();
      // Nothing comes back from a process that has ended.
      return Promise.withResolvers<never>().promise;
    },
  });
}
