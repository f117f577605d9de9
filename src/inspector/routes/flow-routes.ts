import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { pathOf, queryOf } from "../../http/requests/parameters.ts";
import { flowContents } from "../pages/flow-page.ts";
import { flowPagePath, flowsContents } from "../pages/flows-page.ts";
import { filterOf, flowsQueryText, readFlowsQuery } from "../reading/flows-query.ts";
import type { FlowsQuery } from "../reading/flows-query.ts";
import { flowChanges, flowsChanges } from "../reading/live-events.ts";
import { typesOfFunctions } from "../reading/read-functions.ts";
import { ifSupported, readFlowFacts } from "../reading/read-flow-facts.ts";
import type { FlowView } from "../reading/read-flow-facts.ts";
import { doneNotice } from "./done-notice.ts";
import { liveAnswer } from "./live-answer.ts";
import { pageAnswer } from "./page-answer.ts";
import type { Inspected, PageRoute, Visit } from "./page-route.ts";

const PAGE = 50;

/** The routes to flows, and the events that tell their pages to load again. */
export function flowPageRoutes(inspected: Inspected): Readonly<Record<string, PageRoute>> {
  return {
    "/": { get: (visit) => showFlows(inspected, visit) },
    "/flows/:flow": { get: (visit) => showFlow(inspected, visit) },
    "/live/flows": { get: (visit) => followFlows(inspected, visit) },
    "/live/flows/:flow": { get: (visit) => followFlow(inspected, visit) },
  };
}

async function showFlows({ client, rules }: Inspected, { c, base }: Visit): Promise<Response> {
  const now = rules.clock.now();
  const query = readFlowsQuery(new URL(c.req.url).searchParams, now);
  const { cursor } = query;
  const options = { ...filterOf(query), limit: PAGE, ...(cursor !== undefined && { cursor }) };
  const [page, counts] = await Promise.all([client.flows(options), countByStatus(client, query)]);
  const types = typesOfFunctions(rules.functions);
  const live = `${base}/live/flows${flowsQueryText({ function: query.function })}`;
  const frame = { base, title: "Flows", section: "Flows", readOnly: rules.readOnly } as const;
  // An older page does not change when flows start.
  return pageAnswer(
    { ...frame, ...(cursor === undefined && { live }) },
    flowsContents({ base, query, page, counts, types, now }),
  );
}

/** Counts flows by status. Only counters are read, so a filter other than the function is left out. */
async function countByStatus(
  client: Inspected["client"],
  { function: type }: FlowsQuery,
): Promise<ReadonlyMap<FlowStatusName | undefined, number>> {
  const filter = type === undefined ? {} : { function: type };
  const counted = await Promise.all([
    client.countFlows(filter),
    ...FLOW_STATUSES.map((status) => client.countFlows({ ...filter, status })),
  ]);
  return new Map(counted.map((count, at) => [[undefined, ...FLOW_STATUSES][at], count]));
}

async function showFlow({ client, rules }: Inspected, { c, base }: Visit): Promise<Response> {
  const { flow: id = "" } = pathOf(c);
  const channel = queryOf(c, "stream")?.trim() || undefined;
  const { clock, readOnly } = rules;
  const view = await readFlowFacts(client, id, { channel, clock });
  const frame = { base, title: id, section: "Flows", readOnly } as const;
  const live = view.status.settledAt === undefined ? { live: liveAddress(base, view) } : {};
  const contents = flowContents(view, { base, readOnly, fromRow: readRow(queryOf(c, "row")) });
  return pageAnswer({ ...frame, ...live }, doneNotice(c, contents));
}

function liveAddress(base: string, { id, history, stream }: FlowView): string {
  const asked = new URLSearchParams();
  if (stream !== undefined) asked.set("stream", stream.channel);
  const after = stream === undefined ? history?.at(-1)?.cursor : stream.items.at(-1)?.cursor;
  if (after !== undefined) asked.set("after", after);
  return `${base}/live${flowPagePath("", id)}?${asked.toString()}`;
}

function readRow(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : 0;
}

function followFlows({ client, rules }: Inspected, { c }: Visit): Response {
  const { clock } = rules;
  const type = queryOf(c, "function");
  const filter = type === undefined ? {} : { function: type };
  return liveAnswer(c, rules, (signal) => flowsChanges(client, { filter, clock, signal }));
}

async function followFlow({ client, rules }: Inspected, { c }: Visit): Promise<Response> {
  const { flow = "" } = pathOf(c);
  const { clock } = rules;
  const [channel, after] = [queryOf(c, "stream"), queryOf(c, "after")];
  // A browser that gets no content asks no more.
  const settledAt = await ifSupported(async () => (await client.status(flow)).settledAt);
  if (settledAt !== undefined) return new Response(null, { status: 204 });
  return liveAnswer(c, rules, (signal) => {
    try {
      return flowChanges(client, { flow, channel, after, clock, signal });
    } catch (error) {
      if (HandbackError.is(error, "INVALID_CURSOR"))
        return flowChanges(client, { flow, channel, after: undefined, clock, signal });
      throw error;
    }
  });
}
