import type { Context } from "hono";
import type { HistoryEntry } from "../../../futures/client/journal/history-entry.ts";
import { authorized } from "../../requests/access.ts";
import type { Access } from "../../requests/access.ts";
import { pathOf, queryOf } from "../../requests/parameters.ts";
import { jsonAnswer } from "../../responses/answer.ts";
import { plainJson } from "../../responses/plain-json.ts";
import { ProblemError } from "../../responses/problem.ts";
import type { ServerEvent } from "../../streams/event-stream.ts";
import { answerStream } from "../answer-stream.ts";
import { flowRoute } from "../route.ts";
import type { Methods, Route } from "../route.ts";
import type { Served } from "../served.ts";
import { withQuery } from "./filters.ts";

/** The paths of the routes for operators, who see all flows and states, and their methods. */
export function operatorRoutes(served: Served): Readonly<Record<string, Methods>> {
  const { client, exposed } = served;
  const list = (action: Access["action"], read: (c: Context) => Promise<unknown>): Methods => ({
    GET: operatorRoute(served, action, async (c) => jsonAnswer(200, plainJson(await read(c)))),
  });
  return {
    "/flows": list("list", (c) => withQuery(c, (options: object) => client.flows(options))),
    "/flow-count": list("list", (c) =>
      withQuery(c, async (filter: object) => ({ count: await client.countFlows(filter) })),
    ),
    "/flows/:flow/history": {
      GET: flowRoute(served, "history", (c, flow) =>
        answerStream(c, served, (place) => eventsOf(client.flow(flow).changes(place))),
      ),
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
    "/states/:namespace/:name": list("states", (c) => {
      const { namespace = "", name = "" } = pathOf(c);
      const f = exposed.stateful(`${namespace}/${name}`);
      if (f === undefined) throw new ProblemError("UNKNOWN_FUNCTION");
      return withQuery(c, (options: object) => client.states(f, options));
    }),
    "/dead-letters": list("dead-letters", (c) =>
      withQuery(c, (options: object) => client.deadLetters(options)),
    ),
  };
}

/** Makes a route that is about no single flow. */
function operatorRoute(
  { rules }: Served,
  action: Access["action"],
  answer: (c: Context) => Promise<Response>,
): Route {
  return async (c) => {
    const { namespace, name } = pathOf(c);
    const type = namespace === undefined ? queryOf(c, "function") : `${namespace}/${name}`;
    const access = { action, ...(type !== undefined && { function: type }) };
    await authorized(rules.authorize, c.req.raw, access);
    return answer(c);
  };
}

async function* eventsOf(
  entries: AsyncIterable<HistoryEntry>,
): AsyncGenerator<ServerEvent, void, void> {
  for await (const { cursor, ...entry } of entries) yield { id: cursor, data: plainJson(entry) };
}
