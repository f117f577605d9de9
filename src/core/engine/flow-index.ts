import type { Content } from "../activation/effects.ts";
import type { Json } from "../data/json.ts";

/** The statuses that a flow can be listed with. */
export const FLOW_STATUSES = [
  "pending",
  "completed",
  "failed",
  "cancelled",
  "paused",
  "parked",
] as const;

/**
 * The status of a listed flow. `parked`: it is pending, and a message of it waits for a function or
 * operation that is not registered.
 */
export type FlowStatusName = (typeof FLOW_STATUSES)[number];

/** The statuses that an index holds. An engine finds out which pending flows are parked. */
export type IndexedStatus = Exclude<FlowStatusName, "parked">;

/** The small values that a flow is found by, in the order of their names. */
export type FlowAttributes = readonly (readonly [name: string, value: FlowAttribute])[];

/** Attributes to set, by name; `null` removes one. */
export type FlowAttributeChanges = readonly (readonly [
  name: string,
  value: FlowAttribute | null,
])[];

/** A small value that a flow is found by. */
export type FlowAttribute = string | number | boolean;

/** A place in the order of starts: by instant, and flows of one instant by number. */
export interface FlowPosition {
  /** In ms since the epoch. */
  readonly startedAt: number;
  /** 16 hex digits. */
  readonly number: string;
}

/** The facts about a flow that an index holds, all derived from the flow's record. */
export interface FlowEntry extends FlowPosition {
  readonly key: string;
  /** Type of the function that was started. */
  readonly type: string;
  readonly status: IndexedStatus;
  /** In ms since the epoch; absent while it is pending. */
  readonly settledAt?: number | undefined;
  /** Instant (ms) from which on its record counts as deleted. */
  readonly expiresAt?: number | undefined;
  readonly attributes?: FlowAttributes | undefined;
}

/** A flow as it is listed. */
export type ListedFlow = Omit<FlowEntry, "status"> & { readonly status: FlowStatusName };

/** The condition that listed flows meet, in all its parts. */
export interface FlowFilter {
  /** Types of functions. */
  readonly types?: readonly string[] | undefined;
  readonly status?: FlowStatusName | undefined;
  /** Instants (ms) between which they started, both excluded. */
  readonly startedAfter?: number | undefined;
  readonly startedBefore?: number | undefined;
  readonly keyPrefix?: string | undefined;
  /** One attribute. */
  readonly attribute?: FlowAttributeFilter | undefined;
}

/** An attribute that flows have. */
export interface FlowAttributeFilter {
  readonly name: string;
  readonly value: FlowAttribute;
}

/** The order of listed flows, by their starts. */
export type FlowOrder = "newest" | "oldest";

/** A question for some flows. */
export interface FlowQuery {
  readonly filter: FlowFilter;
  readonly order: FlowOrder;
  /** Largest number of flows to return. */
  readonly limit: number;
  /** The place from which to go on; absent: the first flow. */
  readonly after?: FlowPosition | undefined;
}

/** Some flows. */
export interface FlowPage {
  /** At most as many as asked for. A page may be short, or empty, although more flows follow. */
  readonly flows: readonly ListedFlow[];
  /** The place from which the next page goes on; `undefined` after the last flow. */
  readonly next: FlowPosition | undefined;
}

/** Finds the committed flows of a store (capability `flowIndex`). */
export interface FlowIndex {
  /** Reads some flows, as of one instant. One call takes a bounded number of steps. */
  list(query: FlowQuery): Promise<FlowPage>;
  /** Counts flows. */
  count(filter: FlowFilter): Promise<number>;
}

/** A value whose instances an engine indexes: the record of a flow. */
export interface IndexedValues {
  /** The function, and the name of the value. */
  readonly type: string;
  readonly name: string;
  /** Returns the entry of the instance with this id. */
  entryOf(id: string, json: Json, expiresAt?: number): FlowEntry;
}

/** Returns the control data of a value that is indexed. */
export function indexedJson({ json = null }: Content): Json {
  return json;
}

/** Compares two places, in the order from the oldest to the newest. */
export function comparePositions(one: FlowPosition, other: FlowPosition): number {
  if (one.startedAt !== other.startedAt) return one.startedAt - other.startedAt;
  if (one.number === other.number) return 0;
  return one.number < other.number ? -1 : 1;
}

/** Tells whether an index holds the same facts for both. */
export function isSameEntry(one: FlowEntry, other: FlowEntry): boolean {
  return (
    one.number === other.number &&
    one.status === other.status &&
    one.startedAt === other.startedAt &&
    one.settledAt === other.settledAt &&
    one.expiresAt === other.expiresAt &&
    one.type === other.type &&
    isSameAttributes(one.attributes, other.attributes)
  );
}

function isSameAttributes(one: FlowAttributes = [], other: FlowAttributes = []): boolean {
  if (one === other) return true;
  const isSame = ([name, value]: FlowAttributes[number], at: number): boolean =>
    other[at]?.[0] === name && other[at][1] === value;
  return one.length === other.length && one.every(isSame);
}
