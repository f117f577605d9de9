import type { Context, Hono } from "hono";
import type { Client } from "../../futures/client/client.ts";
import { mountPathOf } from "../../http/requests/mount-path.ts";
import { checkOrigin } from "../../http/requests/origins.ts";
import { checkPath } from "../../http/requests/parameters.ts";
import { ProblemError } from "../../http/responses/problem.ts";
import { checkPerson, checkPlace } from "../access/guard.ts";
import type { Inspection } from "../rules/inspection.ts";
import type { InspectorRules } from "../rules/options.ts";
import { failedPageAnswer } from "./failed-page-answer.ts";

/** The things that all pages use. */
export interface Inspected {
  readonly rules: InspectorRules;
  readonly client: Client;
}

/** A request that may see the page. */
export interface Visit {
  readonly c: Context;
  /** Path at which the inspector is mounted. Empty at the root. */
  readonly base: string;
  /** Name of the person, if the hook gave one. */
  readonly person: string | undefined;
}

/** A route to a page. */
export interface PageRoute {
  readonly get: (visit: Visit) => Response | Promise<Response>;
  /** Carries out an action. A page without one only shows something. */
  readonly post?: (visit: Visit) => Promise<Response>;
  /** The action and its target, for the hook. Default: to look. */
  readonly inspection?: (c: Context) => Inspection;
}

const LOOK: Inspection = { action: "look" };

/**
 * Adds the routes of one path: GET, which changes nothing, and POST for an action. A request that
 * fails is answered with a page, too.
 */
export function addPage(
  app: Hono,
  path: string,
  { inspected, route }: { readonly inspected: Inspected; readonly route: PageRoute },
): void {
  const { rules } = inspected;
  const segments = path === "/" ? 0 : path.split("/").length - 1;
  app.all(path, async (c) => {
    const base = rules.basePath ?? mountPathOf(c, segments).replace(/\/+$/, "");
    try {
      checkPlace(c, rules);
      checkPath(c);
      checkOrigin(c, []);
      const answer = answerOf(c, route);
      const person = await checkPerson(c, rules, route.inspection?.(c) ?? LOOK);
      return await answer({ c, base, person });
    } catch (error) {
      return failedPageAnswer(error, { rules, base });
    }
  });
}

function answerOf(c: Context, { get, post }: PageRoute): PageRoute["get"] {
  const { method } = c.req;
  if (method === "GET" || method === "HEAD") return get;
  if (method === "POST" && post !== undefined) return post;
  throw new ProblemError("METHOD_NOT_ALLOWED", {
    Allow: post === undefined ? "GET, HEAD" : "GET, HEAD, POST",
  });
}
