import type { Context } from "hono";
import { HandbackError } from "../../../core/errors/errors.ts";
import { ProblemError } from "../../responses/problem.ts";

/** Readers of parameters that are no text. The client checks the results. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  limit: Number,
  batch: Number,
  dryRun: (text) => (text === "true" ? true : text === "false" ? false : text),
  startedAfter: readInstant,
  startedBefore: readInstant,
  attribute: (text) => JSON.parse(text) as unknown,
};

/**
 * Calls a method of the client with the query parameters as its options. The method checks them: an
 * unknown or invalid one is a `MALFORMED_FILTER` problem.
 */
export async function withQuery<Options, Result>(
  c: Context,
  call: (options: Options) => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await call(readQuery(c) as Options);
  } catch (error) {
    if (HandbackError.is(error, "INVALID_OPTIONS", "INVALID_DELAY"))
      throw new ProblemError("MALFORMED_FILTER");
    throw error;
  }
}

function readQuery(c: Context): Readonly<Record<string, unknown>> {
  const entries = Object.entries(c.req.queries()).map(([name, values]): [string, unknown] => {
    const [text = "", ...others] = values;
    if (others.length > 0) throw new ProblemError("REPEATED_PARAMETER");
    const read = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    return [name, read === undefined ? text : readOrRefuse(read, text)];
  });
  return Object.fromEntries(entries);
}

function readOrRefuse(read: (text: string) => unknown, text: string): unknown {
  try {
    return read(text);
  } catch {
    throw new ProblemError("MALFORMED_FILTER");
  }
}

/** Reads ms since the epoch, or a date in ISO 8601. */
function readInstant(text: string): unknown {
  return /^-?\d+$/.test(text) ? Number(text) : new Date(text);
}
