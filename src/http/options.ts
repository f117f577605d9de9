import { checkOptions } from "../core/validation/check-options.ts";
import type { Clock } from "../core/host/clock.ts";
import { parseDuration } from "../core/validation/duration.ts";
import type { Duration } from "../core/validation/duration.ts";
import { HandbackError } from "../core/errors/errors.ts";
import { silent } from "../core/host/log.ts";
import type { Log } from "../core/host/log.ts";
import { show } from "../core/errors/show.ts";
import { systemClock } from "../engines/embedded/host/system-clock.ts";
import type { Failure } from "../futures/types/failure.ts";
import type { Authorize } from "./requests/access.ts";

/** What is served, to whom, and within which limits. */
export interface AsyncHttpOptions {
  /** What can be started: functions, patterns, operations, stateful functions with all their operations. Flows of no others are seen. */
  readonly functions: readonly object[];
  /** Is asked about every request before anything else is done; default: whoever knows a flow's id may do with it what can be done. */
  readonly authorize?: Authorize;
  /** Bytes of a body at most, from 1; default 1,048,576. */
  readonly bodyLimit?: number;
  /** Longest `?wait=`; what asks for more waits so long. Default `"60s"`. */
  readonly maxWait?: Duration;
  /** When those who are told to come again should; default `"2s"`. */
  readonly retryAfter?: Duration;
  /** Origins, such as `https://app.example`, of other pages that may call from a browser; default: none. */
  readonly origins?: readonly string[];
  /** Makes flow ids of idempotency keys that nobody can work out who knows the key; 16 characters at least. Default: a digest of the key. */
  readonly secret?: string;
  /** What is told of why a flow has failed; default: the code, and what that means. */
  readonly describeFailure?: (failure: Failure) => unknown;
  /** Where failures of requests are told; never with a flow's id. Default: nowhere. */
  readonly log?: Log;
  /** What waiting is timed by; default: the machine's. */
  readonly clock?: Clock;
}

const OPTIONS = [
  "functions",
  "authorize",
  "bodyLimit",
  "maxWait",
  "retryAfter",
  "origins",
  "secret",
  "describeFailure",
  "log",
  "clock",
];
const LEAST_SECRET = 16;
/** As long as a timer can be. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Checks the options, and fills in what was left out. @throws `INVALID_OPTIONS`, `INVALID_DELAY` */
export function rulesOf(options: AsyncHttpOptions) {
  checkOptions("asyncHttp", options, OPTIONS);
  const {
    authorize,
    bodyLimit = 1_048_576,
    maxWait = "60s",
    retryAfter = "2s",
    origins = [],
    secret,
    describeFailure,
  } = options;
  if (!Number.isSafeInteger(bodyLimit) || bodyLimit < 1)
    throw notAsExpected("bodyLimit", "a whole number from 1", bodyLimit);
  for (const [name, f] of Object.entries({ authorize, describeFailure }))
    if (f !== undefined && typeof f !== "function") throw notAsExpected(name, "a function", f);
  const isOrigin = (origin: unknown): boolean =>
    typeof origin === "string" && URL.canParse(origin) && new URL(origin).origin === origin;
  if (!Array.isArray(origins) || !origins.every(isOrigin))
    throw notAsExpected("origins", 'a list of such as "https://app.example"', origins);
  // A secret is not shown, not even a wrong one.
  if (secret !== undefined && (typeof secret !== "string" || secret.length < LEAST_SECRET))
    throw new HandbackError(
      "INVALID_OPTIONS",
      `asyncHttp: secret: expected at least ${LEAST_SECRET} characters`,
    );
  return {
    authorize,
    bodyLimit,
    origins: origins as readonly string[],
    secret,
    describeFailure,
    maxWaitMs: Math.min(parseDuration(maxWait, "maxWait"), LONGEST_WAIT_MS),
    retryAfter: String(Math.ceil(parseDuration(retryAfter, "retryAfter") / 1_000)),
    log: options.log ?? silent,
    clock: options.clock ?? systemClock,
  };
}

function notAsExpected(option: string, expected: string, got: unknown): HandbackError {
  return new HandbackError(
    "INVALID_OPTIONS",
    `asyncHttp: ${option}: expected ${expected}, got ${show(got)}`,
  );
}
