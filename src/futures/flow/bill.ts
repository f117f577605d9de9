import { isUsageComplete } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";

/** The bill of a flow. Times are in ms, exact to the nanosecond. */
export interface FlowBill {
  /** Sum over runs of the time from a handler's start to its end. */
  readonly billedMs: number;
  /** The part of it in which the handler worked. */
  readonly activeMs: number;
  /** The part of it in which the handler waited in `ctx.get`: the double billing. */
  readonly blockedMs: number;
  /**
   * Sum over runs of the time from the handler's end to the settlement of the future it returned.
   * Not billed.
   */
  readonly parkedMs: number;
  /** Billed time divided by active time. It is 1 if no time was billed twice. */
  readonly beta: number;
  readonly runs: number;
  /** True once all runs of the flow are counted. */
  readonly final: boolean;
}

/** Makes a bill from a flow's usage totals. */
export function flowBill(tally: UsageTotals, settled: boolean): FlowBill {
  const [runs, billedNs, blockedNs, parkedMs] = tally;
  const activeNs = billedNs - blockedNs;
  return {
    billedMs: billedNs / 1e6,
    activeMs: activeNs / 1e6,
    blockedMs: blockedNs / 1e6,
    parkedMs,
    beta: billedNs === 0 || blockedNs === 0 ? 1 : billedNs / activeNs,
    runs,
    final: settled && isUsageComplete(tally),
  };
}
