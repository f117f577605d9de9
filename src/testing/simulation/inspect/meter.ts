import type { FunctionBill } from "../../../engines/embedded/execution/function-meter.ts";
import type { FlowHandle } from "../../../futures/client/client.ts";
import type { FlowBill } from "../../../futures/flow/bill.ts";
import type { FlowReport, Inspection } from "./inspection.ts";
import type { World } from "../host/world.ts";

/** The bills of a simulation. Flows are known for as long as `retention` says. */
export interface Meter {
  /** Returns the bill of a flow so far. @throws `NOT_FOUND` */
  flow(flow: string | FlowHandle<unknown>): Promise<FlowBill>;
  /** Returns all flows, by key, with their bills. */
  flows(): Promise<readonly FlowReport[]>;
  /**
   * Returns the bill of a function, summed over all processes of the run. Includes one-way
   * messages.
   */
  function(type: string): FunctionBill;
  /** Returns all functions that completed a run, with their bills. */
  functions(): readonly (FunctionBill & { readonly function: string })[];
}

const NO_BILL: FunctionBill = { runs: 0, failed: 0, billedMs: 0, blockedMs: 0 };

/** Makes the meter of a simulated world. */
export function meterOf(world: World, inspection: Inspection): Meter {
  return {
    flow: (flow) => inspection.bill(typeof flow === "string" ? flow : flow.id),
    flows: () => inspection.flows(),
    function: (type) => world.bills().get(type) ?? NO_BILL,
    functions: () => Array.from(world.bills(), ([type, bill]) => ({ function: type, ...bill })),
  };
}
