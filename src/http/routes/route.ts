import type { Context, Hono } from "hono";
import { isError } from "../../core/data/kind.ts";
import { messageOf } from "../../core/errors/thrown.ts";
import { authorized } from "../requests/access.ts";
import type { Access } from "../requests/access.ts";
import { isReachable } from "../requests/flow-ids.ts";
import { pathOf } from "../requests/parameters.ts";
import { emptyAnswer } from "../responses/answer.ts";
import { ProblemError } from "../responses/problem.ts";
import type { Served } from "./served.ts";

/** Answers a request. */
export type Route = (c: Context) => Promise<Response>;

/** The routes of one path. A route for GET serves HEAD, too. */
export type Methods = Readonly<Partial<Record<"GET" | "POST" | "DELETE", Route>>>;

/**
 * Adds the methods of one path. Other methods get a problem document with `Allow`. One handler
 * serves them all, because the app calls one without any middleware in between.
 *
 * @param check - checks each request first, and throws a `ProblemError`
 */
export function addRoute(
  app: Hono,
  path: string,
  { check, methods }: { readonly check: (c: Context) => void; readonly methods: Methods },
): void {
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

/**
 * Makes a route to one flow. A flow that may not be seen is answered like one that does not exist.
 */
export function flowRoute(
  { client, rules, exposed }: Served,
  action: Access["action"],
  act: (c: Context, flow: string, principal: string | undefined) => Response | Promise<Response>,
): Route {
  return async (c) => {
    const { flow = "", event, channel } = pathOf(c);
    const access = {
      action,
      flow,
      ...(event !== undefined && { event }),
      ...(channel !== undefined && { channel }),
    };
    const principal = await authorized(rules.authorize, c.req.raw, access);
    if (!isReachable(flow) || !exposed.shows((await client.status(flow)).function))
      throw new ProblemError("NOT_FOUND");
    return act(c, flow, principal);
  };
}

/** A hook may throw any value, but an app handles errors only. */
function rethrown(thrown: unknown): never {
  throw isError(thrown) ? thrown : new Error(messageOf(thrown));
}
