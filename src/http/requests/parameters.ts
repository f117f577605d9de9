import type { Context, MiddlewareHandler } from "hono";
import { ProblemError } from "../responses/problem.ts";

/** The parts of the path that the route names, decoded. */
export function pathOf(c: Context): Readonly<Record<string, string | undefined>> {
  return c.req.param();
}

/** Refuses a path that one server might read in another way than the next: with a NUL, with bytes that are no UTF-8, or with `..` in it. */
export const checkPath: MiddlewareHandler = async (c, next) => {
  for (const segment of new URL(c.req.url).pathname.split("/")) {
    const text = decoded(segment);
    if (text.includes("\0") || text.split(/[/\\]/).includes(".."))
      throw new ProblemError("MALFORMED_PATH");
  }
  return next();
};

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ProblemError("MALFORMED_PATH");
  }
}

/** A parameter of the query, decoded; one that comes twice means one thing to some and another to others. @throws a `ProblemError` */
export function queryOf(c: Context, name: string): string | undefined {
  const [value, ...others] = c.req.queries(name) ?? [];
  if (others.length > 0) throw new ProblemError("REPEATED_PARAMETER");
  return value;
}

/** Reads `?wait=`, in seconds: how long to wait, in ms, `maxMs` at most. @throws a `ProblemError` */
export function waitOf(c: Context, maxMs: number): number {
  const text = queryOf(c, "wait");
  if (text === undefined) return 0;
  if (text.length > 16 || !/^\d+(\.\d+)?$/.test(text)) throw new ProblemError("MALFORMED_WAIT");
  return Math.min(Math.ceil(Number(text) * 1_000), maxMs);
}
