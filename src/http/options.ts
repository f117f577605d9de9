import {
  callback,
  checkedBy,
  durationMs,
  invalidOption,
  list,
  objectWith,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import type { Clock } from "../core/host/clock.ts";
import type { Duration } from "../core/validation/duration.ts";
import { HandbackError } from "../core/errors/errors.ts";
import { silent } from "../core/host/log.ts";
import type { Log } from "../core/host/log.ts";
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

const LEAST_SECRET = 16;
/** The longest delay of a timer. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

const OPTIONS = {
  functions: list<object>(),
  authorize: optional(callback<Authorize>()),
  bodyLimit: withDefault(1_048_576, wholeNumber({ from: 1 })),
  maxWait: withDefault("60s", durationMs()),
  retryAfter: withDefault("2s", durationMs()),
  origins: withDefault([], checkedBy<readonly string[]>(readOrigins)),
  secret: optional(checkedBy<string>(readSecret)),
  describeFailure: optional(callback<NonNullable<AsyncHttpOptions["describeFailure"]>>()),
  log: withDefault(silent, objectWith<Log>("warn", "error")),
  clock: withDefault(systemClock, objectWith<Clock>("now", "setTimer")),
} satisfies OptionTable<AsyncHttpOptions>;

/** Checks the options and makes the rules of a server. @throws `INVALID_OPTIONS`, `INVALID_DELAY` */
export function httpRules(options: AsyncHttpOptions) {
  const { maxWait, retryAfter, ...rules } = readOptions("asyncHttp", OPTIONS, options);
  return {
    ...rules,
    maxWaitMs: Math.min(maxWait, LONGEST_WAIT_MS),
    retryAfter: String(Math.ceil(retryAfter / 1_000)),
  };
}

function readOrigins(value: unknown, name: string): readonly string[] {
  const isOrigin = (origin: unknown): boolean =>
    typeof origin === "string" && URL.canParse(origin) && new URL(origin).origin === origin;
  if (Array.isArray(value) && value.every(isOrigin)) return value as readonly string[];
  throw invalidOption(name, 'a list of origins such as "https://app.example"', value);
}

/** The message never shows a secret, not even a wrong one. */
function readSecret(value: unknown, name: string): string {
  if (typeof value === "string" && value.length >= LEAST_SECRET) return value;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${name}: expected at least ${LEAST_SECRET} characters`,
  );
}
