import { isError } from "../../../core/data/kind.ts";
import { HandbackError } from "../../../core/errors/errors.ts";

/** The end of one attempt of a request. */
export type Attempt =
  | { readonly answer: string }
  /** Every other attempt would fail, too. */
  | { readonly failure: HandbackError }
  | FailedAttempt;

/** An attempt after which another one may succeed. */
export interface FailedAttempt {
  readonly cause: unknown;
  /** True if the cluster certainly has not taken the request. */
  readonly isDefinite: boolean;
  /** Instant at which the node has last shown that it works, if the request waits there. */
  readonly heardAt?: number | undefined;
}

const [NOT_FOUND, TIMEOUT, CONFLICT, TOO_LARGE, TOO_EARLY, TOO_MANY, SERVER_ERROR] = [
  404, 408, 409, 413, 425, 429, 500,
];

/** Answers to requests that were not taken. A deployment is visible to a node with a delay. */
const NOT_TAKEN: ReadonlySet<number> = new Set([NOT_FOUND, TOO_EARLY, TOO_MANY]);
/** Answers below 500 to requests that may have been taken. */
const UNCERTAIN: ReadonlySet<number> = new Set([TIMEOUT, CONFLICT]);

/** Returns the end of an attempt that the ingress has answered. */
export function readAnswer(service: string, status: number, text: string): Attempt {
  if (status >= 200 && status < 300) return { answer: text };
  if (status === TOO_LARGE) {
    const why = `a request to ${service} is larger than the ingress of the cluster takes`;
    return { failure: new HandbackError("PAYLOAD_TOO_LARGE", why) };
  }
  const cause = new Error(`${service} answered with ${status}: ${text}`);
  if (NOT_TAKEN.has(status)) return { cause, isDefinite: true };
  if (status >= SERVER_ERROR || UNCERTAIN.has(status)) return { cause, isDefinite: false };
  const why = `the ingress of the cluster refused a request to ${service} with ${status}`;
  const details = { definite: true, status };
  return { failure: new HandbackError("CLUSTER_UNAVAILABLE", why, { cause, details }) };
}

/** Codes of errors that come before a request is sent. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Tells whether `fetch` failed before it sent anything. */
export function isNotSent(error: unknown): boolean {
  const cause = isError(error) ? error.cause : undefined;
  // A name with several addresses has a failure for each.
  const several = isError(cause) && "errors" in cause ? cause.errors : undefined;
  const causes: readonly unknown[] = Array.isArray(several) ? several : [cause];
  return causes.every((each) => isError(each) && "code" in each && NOT_SENT.has(String(each.code)));
}
