import { comparePositions } from "../../../core/engine/flow-index.ts";
import type {
  FlowAttributeFilter,
  FlowFilter,
  FlowOrder,
  FlowPosition,
  ListedFlow,
} from "../../../core/engine/flow-index.ts";

/** Numbers before and after those of all flows. */
const FIRST_NUMBER = "0".repeat(16);
const LAST_NUMBER = `7${"f".repeat(15)}`;

/** Tells whether a flow meets all parts of a filter at `now`. */
export function meetsFilter(flow: ListedFlow, filter: FlowFilter, now: number): boolean {
  const { types, status, startedAfter, startedBefore, keyPrefix, attribute } = filter;
  return (
    (flow.expiresAt === undefined || flow.expiresAt > now) &&
    (status === undefined || flow.status === status) &&
    (types === undefined || types.includes(flow.type)) &&
    (startedAfter === undefined || flow.startedAt > startedAfter) &&
    (startedBefore === undefined || flow.startedAt < startedBefore) &&
    (keyPrefix === undefined || flow.key.startsWith(keyPrefix)) &&
    (attribute === undefined || hasAttribute(flow, attribute))
  );
}

function hasAttribute({ attributes = [] }: ListedFlow, wanted: FlowAttributeFilter): boolean {
  return attributes.some(([name, value]) => name === wanted.name && value === wanted.value);
}

/** Compares two places in an order. */
export function compareIn(order: FlowOrder, one: FlowPosition, other: FlowPosition): number {
  return order === "oldest" ? comparePositions(one, other) : comparePositions(other, one);
}

/** Returns the place after which to read the flows of a filter: `after`, or a later one. */
export function beginOf(
  { startedAfter, startedBefore }: FlowFilter,
  order: FlowOrder,
  after: FlowPosition | undefined,
): FlowPosition | undefined {
  const startedAt = order === "oldest" ? startedAfter : startedBefore;
  if (startedAt === undefined) return after;
  const begin = { startedAt, number: order === "oldest" ? LAST_NUMBER : FIRST_NUMBER };
  return after === undefined || compareIn(order, begin, after) > 0 ? begin : after;
}

/** Tells whether a place, and so every later one in the order, lies behind the flows of a filter. */
export function isPast(
  { startedAfter, startedBefore }: FlowFilter,
  order: FlowOrder,
  { startedAt }: FlowPosition,
): boolean {
  return order === "oldest"
    ? startedBefore !== undefined && startedAt >= startedBefore
    : startedAfter !== undefined && startedAt <= startedAfter;
}
