import { AssertionError } from "../../assertion/assertion-error.ts";
import type { Run } from "./run.ts";

/**
 * Checks that no handler was billed while it waited: no time was spent in `ctx.get`, so the `beta`
 * of each flow is exactly 1.
 *
 * @throws an `AssertionError` that names the flows and functions that were billed twice
 * @example
 * import { fn } from "handback";
 * import { expectNoDoubleBilling, simulate, slow } from "handback/testing";
 *
 * const step = fn("docs/step", (_, n: number) => n + 1);
 * const twice = fn("docs/twice", (ctx, n: number) => ctx.invoke(step, ctx.invoke(step, n)));
 *
 * const functions = [twice, slow(step, "10s")];
 * const run = await simulate({ functions }, (t) => t.client.call(twice, 40));
 * await expectNoDoubleBilling(run);
 */
export async function expectNoDoubleBilling(run: Run<unknown>): Promise<void> {
  const flows = (await run.meter.flows()).filter(
    ({ blockedMs, beta }) => blockedMs > 0 || beta !== 1,
  );
  const functions = run.meter.functions().filter(({ blockedMs }) => blockedMs > 0);
  if (flows.length + functions.length === 0) return;
  const lines = [
    ...flows.map(
      ({ id, function: type, billedMs, blockedMs, beta }) =>
        `flow ${id} (${type}) was billed ${billedMs} ms, ` +
        `blocked for ${blockedMs} ms of them, beta ${beta}`,
    ),
    ...functions.map(
      ({ function: type, billedMs, blockedMs }) =>
        `function ${type} was billed ${billedMs} ms, blocked for ${blockedMs} ms of them`,
    ),
  ];
  throw new AssertionError(
    ["expected no handler to be billed while it waits:", ...lines].join("\n  ") +
      `\nreplay: ${run.replay}`,
  );
}
