import { availableParallelism, loadavg } from "node:os";

/** Processes for each processor from which on a machine is too busy for the usual times. */
const BUSY = 4;
/** Largest factor for times because of a busy machine. */
const BUSY_SLACK = 32;

/** Returns a larger factor for times on a machine that has much other work when the tests begin. */
export function busySlack(slack: number): number {
  const [load = 0] = loadavg();
  const factor = Math.max(1, load / availableParallelism() / BUSY);
  return Math.max(slack, Math.min(BUSY_SLACK, Math.ceil(slack * factor)));
}
