import type { Context } from "hono";
import type { HistoryEntry } from "../../../futures/client/journal/history-entry.ts";
import type { Access } from "../../requests/access.ts";
import { pathOf, queryOf } from "../../requests/parameters.ts";
import { jsonAnswer } from "../../responses/answer.ts";
import { plainJson } from "../../responses/plain-json.ts";
import { ProblemError } from "../../responses/problem.ts";
import type { ServerEvent } from "../../streams/event-stream.ts";
import { answerStream } from "../answer-stream.ts";
import type { Methods } from "../route.ts";
import type { Served } from "../served.ts";
import { bulkRoutes } from "./bulk-routes.ts";
import { deadLetterRoutes } from "./dead-letter-routes.ts";
import { withQuery } from "./filters.ts";
import { operatorRoute } from "./operator-route.ts";
import { pauseRoutes } from "./pause-routes.ts";
import { repairRoutes } from "./repair-routes.ts";
import { stateRoutes } from "./state-routes.ts";
import { statsRoutes } from "./stats-routes.ts";

/** The paths of the routes for operators, who see all flows and states, and their methods. */
export function operatorRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client } = served;
  const list = (action: Access["action"], read: (c: Context) => Promise<unknown>): Methods => ({
    GET: operatorRoute(served, action, async (c) => jsonAnswer(200, plainJson(await read(c)))),
  });
  return {
    "/flows": list("list", (c) => withQuery(c, (options: object) => client.flows(options))),
    "/flow-count": list("list", (c) =>
      withQuery(c, async (filter: object) => ({ count: await client.countFlows(filter) })),
    ),
    "/flows/:flow/history": {
      GET: operatorRoute(served, "history", async (c) => {
        const handle = client.flow(pathOf(c)["flow"] ?? "");
        // A flow that does not exist is an answer, not an event.
        await handle.status();
        return answerStream(c, served, (place) =>
          eventsOf(isFollowed(c) ? handle.changes(place) : client.history(handle, place)),
        );
      }),
    },
    "/events": {
      GET: operatorRoute(served, "events", async (c) =>
        answerStream(c, served, (place) => {
          const type = queryOf(c, "function");
          return eventsOf(
            client.events({ ...place, ...(type !== undefined && { function: type }) }),
          );
        }),
      ),
    },
    ...pauseRoutes(served),
    ...repairRoutes(served),
    ...bulkRoutes(served),
    ...stateRoutes(served),
    ...deadLetterRoutes(served),
    ...statsRoutes(served),
  };
}

/** Tells whether a reader wants new entries, too. `?follow=false` ends with those so far. */
function isFollowed(c: Context): boolean {
  const follow = queryOf(c, "follow") ?? "true";
  if (follow === "true" || follow === "false") return follow === "true";
  throw new ProblemError("MALFORMED_FILTER");
}

async function* eventsOf(
  entries: AsyncIterable<HistoryEntry>,
): AsyncGenerator<ServerEvent, void, void> {
  for await (const { cursor, ...entry } of entries) yield { id: cursor, data: plainJson(entry) };
}
