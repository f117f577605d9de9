import type { FlowIndex, FlowPosition } from "../../core/engine/flow-index.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { cursorOf, invalidCursor, placeOfCursor } from "./cursor.ts";
import { readFlowsFilter, readFlowsOptions } from "./flow-filter.ts";
import type { FlowListRequest, FlowsFilter, FlowsOptions } from "./flow-filter.ts";
import { flowSummary } from "./flow-summary.ts";
import type { FlowSummary } from "./flow-summary.ts";
import type { FlowPauses } from "../repair/pauses-of.ts";
import { pagesOf } from "./pages.ts";
import type { Page, Pages } from "./pages.ts";

/** One page of a list of flows. */
export interface FlowsPage extends Page {
  /** At most `limit` flows. It can be fewer, or none, although there is a cursor. */
  readonly flows: readonly FlowSummary[];
}

type ListingEngine = Pick<Engine, "flowIndex" | "storeId">;

/** Reads what is paused of a flow. */
type ReadPauses = (flow: string) => Promise<FlowPauses>;

/** Lists flows. The page rejects with `INVALID_OPTIONS`, `INVALID_CURSOR`, `UNSUPPORTED`. */
export function listFlows(
  engine: ListingEngine,
  options: FlowsOptions,
  readPauses: ReadPauses,
): Pages<FlowsPage, FlowSummary> {
  const paged = (cursor: string | undefined): FlowsOptions =>
    cursor === undefined ? options : { ...options, cursor };
  return pagesOf(
    (cursor) => readFlowsPage(engine, paged(cursor), readPauses),
    ({ flows }) => flows,
  );
}

/** Counts flows. @throws `INVALID_OPTIONS`, `UNSUPPORTED` */
export async function countFlows(engine: ListingEngine, filter: FlowsFilter): Promise<number> {
  return flowIndexOf(engine, "countFlows").count(readFlowsFilter("countFlows", filter));
}

async function readFlowsPage(
  engine: ListingEngine,
  options: FlowsOptions,
  readPauses: ReadPauses,
): Promise<FlowsPage> {
  const request = readFlowsOptions(options);
  const { filter, order, limit, cursor } = request;
  const list = describeList(engine, request);
  const after = cursor === undefined ? undefined : positionOf(list, cursor);
  const { flows, next } = await flowIndexOf(engine, "flows").list({ filter, order, limit, after });
  return {
    flows: await Promise.all(flows.map((flow) => withPauses(flowSummary(flow), readPauses))),
    cursor: next === undefined ? undefined : cursorOf(list, `${next.startedAt} ${next.number}`),
  };
}

/** Adds what is paused of a flow. If it is nothing by now, the flow goes on. */
async function withPauses(summary: FlowSummary, readPauses: ReadPauses): Promise<FlowSummary> {
  if (summary.status !== "paused") return summary;
  const { paused = [], pausedAt } = await readPauses(summary.id);
  return { ...summary, paused, ...(pausedAt !== undefined && { pausedAt }) };
}

function flowIndexOf({ flowIndex }: ListingEngine, method: string): FlowIndex {
  if (flowIndex !== undefined) return flowIndex;
  throw new HandbackError("UNSUPPORTED", `${method}: this engine has no index of flows`);
}

/** Describes a list, so that a cursor of another one is recognized. */
function describeList({ storeId }: ListingEngine, { filter, order }: FlowListRequest): string {
  const { types, status, startedAfter, startedBefore, keyPrefix, attribute } = filter;
  const parts = [types, status, startedAfter, startedBefore, keyPrefix, attribute, order];
  return `flows of ${storeId} ${JSON.stringify(parts.map((part) => part ?? null))}`;
}

/** Form of a place: the instant of the start, and the flow's number. */
const PLACE = /^(-?\d{1,16}(?:\.\d{1,16})?) ([0-7][0-9a-f]{15})$/;

function positionOf(list: string, cursor: unknown): FlowPosition {
  const [, startedAt, number] = PLACE.exec(placeOfCursor(list, cursor)) ?? [];
  if (startedAt === undefined || number === undefined) throw invalidCursor(cursor);
  return { startedAt: Number(startedAt), number };
}
