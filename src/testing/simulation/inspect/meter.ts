import type { FunctionBill } from "../../../engines/embedded/execution/function-meter.ts";
import type { FlowHandle } from "../../../futures/client/client.ts";
import type { FlowBill } from "../../../futures/flow/bill.ts";
import type { FlowReport, Inspection } from "./inspection.ts";
import type { World } from "../host/world.ts";

/** What a simulation was billed. Flows are known for as long as `retention` says. */
export interface Meter {
  /** What a flow was billed so far. @throws `NOT_FOUND` */
  flow(flow: string | FlowHandle<unknown>): Promise<FlowBill>;
  /** All flows, by key, with what they were billed. */
  flows(): Promise<readonly FlowReport[]>;
  /** What a function was billed, in all processes of the run, one-way messages included. */
  function(type: string): FunctionBill;
  /** All functions that ran to an end, with what they were billed. */
  functions(): readonly (FunctionBill & { readonly function: string })[];
}

const NO_BILL: FunctionBill = { runs: 0, failed: 0, billedMs: 0, blockedMs: 0 };

/** The meter of a simulated world. */
export function meterOf(world: World, inspection: Inspection): Meter {
  return {
    flow: (flow) => inspection.bill(typeof flow === "string" ? flow : flow.id),
    flows: () => inspection.flows(),
    function: (type) => world.bills().get(type) ?? NO_BILL,
    functions: () => Array.from(world.bills(), ([type, bill]) => ({ function: type, ...bill })),
  };
}
