import { HandbackError } from "../core/errors/errors.ts";
import type { Log } from "../core/host/log.ts";
import { Refusal } from "./requests/access.ts";
import { randomId, withoutIds } from "./requests/flow-ids.ts";
import { codeOf, problemOf, ProblemError } from "./responses/problem.ts";
import type { Problem } from "./responses/problem.ts";

/** What every answer says: it is for whoever asked, and a flow's address goes no further. */
export const SAFE_HEADERS: readonly (readonly [string, string])[] = [
  ["Cache-Control", "no-store"],
  ["Referrer-Policy", "no-referrer"],
  ["X-Content-Type-Options", "nosniff"],
];

/** What a failure is told with. */
interface Telling {
  readonly log: Log;
  /** Seconds after which to come again, where that may help. */
  readonly retryAfter: string;
  /** Id of the flow that the request named, which goes into no log. */
  readonly flow: string | undefined;
}

/** Answers a request that failed: with what is wrong with it, or with an id under which the log has more. */
export function failureAnswer(error: Error, { log, retryAfter, flow }: Telling): Response {
  if (error instanceof Refusal) return error.response;
  if (error instanceof ProblemError) return problemAnswer(error);
  const code = codeOf(error);
  if (code === undefined) {
    const errorId = randomId(8);
    log.error("a request failed", {
      errorId,
      error: withoutIds(error.stack ?? error.message, flow),
    });
    return problemAnswer(new ProblemError(HandbackError.is(error) ? error.code : "INTERNAL"), {
      errorId,
    });
  }
  const again = problemOf(code).status === 503 ? { "Retry-After": retryAfter } : {};
  const path = HandbackError.is(error) ? error.details["path"] : undefined;
  return problemAnswer(new ProblemError(code, again), typeof path === "string" ? { path } : {});
}

/** Answers with a problem document. */
export function problemAnswer(
  { code, headers }: ProblemError,
  more: Pick<Problem, "path" | "errorId"> = {},
): Response {
  const problem = problemOf(code, more);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      ...Object.fromEntries(SAFE_HEADERS),
      ...headers,
      "Content-Type": "application/problem+json",
    },
  });
}
