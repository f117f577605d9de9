import type { Context } from "hono";
import { ProblemError } from "../responses/problem.ts";
import { pathnameOf } from "./request-url.ts";

/** Returns the named parts of the path, decoded. */
export function pathOf(c: Context): Readonly<Record<string, string | undefined>> {
  return c.req.param();
}

/**
 * Refuses a path that different servers might read differently: with a NUL, with bytes that are not
 * UTF-8, or with `..`. @throws a `ProblemError`
 */
export function checkPath(c: Context): void {
  const path = pathnameOf(c.req.url);
  // The URL is normalized already, so only an encoded character can be one of these.
  if (!path.includes("%")) return;
  for (const segment of path.split("/")) {
    const text = decoded(segment);
    if (text.includes("\0") || text.split(/[/\\]/).includes(".."))
      throw new ProblemError("MALFORMED_PATH");
  }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ProblemError("MALFORMED_PATH");
  }
}

/**
 * Returns a query parameter, decoded. A repeated one is refused, because servers differ on which
 * one counts.
 *
 * @throws a `ProblemError`
 */
export function queryOf(c: Context, name: string): string | undefined {
  const [value, ...others] = c.req.queries(name) ?? [];
  if (others.length > 0) throw new ProblemError("REPEATED_PARAMETER");
  return value;
}

/** Reads `?wait=` in seconds. Returns ms, at most `maxMs`. @throws a `ProblemError` */
export function waitOf(c: Context, maxMs: number): number {
  const text = queryOf(c, "wait");
  if (text === undefined) return 0;
  if (text.length > 16 || !/^\d+(\.\d+)?$/.test(text)) throw new ProblemError("MALFORMED_WAIT");
  return Math.min(Math.ceil(Number(text) * 1_000), maxMs);
}
