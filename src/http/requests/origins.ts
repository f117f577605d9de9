import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { ProblemError } from "../responses/problem.ts";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets pages of these origins call from a browser and read the responses. A request from any other
 * site's page, which carries the cookies of its visitor, changes nothing and is a `CROSS_SITE`
 * problem.
 */
export function onlyFrom(origins: readonly string[]): MiddlewareHandler {
  const share = cors({
    origin: [...origins],
    credentials: true,
    exposeHeaders: ["Location", "Retry-After", "Allow"],
  });
  return async (c, next) => {
    const origin = c.req.header("origin");
    if (origin !== undefined && origins.includes(origin)) return share(c, next);
    if (!SAFE_METHODS.has(c.req.method) && isForeign(c.req.raw))
      throw new ProblemError("CROSS_SITE");
    return next();
  };
}

function isForeign({ headers, url }: Request): boolean {
  const origin = headers.get("origin");
  const host = headers.get("host") ?? new URL(url).host;
  if (origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host)) return true;
  return headers.get("sec-fetch-site") === "cross-site";
}
