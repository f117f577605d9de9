import { messageOf } from "../core/errors/thrown.ts";
import { isError } from "../core/data/kind.ts";
import { Hono } from "hono";
import type { Context } from "hono";
import type { Client, FlowHandle, FlowStatus } from "../futures/client/client.ts";
import { NEW_STATE } from "../futures/types/new-state.ts";
import type { Invokable } from "../futures/types/function.ts";
import { authorized } from "./requests/access.ts";
import type { Access } from "./requests/access.ts";
import type { Departure } from "./waiting/departure.ts";
import { exposedFunctions } from "./requests/exposed-functions.ts";
import type { Exposed } from "./requests/exposed-functions.ts";
import { failureAnswer, problemAnswer } from "./error-response.ts";
import { inputIssues } from "./requests/input-issues.ts";
import { digestOfKey, isKnown, isReachable, newFlowId } from "./requests/flow-ids.ts";
import { reportOf } from "./flow-report.ts";
import { BodyMemory } from "./requests/body-bytes.ts";
import { readJsonBody } from "./requests/json-body.ts";
import type { BodyLimits } from "./requests/json-body.ts";
import { emptyAnswer, jsonAnswer } from "./responses/answer.ts";
import { linksOf } from "./responses/links.ts";
import { httpRules } from "./options.ts";
import type { AsyncHttpOptions, HttpRules } from "./options.ts";
import { hasPrefix, mountPathOf } from "./requests/mount-path.ts";
import { checkOrigin, sharedWith } from "./requests/origins.ts";
import { checkPath, pathOf, queryOf, waitOf } from "./requests/parameters.ts";
import { publicStateId, readStateId } from "./requests/state-ids.ts";
import { Waits } from "./waiting/waits.ts";
import { ProblemError } from "./responses/problem.ts";
import { outputWithin } from "./waiting/output-within.ts";

/**
 * Serves flows over HTTP with Fetch-standard requests and responses. Clients start flows, read
 * their status, wait for them, send them events, cancel them and purge them. No connection has to
 * stay open in between. The result is a Hono app, so it can be mounted in another one. `serveHttp`
 * runs it on Node.
 *
 * | request | answer |
 * |---|---|
 * | `POST /functions/:namespace/:name[/:operation]` | 202 and `Location`; 200 if it ends in time |
 * | `GET /flows/:id` | 202 while it is pending; 200 with the outcome after its end |
 * | `POST /flows/:id/events/:name` | 202; 410 if it has ended |
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
        flowResponse(c, served, client.flow(flow), { ...wait, segments: 2, isNew: false }),
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

/** The client, rules and functions that an app serves. */
interface Served {
  readonly client: Client;
  readonly rules: HttpRules;
  readonly exposed: Exposed;
  readonly waits: Waits;
  readonly bodies: BodyLimits;
}

type Route = (c: Context) => Promise<Response>;
type Methods = Readonly<Partial<Record<"GET" | "POST" | "DELETE", Route>>>;

/** The methods of a path, and the check of each request to it. */
interface PathRoutes {
  readonly check: (c: Context) => void;
  readonly methods: Methods;
}

/**
 * Adds the methods of one path. Other methods get a problem document with `Allow`. One handler
 * serves them all, because the app calls one without any middleware in between.
 */
function addRoute(app: Hono, path: string, { check, methods }: PathRoutes): void {
  const routes = new Map<string, Route>(Object.entries(methods));
  const get = routes.get("GET");
  if (get !== undefined) routes.set("HEAD", get);
  const Allow = [...routes.keys(), "OPTIONS"].join(", ");
  app.all(path, (c) => {
    check(c);
    const route = routes.get(c.req.method);
    if (route !== undefined) return route(c).catch(rethrown);
    if (c.req.method === "OPTIONS") return emptyAnswer(204, { Allow });
    throw new ProblemError("METHOD_NOT_ALLOWED", { Allow });
  });
}

