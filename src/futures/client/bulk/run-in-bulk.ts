import { HandbackError } from "../../../core/errors/errors.ts";
import {
  callback,
  flag,
  readOptions,
  wholeNumber,
  withDefault,
  anything,
} from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import type { FlowsFilter, FlowsOptions } from "../../listing/flow-filter.ts";
import type { FlowSummary } from "../../listing/flow-summary.ts";
import type { FlowsPage } from "../../listing/list-flows.ts";

/** Options of an operation on many flows. */
export interface BulkOptions {
  /** Number of flows that are worked on at a time, from 1 to 1,000. Default: 100. */
  readonly batch?: number;
  /** Goes on where an earlier call with the same filter stopped: the `cursor` of its last report. */
  readonly cursor?: string | undefined;
  /** Only finds the flows, and changes nothing. Default: false. */
  readonly dryRun?: boolean;
  /** Is called after each batch, with the sums so far. If it throws, the operation stops. */
  readonly onProgress?: (progress: BulkReport) => void;
}

/** The sums of an operation on many flows. */
export interface BulkReport {
  /** Number of flows that meet the filter, and that the operation is for. */
  readonly matched: number;
  /** Number of flows that it has changed. */
  readonly done: number;
  /** Goes on after the last batch. `undefined` once all flows have been visited. */
  readonly cursor: string | undefined;
}

const OPTIONS = {
  batch: withDefault(100, wholeNumber({ from: 1, to: 1_000 })),
  cursor: anything(),
  dryRun: withDefault(false, flag()),
  onProgress: withDefault(() => undefined, callback<NonNullable<BulkOptions["onProgress"]>>()),
} satisfies OptionTable<BulkOptions>;

/** An operation on each of many flows. */
export interface BulkOperation {
  readonly name: string;
  readonly filter: FlowsFilter;
  /** Tells whether the operation is for a flow of this status. */
  isFor(flow: FlowSummary): boolean;
  /** Changes one flow. Returns false if it stands otherwise by now. */
  change(flow: FlowSummary): Promise<boolean>;
}

/** Codes of flows that have gone on since they were listed. */
const GONE_ON: ReadonlySet<string> = new Set([
  "NOT_FOUND",
  "NOT_PAUSED",
  "NOT_RESTARTABLE",
  "FLOW_OVER",
]);

/**
 * Lists flows, the newest first, and changes them batch by batch. Flows that start meanwhile are not
 * visited. Doing all of it again changes nothing twice, because each flow is asked how it stands.
 */
export async function runInBulk(
  client: { flows(options: FlowsOptions): Promise<FlowsPage> },
  operation: BulkOperation,
  options: BulkOptions,
): Promise<BulkReport> {
  const { name, filter } = operation;
  const { batch, cursor: from, dryRun, onProgress } = readOptions(name, OPTIONS, options);
  let report: BulkReport = { matched: 0, done: 0, cursor: undefined };
  let cursor = from as string | undefined;
  do {
    const page = await client.flows({
      ...filter,
      limit: batch,
      ...(cursor !== undefined && { cursor }),
    });
    const flows = page.flows.filter((flow) => operation.isFor(flow));
    const changed = dryRun
      ? []
      : await Promise.all(flows.map((flow) => unlessGoneOn(() => operation.change(flow))));
    cursor = page.cursor;
    report = {
      matched: report.matched + flows.length,
      done: report.done + changed.filter(Boolean).length,
      cursor,
    };
    onProgress(report);
  } while (cursor !== undefined);
  return report;
}

/** Makes a change. Returns false if its flow or call has gone on since it was listed. */
export async function unlessGoneOn(change: () => Promise<boolean | void>): Promise<boolean> {
  try {
    return (await change()) !== false;
  } catch (error) {
    if (HandbackError.is(error) && GONE_ON.has(error.code)) return false;
    throw error;
  }
}
