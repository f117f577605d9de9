import { Hono } from "hono";
import type { Context } from "hono";
import { show } from "../core/errors/show.ts";
import type { Client, FlowHandle, FlowStatus } from "../futures/client/client.ts";
import type { Invokable } from "../futures/types/function.ts";
import { authorized } from "./requests/access.ts";
import type { Access } from "./requests/access.ts";
import { exposedFunctions } from "./requests/exposed-functions.ts";
import { failureAnswer, problemAnswer, SAFE_HEADERS } from "./error-response.ts";
import { isReachable, newFlowId } from "./requests/flow-ids.ts";
import { reportOf } from "./flow-report.ts";
import { readJsonBody } from "./requests/json-body.ts";
import { linksOf } from "./responses/links.ts";
import { httpRules } from "./options.ts";
import type { AsyncHttpOptions } from "./options.ts";
import { onlyFrom } from "./requests/origins.ts";
import { checkPath, pathOf, queryOf, waitOf } from "./requests/parameters.ts";
import { ProblemError } from "./responses/problem.ts";
import { settledWithin } from "./responses/settled-within.ts";

/**
 * Serves flows over HTTP, as functions of the Fetch standard: they are started, asked after, waited for, sent events, canceled and
 * purged, and nobody has to keep a connection open meanwhile. A Hono app, so it can be mounted into another one; `serveHttp` runs it on Node.
 *
 * | request | answer |
 * |---|---|
 * | `POST /functions/:namespace/:name[/:operation]` with `Idempotency-Key`, `?wait=`, `?id=` | 202 and `Location`; 200 with the outcome when it came in time |
 * | `GET /flows/:id` with `?wait=` | 202 while it is pending, 200 when it has completed, failed or been canceled |
 * | `POST /flows/:id/events/:name` | 202; 410 when it has ended |
 * | `POST /flows/:id/cancel` | 202; 410 when it has ended |
 * | `DELETE /flows/:id` | 204; 409 while it is pending |
 *
 * The id of a flow is all it takes to reach it, unless `authorize` asks for more: ids cannot be guessed, and show in no problem and no log.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { asyncHttp } from "handback/http";
 *
 * const report = fn("docs/yearly", (ctx, year: number) => ctx.onComplete(ctx.sleep("10ms"), write, year));
 * const write = fn("docs/write-report", (_, { args: year }: { result: void; args: number }) => `all of ${year}`);
 *
 * const engine = await embedded({ functions: [report, write], store: memory() });
 * const app = asyncHttp(engine.client, { functions: [report] });
 * const request = { method: "POST", body: "2030", headers: { "content-type": "application/json" } };
 * const started = await app.fetch(new Request("http://localhost/functions/docs/yearly", request));
 * const location = started.headers.get("location");
 * const answer = await app.fetch(new Request(`http://localhost${location}?wait=5`));
 * console.log(started.status, answer.status, await answer.json()); // 202 200 { ..., status: "completed", ..., output: "all of 2030" }
 * await engine.close();
 */
