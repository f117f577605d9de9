import { invalidOption } from "../../../core/validation/options.ts";
import { readFlowsFilter } from "../../listing/flow-filter.ts";
import type { FlowsFilter, FlowsOptions } from "../../listing/flow-filter.ts";
import type { RestartOptions } from "../../types/restart.ts";
import type { FlowsPage } from "../../listing/list-flows.ts";
import { runInBulk, unlessGoneOn } from "./run-in-bulk.ts";
import type { BulkOperation, BulkOptions, BulkReport } from "./run-in-bulk.ts";

/** The operations on one flow that those on many are made of. */
export interface FlowOperations {
  flows(options: FlowsOptions): Promise<FlowsPage>;
  resume(flow: string, options?: { readonly call: string }): Promise<void>;
  pause(flow: string): Promise<void>;
  cancel(flow: string): Promise<boolean>;
  purge(flow: string): Promise<boolean>;
  restart(flow: string, options: RestartOptions): Promise<void>;
}

/** Pauses many flows. */
export async function pauseAll(
  client: FlowOperations,
  filter: FlowsFilter,
  options: BulkOptions,
): Promise<BulkReport> {
  const operation = {
    name: "pause",
    filter: checkFilter("pause", filter),
    isFor: ({ settledAt, pausedAt }) => settledAt === undefined && pausedAt === undefined,
    async change({ id }) {
      await client.pause(id);
      return true;
    },
  } satisfies BulkOperation;
  return runInBulk(client, operation, options);
}

/** Resumes many flows, and their paused calls. */
export async function resumeAll(
  client: FlowOperations,
  filter: FlowsFilter,
  options: BulkOptions,
): Promise<BulkReport> {
  const { status = "paused" } = checkFilter("resumeAll", filter);
  if (status !== "paused") throw invalidOption("status of resumeAll", '"paused"', status);
  const operation = {
    name: "resumeAll",
    filter: { ...filter, status },
    isFor: () => true,
    async change({ id, paused = [], pausedAt }) {
      let hasResumed = pausedAt !== undefined && (await unlessGoneOn(() => client.resume(id)));
      for (const { call } of paused)
        hasResumed = (await unlessGoneOn(() => client.resume(id, { call }))) || hasResumed;
      return hasResumed;
    },
  } satisfies BulkOperation;
  return runInBulk(client, operation, options);
}

/** Cancels many flows. */
export async function cancelAll(
  client: FlowOperations,
  filter: FlowsFilter,
  options: BulkOptions,
): Promise<BulkReport> {
  const operation = {
    name: "cancelAll",
    filter: checkFilter("cancelAll", filter),
    isFor: ({ settledAt }) => settledAt === undefined,
    change: async ({ id }) => client.cancel(id),
  } satisfies BulkOperation;
  return runInBulk(client, operation, options);
}

/** Restarts many flows. */
export async function restartAll(
  client: FlowOperations,
  filter: FlowsFilter,
  { keys, ...options }: RestartOptions & BulkOptions,
): Promise<BulkReport> {
  const { status } = checkFilter("restartAll", filter);
  if (status !== undefined && status !== "failed" && status !== "cancelled")
    throw invalidOption("status of restartAll", '"failed" or "cancelled"', status);
  const operation = {
    name: "restartAll",
    filter,
    isFor: (flow) => flow.status === "failed" || flow.status === "cancelled",
    async change({ id }) {
      await client.restart(id, { keys });
      return true;
    },
  } satisfies BulkOperation;
  return runInBulk(client, operation, options);
}

/** Purges many flows. */
export async function purgeAll(
  client: FlowOperations,
  filter: FlowsFilter,
  options: BulkOptions,
): Promise<BulkReport> {
  const operation = {
    name: "purgeAll",
    filter: checkFilter("purgeAll", filter),
    isFor: ({ settledAt }) => settledAt !== undefined,
    change: async ({ id }) => client.purge(id),
  } satisfies BulkOperation;
  return runInBulk(client, operation, options);
}

/** Returns a filter that is checked. Spread into options, one that is no object means all flows. */
function checkFilter(name: string, filter: FlowsFilter): FlowsFilter {
  readFlowsFilter(name, filter);
  return filter;
}
