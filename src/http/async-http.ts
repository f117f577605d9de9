import type { Hono } from "hono";
import type { Client } from "../futures/client/client.ts";
import { httpRules } from "./routes/options.ts";
import type { AsyncHttpOptions } from "./routes/options.ts";
import { BodyMemory } from "./requests/body-bytes.ts";
import { exposedFunctions } from "./requests/exposed-functions.ts";
import { hasPrefix } from "./requests/mount-path.ts";
import { operatorRoutes } from "./routes/operator/operator-routes.ts";
import { documentRoute } from "./routes/describe-app.ts";
import { flowRoutes } from "./routes/flow-routes.ts";
import { servedApp } from "./served-app.ts";
import type { Served } from "./routes/served.ts";
import { Waits } from "./waiting/waits.ts";

/**
 * Serves flows over HTTP with Fetch-standard requests and responses. Clients start flows, read
 * their status, wait for them, follow their streams, send them events, cancel them and purge them. No connection has to
 * stay open in between. The result is a Hono app, so it can be mounted in another one. `serveHttp`
 * runs it on Node.
 *
 * | request | answer |
 * |---|---|
 * | `POST /functions/:namespace/:name[/:operation]` | 202 and `Location`; 200 if it ends in time |
 * | `GET /flows/:id` | 202 while it is pending; 200 with the outcome after its end |
 * | `POST /flows/:id/events/:name` | 202; 410 if it has ended |
 * | `GET /flows/:id/streams/:channel` | 200: server-sent events, until the flow ends |
 * | `POST /flows/:id/cancel` | 202; 410 if it has ended |
 * | `DELETE /flows/:id` | 204; 409 while it is pending |
 * | `GET /openapi.json` | 200: the routes and functions as an OpenAPI 3.1 document |
 *
 * With the option `operator`, there are more:
 *
 * | request | answer |
 * |---|---|
 * | `GET /flows`, `GET /flow-count` | a page of flows, or their number |
 * | `GET /flows/:id/history`, `GET /events` | server-sent events: the history of a flow, or the starts and ends of flows |
 * | `GET /states/:namespace/:name`, `GET /dead-letters` | a page of states, or of dead letters |
 * | `POST /flows/:id/pause`, `POST /flows/:id/restart` | 202: it is paused, or runs again from its start |
 * | `POST /flows/:id/resume`, `POST /flows/:id/fail` | 202: a paused call runs again, or fails |
 * | `POST /bulk/pause`, `/bulk/resume`, `/bulk/cancel`, `/bulk/restart`, `/bulk/purge` | 200: a change of all flows of a filter |
 *
 * The page "Flows over HTTP" lists all of them.
 *
 * A start takes `Idempotency-Key`, `?wait=` and `?id=`. A status takes `?wait=`, and an event
 * `Idempotency-Key`.
 *
 * By default, anyone who knows a flow's id has full access to it. `authorize` can restrict this.
 * Ids cannot be guessed, and no problem document and no log entry contains one.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { asyncHttp } from "handback/http";
 *
 * const report = fn("docs/yearly", (ctx, year: number) =>
 *   ctx.onComplete(ctx.sleep("10ms"), write, year),
 * );
 * const write = fn("docs/write-report", (_, { args: year }: { result: void; args: number }) => {
 *   return `all of ${year}`;
 * });
 *
 * const engine = await embedded({ functions: [report, write], store: memory() });
 * const app = asyncHttp(engine.client, { functions: [report] });
 * const headers = { "content-type": "application/json" };
 * const request = { method: "POST", body: "2030", headers };
 * const started = await app.fetch(new Request("http://localhost/functions/docs/yearly", request));
 * const location = started.headers.get("location");
 * const answer = await app.fetch(new Request(`http://localhost${location}?wait=5`));
 * console.log(started.status, answer.status); // 202 200
 * console.log(await answer.json()); // { ..., status: "completed", ..., output: "all of 2030" }
 * await engine.close();
 */
export function asyncHttp(client: Client, options: AsyncHttpOptions): Hono {
  const rules = httpRules(options);
  const served: Served = {
    client,
    rules,
    exposed: exposedFunctions(options.functions),
    waits: new Waits(rules),
    bodies: { limit: rules.bodyLimit, memory: new BodyMemory(rules.bodiesLimit) },
  };
  const routes = { ...flowRoutes(served), ...(rules.operator && operatorRoutes(served)) };
  return servedApp({
    rules,
    routes: { ...routes, ...documentRoute(served, routes) },
    unknownPath: (c) => (hasPrefix(c) ? "WRONG_MOUNT" : "NO_ROUTE"),
  });
}
