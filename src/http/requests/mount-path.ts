import type { Context } from "hono";
import { nodeRequestOf } from "./node-request.ts";
import { pathnameOf } from "./request-url.ts";

/**
 * Returns the path at which the app is mounted: the path of the request as sent, without the
 * segments of its route. Host names sent by clients are not used.
 */
export function mountPathOf(c: Context, segments: number): string {
  const parts = sentPath(c).split("/");
  return parts.slice(0, parts.length - segments).join("/");
}

/** Returns true if a path ends like a route of the app, but has a prefix in front. */
export function hasPrefix(c: Context): boolean {
  return /^\/.+\/(functions\/[^/]+\/[^/]|flows\/[^/])/.test(pathnameOf(c.req.url));
}

/** Returns the path as sent, with a prefix that a framework has cut off before it called the app. */
function sentPath(c: Context): string {
  const pathname = pathnameOf(c.req.url);
  const node = nodeRequestOf(c);
  const sent = node?.originalUrl ?? node?.url;
  if (typeof sent !== "string" || !sent.startsWith("/")) return pathname;
  if (sent === pathname || sent.startsWith(`${pathname}?`)) return pathname;
  const { pathname: whole } = new URL(`http://localhost${sent}`);
  // A link must not begin with two slashes, which a host name would follow.
  return whole.endsWith(pathname) ? whole.replace(/^\/+/, "/") : pathname;
}
