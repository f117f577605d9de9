import type { HostedFunctions } from "../../../../src/engines/restate/delivery/functions.ts";

/**
 * Makes functions on whose clock time passes `pace` times more slowly than on the cluster's. Tests
 * compare instants, and a busy machine needs longer for everything.
 */
export function slowed(functions: HostedFunctions, pace: number): HostedFunctions {
  return {
    ...functions,
    delayUntil: (instant) => functions.delayUntil(instant) * pace,
    instantAfter: (instant, delayMs) => functions.instantAfter(instant, delayMs / pace),
  };
}