export function asyncHttp(client: Client, options: AsyncHttpOptions): Hono {
  const {
    bodyLimit,
    maxWaitMs,
    retryAfter,
    origins,
    secret,
    log,
    clock,
    authorize,
    describeFailure,
  } = httpRules(options);
  const exposed = exposedFunctions(options.functions);
  const app = new Hono();

  async function start(c: Context): Promise<Response> {
    const { namespace = "", name = "", operation } = pathOf(c);
    const [type, id] = [`${namespace}/${name}`, queryOf(c, "id")];
    const access = {
      action: "start",
      function: type,
      ...(operation !== undefined && { operation }),
      ...(id !== undefined && { id }),
    } as const;
    const principal = await authorized(authorize, c.req.raw, access);
    const f = exposed.find(type, operation);
    if (f === undefined) throw new ProblemError("UNKNOWN_FUNCTION");
    const waitMs = waitOf(c, maxWaitMs);
    const key = newFlowId(c.req.header("idempotency-key"), { principal, secret });
    const input = await readJsonBody(c.req.raw, bodyLimit);
    const at = id === undefined || f.operation === undefined ? {} : { id };
    const handle = await client.start(f as Invokable<unknown, unknown>, input, { key, ...at });
    return answer(c, handle, { waitMs, segments: operation === undefined ? 3 : 4, isNew: true });
  }

  /** A route to one flow: only to one that may be seen; any other is as if it were not there. */
  const toFlow =
    (action: Access["action"], act: (c: Context, flow: string) => Promise<Response>) =>
    async (c: Context): Promise<Response> => {
      const { flow = "", event } = pathOf(c);
      await authorized(authorize, c.req.raw, {
        action,
        flow,
        ...(event !== undefined && { event }),
      });
      if (!isReachable(flow) || !exposed.shows((await client.status(flow)).function))
        throw new ProblemError("NOT_FOUND");
      return act(c, flow);
    };

  /** Tells how a flow stands once it has ended, or the wait is over. */
  async function answer(
    c: Context,
    handle: FlowHandle<unknown>,
    { waitMs, segments, isNew }: Answering,
  ): Promise<Response> {
    if (waitMs > 0) await settledWithin(handle, { waitMs, clock, listening: c.req.raw.signal });
    const status: FlowStatus = await client.status(handle.id);
    const links = linksOf(c, handle.id, segments);
    const about = {
      id: handle.id,
      ...(handle.stateId !== undefined && { stateId: handle.stateId }),
      ...(isNew && links),
    };
    const body = { ...about, ...(await reportOf(handle, status, describeFailure)) };
    if (status.status !== "pending") return c.json(body, 200);
    return c.json(body, 202, { Location: links.statusUrl, "Retry-After": retryAfter });
  }

  const route = (
    path: string,
    methods: Readonly<Record<string, (c: Context) => Promise<Response>>>,
  ): void => {
    const allow = [...Object.keys(methods), ...("GET" in methods ? ["HEAD"] : []), "OPTIONS"].join(
      ", ",
    );
    for (const [method, handler] of Object.entries(methods))
      app.on(method, path, (c) => handler(c).catch(rethrown));
    app.all(path, (c) => {
      if (c.req.method === "OPTIONS") return c.body(null, 204, { Allow: allow });
      throw new ProblemError("METHOD_NOT_ALLOWED", { Allow: allow });
    });
  };

  app.use(async (c, next) => {
    await next();
    for (const [name, value] of SAFE_HEADERS) c.header(name, value);
  });
  app.use(onlyFrom(origins), checkPath);
  route("/functions/:namespace/:name", { POST: start });
  route("/functions/:namespace/:name/:operation", { POST: start });
  route("/flows/:flow", {
    GET: toFlow("status", (c, flow) =>
      answer(c, client.flow(flow), { waitMs: waitOf(c, maxWaitMs), segments: 2, isNew: false }),
    ),
    DELETE: toFlow("purge", async (c, flow) => {
      if (!(await client.purge(flow))) throw new ProblemError("STILL_PENDING");
      return c.body(null, 204);
    }),
  });
  route("/flows/:flow/events/:event", {
    POST: toFlow("event", async (c, flow) => {
      await client.signal(flow, pathOf(c)["event"] ?? "", await readJsonBody(c.req.raw, bodyLimit));
      return c.body(null, 202);
    }),
  });
  route("/flows/:flow/cancel", {
    POST: toFlow("cancel", async (c, flow) => {
      if (!(await client.cancel(flow))) throw new ProblemError("FLOW_OVER");
      return c.body(null, 202);
    }),
  });
  app.notFound(() => problemAnswer(new ProblemError("NO_ROUTE")));
  app.onError((error, c) => failureAnswer(error, { log, retryAfter, flow: pathOf(c)["flow"] }));
  return app;
}

/** How long an answer may wait, how many segments of the path belong to the route, and whether links are wanted. */
interface Answering {
  readonly waitMs: number;
  readonly segments: number;
  readonly isNew: boolean;
}

/** What a hook throws may be anything; an app has an answer to errors alone. */
function rethrown(thrown: unknown): never {
  throw thrown instanceof Error ? thrown : new Error(`thrown: ${show(thrown)}`);
}
