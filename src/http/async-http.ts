import { Hono } from "hono";
import type { Context } from "hono";
import type { Clock } from "../core/clock.ts";
import type { Client, FlowHandle, FlowStatus } from "../futures/client.ts";
import type { Invokable } from "../futures/function.ts";
import { authorized, checkOrigin } from "./access.ts";
import type { Access } from "./access.ts";
import { exposedFunctions } from "./exposed.ts";
import { failureAnswer, problemAnswer, SAFE_HEADERS } from "./failure-answer.ts";
import { isReachable, newFlowId } from "./flow-ids.ts";
import { reportOf } from "./flow-report.ts";
import { readJsonBody } from "./json-body.ts";
import { rulesOf } from "./options.ts";
import type { AsyncHttpOptions } from "./options.ts";
import { ProblemError } from "./problem.ts";

/**
 * Serves flows over HTTP, as functions of the Fetch standard: they are started, asked after, waited for, told of events, terminated and
 * purged, and nobody has to keep a connection open meanwhile. A Hono app, so it can be mounted into another one; `serveHttp` runs it on Node.
 *
 * | request | answer |
 * |---|---|
 * | `POST /functions/:namespace/:name[/:operation]` with `Idempotency-Key`, `?wait=`, `?id=` | 202 and `Location`; 200 with the outcome when it came in time |
 * | `GET /flows/:id` with `?wait=` | 202 while it is pending, 200 when it has completed, failed or been terminated |
 * | `POST /flows/:id/events/:name` | 202; 410 when it has ended |
 * | `POST /flows/:id/terminate` | 202; 410 when it has ended |
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
 * console.log(started.status, answer.status, await answer.json()); // 202 200 { status: "completed", output: "all of 2030", ... }
 * await engine.close();
 */
export function asyncHttp(client: Client, options: AsyncHttpOptions): Hono {
  const { bodyLimit, maxWaitMs, retryAfter, origins, secret, log, clock, authorize, describeFailure } = rulesOf(options);
  const exposed = exposedFunctions(options.functions);
  const app = new Hono();

  async function start(c: Context): Promise<Response> {
    const { namespace = "", name = "", operation } = paramsOf(c);
    const [type, id] = [`${namespace}/${name}`, c.req.query("id")];
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
    return answer(c, handle, { waitMs, base: baseOf(c, operation === undefined ? 3 : 4), isNew: true });
  }

  /** A route to one flow: only to one that may be seen; any other is as if it were not there. */
  const toFlow =
    (action: Access["action"], act: (c: Context, flow: string) => Promise<Response>) =>
    async (c: Context): Promise<Response> => {
      const { flow = "", event } = paramsOf(c);
      await authorized(authorize, c.req.raw, { action, flow, ...(event !== undefined && { event }) });
      if (!isReachable(flow) || !exposed.shows((await client.status(flow)).function)) throw new ProblemError("NOT_FOUND");
      return act(c, flow);
    };

  /** Tells how a flow stands once it has ended, or the wait is over. */
  async function answer(c: Context, handle: FlowHandle<unknown>, { waitMs, base, isNew }: Answering): Promise<Response> {
    if (waitMs > 0) await settledWithin(handle, waitMs, { clock, request: c.req.raw.signal });
    const status: FlowStatus = await client.status(handle.id);
    const statusUrl = `${base}/flows/${encodeURIComponent(handle.id)}`;
    const links = { statusUrl, eventUrl: `${statusUrl}/events/{name}`, terminateUrl: `${statusUrl}/terminate`, purgeUrl: statusUrl };
    const about = { id: handle.id, ...(handle.stateId !== undefined && { stateId: handle.stateId }), ...(isNew && links) };
    const body = { ...about, ...(await reportOf(handle, status, describeFailure)) };
    if (status.status !== "pending") return c.json(body, 200);
    return c.json(body, 202, { Location: statusUrl, "Retry-After": retryAfter });
  }

  const route = (path: string, methods: Readonly<Record<string, (c: Context) => Promise<Response>>>): void => {
    const allow = [...Object.keys(methods), ...("GET" in methods ? ["HEAD"] : []), "OPTIONS"].join(", ");
    for (const [method, handler] of Object.entries(methods)) app.on(method, path, handler);
    app.all(path, (c) => {
      if (c.req.method === "OPTIONS") return c.body(null, 204, { Allow: allow });
      throw new ProblemError("METHOD_NOT_ALLOWED", { Allow: allow });
    });
  };

  app.use(async (c, next) => {
    if (!CHANGES_NOTHING.has(c.req.method)) checkOrigin(c.req.raw, origins);
    await next();
    for (const [name, value] of SAFE_HEADERS) c.header(name, value);
  });
  route("/functions/:namespace/:name", { POST: start });
  route("/functions/:namespace/:name/:operation", { POST: start });
  route("/flows/:flow", {
    GET: toFlow("status", (c, flow) => answer(c, client.flow(flow), { waitMs: waitOf(c, maxWaitMs), base: baseOf(c, 2), isNew: false })),
    DELETE: toFlow("purge", async (c, flow) => {
      if (!(await client.purge(flow))) throw new ProblemError("STILL_PENDING");
      return c.body(null, 204);
    }),
  });
  route("/flows/:flow/events/:event", {
    POST: toFlow("event", async (c, flow) => {
      await client.signal(flow, paramsOf(c)["event"] ?? "", await readJsonBody(c.req.raw, bodyLimit));
      return c.body(null, 202);
    }),
  });
  route("/flows/:flow/terminate", {
    POST: toFlow("terminate", async (c, flow) => {
      if (!(await client.cancel(flow))) throw new ProblemError("FLOW_OVER");
      return c.body(null, 202);
    }),
  });
  app.notFound(() => problemAnswer(new ProblemError("NO_ROUTE")));
  app.onError((error, c) => failureAnswer(error, { log, retryAfter, secrets: [paramsOf(c)["flow"], paramsOf(c)["id"]] }));
  return app;
}

const CHANGES_NOTHING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** How long an answer may wait, where the app is mounted, and whether links are wanted. */
interface Answering {
  readonly waitMs: number;
  readonly base: string;
  readonly isNew: boolean;
}

/** Waits for a flow to end, or for the time to be over, or for nobody to be listening any more. */
async function settledWithin(
  handle: FlowHandle<unknown>,
  waitMs: number,
  { clock, request }: { readonly clock: Clock; readonly request: AbortSignal },
): Promise<void> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const cancelTimer = clock.setTimer(waitMs, stop);
  request.addEventListener("abort", stop, { once: true });
  // How it has ended is asked afterwards.
  await handle.result({ signal: waiting.signal }).catch(() => undefined);
  request.removeEventListener("abort", stop);
  cancelTimer();
}

/** Reads `?wait=`, in seconds. @throws a `ProblemError` */
function waitOf(c: Context, maxMs: number): number {
  const text = c.req.query("wait");
  if (text === undefined) return 0;
  if (text.length > 16 || !/^\d+(\.\d+)?$/.test(text)) throw new ProblemError("MALFORMED_WAIT");
  return Math.min(Math.ceil(Number(text) * 1_000), maxMs);
}

/** The path under which the app is mounted: that of the request, without the segments of the route. */
function baseOf(c: Context, segments: number): string {
  return c.req.path.split("/").slice(0, -segments).join("/");
}

function paramsOf(c: Context): Readonly<Record<string, string | undefined>> {
  return c.req.param();
}
