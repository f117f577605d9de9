import { HandbackError } from "../core/errors/errors.ts";
import { logFacts } from "../core/errors/log-facts.ts";
import type { Log } from "../core/host/log.ts";
import { Refusal } from "./requests/access.ts";
import { randomId } from "./requests/flow-ids.ts";
import { jsonAnswer, safeAnswer } from "./responses/answer.ts";
import { codeOf, problemOf, ProblemError } from "./responses/problem.ts";

/** Options of a response to a failed request. */
interface FailureOptions {
  readonly log: Log;
  /** Seconds after which to retry, if a retry may help. */
  readonly retryAfter: string;
}

/**
 * Answers a failed request with a problem document. For an internal error, it has an id under which
 * the log has the details.
 */
export function failureAnswer(error: Error, { log, retryAfter }: FailureOptions): Response {
  if (error instanceof Refusal) return safeAnswer(error.response);
  if (error instanceof ProblemError) {
    // A server that is set up wrong fails every request, so its operator must see why.
    const { status, title } = problemOf(error.code);
    if (status === 503)
      return problemAnswer(new ProblemError(error.code, { "Retry-After": retryAfter }));
    if (status === 500) log.error("a request failed", { code: error.code, error: title });
    return problemAnswer(error);
  }
  const code = codeOf(error);
  if (code === undefined) {
    const errorId = randomId(8);
    // The message of the error may hold values, or the id of a flow.
    log.error("a request failed", { errorId, ...logFacts(error) });
    const known = HandbackError.is(error) ? error.code : "INTERNAL";
    return problemAnswer(new ProblemError(known, {}, { errorId }));
  }
  const again = problemOf(code).status === 503 ? { "Retry-After": retryAfter } : {};
  const path = HandbackError.is(error) ? error.details["path"] : undefined;
  return problemAnswer(new ProblemError(code, again, typeof path === "string" ? { path } : {}));
}

/** Answers with a problem document. */
export function problemAnswer({ code, headers, more }: ProblemError): Response {
  const problem = problemOf(code, more);
  const type = { "Content-Type": "application/problem+json" };
  return jsonAnswer(problem.status, problem, { ...headers, ...type });
}
