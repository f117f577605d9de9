import { simulationOf } from "./call-record.ts";
import { makeTestDouble } from "./test-double.ts";

/**
 * Makes a function crash the process in a simulation: in every run, or in its first `times` runs of
 * each simulation. By default a message that crashes the process is retried forever; with the
 * option `crashLimit` it is given up.
 *
 * @throws `UNKNOWN_FUNCTION` if it is not given a function
 * @example
 * import { fn } from "handback";
 * import { crashing, simulate } from "handback/testing";
 *
 * const parse = fn("docs/parse", (_, text: string) => text.split(","));
 *
 * const functions = [crashing(parse, 2)];
 * const run = await simulate({ functions }, (t) => t.client.call(parse, "a,b"));
 * console.log(run.result, run.crashes.length); // [ "a", "b" ] 2
 */
export function crashing<Function extends object>(
  f: Function,
  times = Number.POSITIVE_INFINITY,
): Function {
  const crashes = {};
  return makeTestDouble(f, {
    handler: (real) => (ctx, input) => {
      const simulation = simulationOf(ctx, "crashing()");
      if (simulation.count(crashes) > times) return real(ctx, input);
      simulation.crash();
      // A process that has ended returns no result.
      return Promise.withResolvers<never>().promise;
    },
  });
}