/** Starts a flow of an exposed function. */
async function startFlow(c: Context, served: Served): Promise<Response> {
  const { client, rules, exposed } = served;
  const { namespace = "", name = "", operation } = pathOf(c);
  const [type, id] = [`${namespace}/${name}`, queryOf(c, "id")];
  const access = {
    action: "start",
    function: type,
    ...(operation !== undefined && { operation }),
    ...(id !== undefined && { id }),
  } as const;
  const principal = await authorized(rules.authorize, c.req.raw, access);
  const f = exposed.find(type, operation);
  if (f === undefined) throw new ProblemError("UNKNOWN_FUNCTION");
  const waitMs = waitOf(c, rules.maxWaitMs);
  const at =
    f.operation === undefined
      ? {}
      : { id: id === undefined ? NEW_STATE : await readStateId(client, id) };
  // There is a place for the wait before anything starts.
  return waiting(c, served, waitMs, async (wait) => {
    const header = c.req.header("idempotency-key");
    const key = await newFlowId(client, header, { principal, secret: rules.secret });
    const input = await readJsonBody(c, served.bodies);
    const issues = await inputIssues(f, input, rules.clock);
    // A known key belongs to an input that was accepted, perhaps by a former schema.
    if (issues !== undefined && !(await isKnown(client, key)))
      throw new ProblemError("INVALID_INPUT", {}, { issues });
    const handle = await client.start(f as Invokable<unknown, unknown>, input, { key, ...at });
    const segments = operation === undefined ? 3 : 4;
    return flowResponse(c, served, handle, { ...wait, segments, isNew: true });
  });
}

/** The wait of a request. */
interface Wait {
  readonly waitMs: number;
  /** Tells when the client disconnects. */
  readonly departure: Departure;
}

const NO_WAIT: Wait = { waitMs: 0, departure: () => () => undefined };

/** Counts a request that waits while it is answered. */
function waiting(
  c: Context,
  { waits }: Served,
  waitMs: number,
  answer: (wait: Wait) => Promise<Response>,
): Promise<Response> {
  if (waitMs === 0) return answer(NO_WAIT);
  return waits.run(c, (departure) => answer({ waitMs, departure }));
}

/**
 * Makes a route to one flow. A flow that may not be seen is answered like one that does not exist.
 */
function flowRoute(
  { client, rules, exposed }: Served,
  action: Access["action"],
  act: (c: Context, flow: string, principal: string | undefined) => Promise<Response>,
): Route {
  return async (c) => {
    const { flow = "", event } = pathOf(c);
    const access = { action, flow, ...(event !== undefined && { event }) };
    const principal = await authorized(rules.authorize, c.req.raw, access);
    if (!isReachable(flow) || !exposed.shows((await client.status(flow)).function))
      throw new ProblemError("NOT_FOUND");
    return act(c, flow, principal);
  };
}

/** Waits for a flow for a limited time, then answers with its status. */
async function flowResponse(
  c: Context,
  { client, rules: { basePath, clock, describeFailure, retryAfter } }: Served,
  handle: FlowHandle<unknown>,
  { waitMs, departure, segments, isNew }: ResponseOptions,
): Promise<Response> {
  const known = waitMs > 0 ? await outputWithin(handle, { waitMs, clock, departure }) : undefined;
  const status: FlowStatus = await client.status(handle.id);
  const links = linksOf(basePath ?? mountPathOf(c, segments), handle.id);
  const about = {
    id: handle.id,
    ...(handle.stateId !== undefined && { stateId: await publicStateId(client, handle.stateId) }),
    ...(isNew && links),
  };
  const report = await reportOf(
    status,
    known === undefined ? () => handle.result() : () => known.output,
    describeFailure,
  );
  const body = { ...about, ...report };
  if (body.status !== "pending") return jsonAnswer(200, body);
  return jsonAnswer(202, body, { Location: links.statusUrl, "Retry-After": retryAfter });
}

/** The wait, the number of path segments of the route, and whether to include links. */
interface ResponseOptions extends Wait {
  readonly segments: number;
  readonly isNew: boolean;
}

/** A hook may throw any value, but an app handles errors only. */
function rethrown(thrown: unknown): never {
  throw isError(thrown) ? thrown : new Error(messageOf(thrown));
}
