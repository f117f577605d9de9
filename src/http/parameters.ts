import type { Context } from "hono";
import { ProblemError } from "./problem.ts";

/** The parts of the path that the route names, decoded. */
export function pathOf(c: Context): Readonly<Record<string, string | undefined>> {
  return c.req.param();
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
