import type { FlowSummary } from "../../futures/listing/flow-summary.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";
import { drawTable } from "../terminal/table.ts";
import { statusText } from "./status-text.ts";
import { agoText, durationText } from "./time-text.ts";

/** A page of flows, as a server and a store give it. */
export interface FlowPageView {
  readonly flows: readonly FlowSummary[];
  /** Absent at the end of the list. */
  readonly cursor?: string | undefined;
}

/** Draws a page of flows as a table, and says how to see the next page. */
export function renderFlows(
  { flows, cursor }: FlowPageView,
  { now, paint }: { readonly now: number; readonly paint: Paint },
): string {
  const more =
    cursor === undefined ? [] : ["", paint("dim", `more: add --cursor ${safeText(cursor)}`)];
  if (flows.length === 0) return ["no flows", ...more].join("\n");
  const hasAttributes = flows.some(({ attributes }) => Object.keys(attributes).length > 0);
  const table = drawTable(
    {
      heads: [
        "flow",
        "function",
        "status",
        "started",
        "took",
        ...(hasAttributes ? ["attributes"] : []),
      ],
      rows: flows.map((flow) => [
        safeText(flow.id),
        safeText(flow.function),
        statusText(flow.status, paint),
        agoText(flow.startedAt, now),
        flow.settledAt === undefined ? "-" : durationText(flow.settledAt - flow.startedAt),
        ...(hasAttributes ? [attributesText(flow)] : []),
      ]),
    },
    paint,
  );
  return [table, ...more].join("\n");
}

/** Writes the attributes of a flow, such as `customer=c-7 priority=2`. */
export function attributesText({ attributes }: Pick<FlowSummary, "attributes">): string {
  return Object.entries(attributes)
    .map(([name, value]) => safeText(`${name}=${value}`))
    .join(" ");
}
