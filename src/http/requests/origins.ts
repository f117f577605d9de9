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

/**
 * Compares scheme, host and port. A proxy that ends TLS hides the scheme of the page, so there the
 * comparison of the browser itself counts.
 */
function isForeign({ headers, url }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") return true;
  const origin = headers.get("origin");
  if (origin === null) return false;
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return true;
  const from = new URL(origin);
  const here = new URL(url);
  const scheme = site === "same-origin" ? from.protocol : here.protocol;
  const own = `${scheme}//${headers.get("host") ?? here.host}`;
  return !URL.canParse(own) || new URL(own).origin !== from.origin;
}
