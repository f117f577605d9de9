import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";
import type { FlowAttribute, FlowStatusName } from "../../core/engine/flow-index.ts";
import { invalidOption } from "../../core/validation/options.ts";
import type { FlowsFilter } from "../../futures/listing/flow-filter.ts";

/** The filter of the page of flows, as its address has it. */
export interface FlowsQuery {
  readonly function?: string | undefined;
  readonly status?: FlowStatusName | undefined;
  readonly key?: string | undefined;
  /** `name=value`. */
  readonly attribute?: string | undefined;
  /** A name of {@link SINCE}. */
  readonly since?: string | undefined;
  /** The instant that `since` meant on the first page, so that all pages are of one list. */
  readonly after?: number | undefined;
  readonly cursor?: string | undefined;
}

const HOUR_MS = 3_600_000;

/** The ages of flows to choose from, in ms. */
export const SINCE: ReadonlyMap<string, number> = new Map([
  ["", Number.POSITIVE_INFINITY],
  ["hour", HOUR_MS],
  ["day", 24 * HOUR_MS],
  ["week", 7 * 24 * HOUR_MS],
  ["month", 30 * 24 * HOUR_MS],
]);

/** Reads the filter from an address. @throws `INVALID_OPTIONS` */
export function readFlowsQuery(asked: URLSearchParams, now: number): FlowsQuery {
  const textOf = (name: string): string | undefined => asked.get(name)?.trim() || undefined;
  const status = textOf("status");
  const since = textOf("since");
  const age = since === undefined ? undefined : SINCE.get(since);
  if (since !== undefined && age === undefined)
    throw invalidOption("since", [...SINCE.keys()].slice(1).join(", "), since);
  const given = textOf("after");
  return {
    function: textOf("function"),
    status: status === undefined ? undefined : readStatus(status),
    key: textOf("key"),
    attribute: textOf("attribute"),
    since,
    after: age === undefined ? undefined : given === undefined ? now - age : Number(given),
    cursor: textOf("cursor"),
  };
}

/** Writes the filter as the query of an address. */
export function flowsQueryText({ after, cursor, ...rest }: FlowsQuery): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) if (value !== undefined) asked.set(name, value);
  // A first page begins anew.
  if (cursor !== undefined && after !== undefined) asked.set("after", String(after));
  if (cursor !== undefined) asked.set("cursor", cursor);
  const text = asked.toString();
  return text === "" ? "" : `?${text}`;
}

/** Makes the filter of `client.flows`. @throws `INVALID_OPTIONS` */
export function filterOf({
  function: type,
  status,
  key,
  attribute,
  after,
}: FlowsQuery): FlowsFilter {
  return {
    ...(type !== undefined && { function: type }),
    ...(status !== undefined && { status }),
    ...(key !== undefined && { keyPrefix: key }),
    ...(attribute !== undefined && { attribute: readAttributeText(attribute) }),
    ...(after !== undefined && { startedAfter: after }),
  };
}

function readStatus(text: string): FlowStatusName {
  const status = FLOW_STATUSES.find((each) => each === text);
  if (status === undefined) throw invalidOption("status", FLOW_STATUSES.join(", "), text);
  return status;
}

/** Reads `name=value`. A value in quotes is a text, also if it looks like a number. */
function readAttributeText(text: string): Readonly<Record<string, FlowAttribute>> {
  const [, name, value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw invalidOption("attribute", "name=value", text);
  return { [name.trim()]: readAttributeValue(value.trim()) };
}

function readAttributeValue(text: string): FlowAttribute {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  return /^".*"$/s.test(text) ? text.slice(1, -1) : text;
}
