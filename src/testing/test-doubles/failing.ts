import { simulationOf } from "./call-record.ts";
import { makeTestDouble } from "./test-double.ts";

/**
 * Makes a function fail in a simulation. Given a number, its first runs fail, counted over all
 * crashes of one simulation. Given an error, every run fails with that error.
 *
 * @throws `UNKNOWN_FUNCTION` if it is not given a function
 * @example
 * import { fn } from "handback";
 * import { failing, simulate } from "handback/testing";
 *
 * const options = { retry: { maxAttempts: 3 } };
 * const charge = fn("docs/charge", options, (ctx, amount: number) =>
 *   `charged ${amount}, attempt ${ctx.attempt}`,
 * );
 *
 * const functions = [failing(charge, 2)];
 * const run = await simulate({ functions }, (t) => t.client.call(charge, 42));
 * console.log(run.result); // charged 42, attempt 3
 */
export function failing<Function extends object>(f: Function, how: number | Error): Function {
  const failures = {};
  return makeTestDouble(f, {
    handler: (real, operation) => (ctx, input) => {
      if (typeof how !== "number") throw how;
      const run = simulationOf(ctx, "failing()").count(failures);
      if (run <= how) throw new Error(`planned failure ${run} of ${how} of ${operation}`);
      return real(ctx, input);
    },
  });
}
