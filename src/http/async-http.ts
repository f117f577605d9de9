import { Hono } from "hono";
import type { Context } from "hono";
import type { Client } from "../futures/client/client.ts";
import { failureAnswer, problemAnswer } from "./error-response.ts";
import { httpRules } from "./routes/options.ts";
import type { AsyncHttpOptions } from "./routes/options.ts";
import { BodyMemory } from "./requests/body-bytes.ts";
import { exposedFunctions } from "./requests/exposed-functions.ts";
import { digestOfKey } from "./requests/flow-ids.ts";
import { readJsonBody } from "./requests/json-body.ts";
import { hasPrefix } from "./requests/mount-path.ts";
import { checkOrigin, sharedWith } from "./requests/origins.ts";
import { checkPath, pathOf, waitOf } from "./requests/parameters.ts";
import { emptyAnswer } from "./responses/answer.ts";
import { ProblemError } from "./responses/problem.ts";
import { answerFlow, waiting } from "./routes/answer-flow.ts";
import { addRoute, flowRoute } from "./routes/route.ts";
import type { Methods } from "./routes/route.ts";
import type { Served } from "./routes/served.ts";
import { startFlow } from "./routes/start-flow.ts";
import { streamFlow } from "./routes/stream-flow.ts";
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
  const { maxWaitMs, bodyLimit, log, retryAfter, secret } = rules;
  const served: Served = {
    client,
    rules,
    exposed: exposedFunctions(options.functions),
    waits: new Waits(rules),
    bodies: { limit: bodyLimit, memory: new BodyMemory(rules.bodiesLimit) },
  };
  const app = new Hono();
  const { origins } = rules;
  // Each further middleware would cost every request some microseconds.
  if (origins.length > 0) app.use(sharedWith(origins));
  const check = (c: Context): void => {
    checkOrigin(c, origins);
    checkPath(c);
  };
  const add = (path: string, methods: Methods): void => addRoute(app, path, { check, methods });
  const start = { POST: (c: Context) => startFlow(c, served) };
  add("/functions/:namespace/:name", start);
  add("/functions/:namespace/:name/:operation", start);
  add("/flows/:flow", {
    GET: flowRoute(served, "status", (c, flow) => {
      const waitMs = waitOf(c, maxWaitMs);
      return waiting(c, served, waitMs, (wait) =>
        answerFlow(c, served, client.flow(flow), { ...wait, segments: 2, isNew: false }),
      );
    }),
    DELETE: flowRoute(served, "purge", async (_, flow) => {
      if (!(await client.purge(flow))) throw new ProblemError("STILL_PENDING");
      return emptyAnswer(204);
    }),
  });
  add("/flows/:flow/events/:event", {
    POST: flowRoute(served, "event", async (c, flow, principal) => {
      const header = c.req.header("idempotency-key");
      const key = header === undefined ? undefined : digestOfKey(header, { principal, secret });
      const value = await readJsonBody(c, served.bodies);
      const options = key === undefined ? {} : { key };
      await client.signal(flow, pathOf(c)["event"] ?? "", value, options);
      return emptyAnswer(202);
    }),
  });
  add("/flows/:flow/streams/:channel", {
    GET: flowRoute(served, "stream", (c, flow) => streamFlow(c, served, flow)),
  });
  add("/flows/:flow/cancel", {
    POST: flowRoute(served, "cancel", async (_, flow) => {
      if (!(await client.cancel(flow))) throw new ProblemError("FLOW_OVER");
      return emptyAnswer(202);
    }),
  });
  app.notFound((c) => {
    check(c);
    return problemAnswer(new ProblemError(hasPrefix(c) ? "WRONG_MOUNT" : "NO_ROUTE"));
  });
  app.onError((error) => failureAnswer(error, { log, retryAfter }));
  return app;
}
