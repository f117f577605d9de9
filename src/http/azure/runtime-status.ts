import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import { ProblemError } from "../responses/problem.ts";

/** The states of an instance that this engine has, with the names of Durable Functions. */
export type RuntimeStatus = "Running" | "Suspended" | "Completed" | "Failed" | "Terminated";

const NAMES: Readonly<Record<FlowStatusName, RuntimeStatus>> = {
  pending: "Running",
  parked: "Running",
  paused: "Suspended",
  completed: "Completed",
  failed: "Failed",
  cancelled: "Terminated",
};

/** The statuses of flows by each name in a filter. */
const FLOW_STATUSES: ReadonlyMap<string, readonly FlowStatusName[]> = new Map([
  ["Running", ["pending", "parked"]],
  // An instance of Durable Functions has these for a moment, at its start and between two rounds.
  ["Pending", []],
  ["ContinuedAsNew", []],
  ["Suspended", ["paused"]],
  ["Completed", ["completed"]],
  ["Failed", ["failed"]],
  ["Terminated", ["cancelled"]],
  ["Canceled", ["cancelled"]],
]);

/** Returns the name that Durable Functions gives the status of a flow. */
export function runtimeStatusOf(status: FlowStatusName): RuntimeStatus {
  return NAMES[status];
}

/**
 * Reads a list of names, with commas between them, as statuses of flows. `undefined` means all.
 * @throws a `ProblemError`
 */
export function flowStatusesOf(text: string | undefined): readonly FlowStatusName[] | undefined {
  if (text === undefined || text === "") return undefined;
  const found = text.split(",").flatMap((name) => {
    const statuses = FLOW_STATUSES.get(name.trim());
    if (statuses === undefined) throw new ProblemError("MALFORMED_FILTER");
    return statuses;
  });
  return [...new Set(found)];
}
