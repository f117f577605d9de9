import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { safeAnswer } from "../responses/answer.ts";
import { ProblemError } from "../responses/problem.ts";

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Lets pages of these origins call from a browser and read the responses. */
export function sharedWith(origins: readonly string[]): MiddlewareHandler {
  const share = cors({
    origin: [...origins],
    credentials: true,
    exposeHeaders: ["Location", "Retry-After", "Allow"],
  });
  return async (c, next) => {
    if (!comesFrom(origins, c)) return next();
    const preflight = (await share(c, next)) ?? undefined;
    return preflight && safeAnswer(preflight);
  };
}

/**
 * Refuses a request from a page of any other site, which carries the cookies of its visitor, if it
 * may change something. @throws a `ProblemError`
 */
export function checkOrigin(c: Context, origins: readonly string[]): void {
  if (SAFE_METHODS.has(c.req.method) || comesFrom(origins, c)) return;
  if (isForeign(c.req.raw)) throw new ProblemError("CROSS_SITE");
}

function comesFrom(origins: readonly string[], c: Context): boolean {
  return origins.length > 0 && origins.includes(c.req.header("origin") ?? "");
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
