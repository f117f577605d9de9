import type { Context } from "hono";
import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import type { FlowsFilter } from "../../futures/listing/flow-filter.ts";
import { queryOf } from "../requests/parameters.ts";
import { ProblemError } from "../responses/problem.ts";
import { flowStatusesOf } from "./runtime-status.ts";

/** The instances that a request asks for. */
export interface InstanceFilter {
  readonly filter: Omit<FlowsFilter, "status">;
  /** Statuses of flows. `undefined`: all. */
  readonly statuses: readonly FlowStatusName[] | undefined;
}

/** Reads the filter of a request from its query. @throws a `ProblemError` */
export function instanceFilterOf(c: Context): InstanceFilter {
  const from = instantOf(c, "createdTimeFrom");
  const to = instantOf(c, "createdTimeTo");
  const keyPrefix = queryOf(c, "instanceIdPrefix");
  const statuses = flowStatusesOf(queryOf(c, "runtimeStatus"));
  // The bounds of Durable Functions belong to the range, and those of a list of flows do not.
  const filter = {
    ...(from !== undefined && { startedAfter: from - 1 }),
    ...(to !== undefined && { startedBefore: to + 1 }),
    ...(keyPrefix !== undefined && { keyPrefix }),
  };
  return { filter, statuses };
}

/** Reads `?top=`, the length of a page. @throws a `ProblemError` */
export function pageLengthOf(c: Context): number | undefined {
  const text = queryOf(c, "top") ?? queryOf(c, "pageSize");
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0) throw new ProblemError("MALFORMED_FILTER");
  return Math.min(Number(text), MOST_INSTANCES);
}

const MOST_INSTANCES = 1_000;

function instantOf(c: Context, name: string): number | undefined {
  const text = queryOf(c, name);
  if (text === undefined || text === "") return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw new ProblemError("MALFORMED_FILTER");
  return instant;
}
