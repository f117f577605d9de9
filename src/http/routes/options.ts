import {
  callback,
  checkedBy,
  durationMs,
  flag,
  invalidOption,
  list,
  objectWith,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { EngineStats } from "../../core/engine/engine-stats.ts";
import type { Clock } from "../../core/host/clock.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { CLOCK_METHODS } from "../../core/host/host-methods.ts";
import { guardedLog } from "../../core/host/guarded-log.ts";
import { checkedClock } from "../../engines/embedded/host/checked-clock.ts";
import { consoleLog } from "../../engines/embedded/host/console-log.ts";
import type { FieldsFirstLog } from "../../core/host/fields-first-log.ts";
import { logOption } from "../../core/host/log-option.ts";
import type { Log } from "../../core/host/log.ts";
import { systemClock } from "../../engines/embedded/host/system-clock.ts";
import type { Failure } from "../../futures/types/failure.ts";
import type { Authorize } from "../requests/access.ts";

/** An engine that keeps dead letters, such as that of `embedded`. */
export interface DeadLetterKeeper {
  redrive(id: string): Promise<boolean>;
  discard(id: string): Promise<void>;
}

/** An engine that has figures about itself, such as that of `embedded`. */
export interface StatsSource {
  stats(): EngineStats;
}

/** Options of `asyncHttp`. */
export interface AsyncHttpOptions {
  /**
   * Functions that clients can start: functions, patterns, operations, and stateful functions with
   * all their operations. Flows of other functions are not visible.
   */
  readonly functions: readonly object[];
  /**
   * Is called for every request before anything else. Default: anyone who knows a flow's id has
   * full access to it.
   */
  readonly authorize?: Authorize;
  /**
   * Serves routes for operators, too: lists of flows, states and dead letters, histories and events,
   * repair and bulk operations. They show all flows, so they need `authorize`. Default: false.
   */
  readonly operator?: boolean;
  /**
   * The engine that keeps the dead letters, so that operators can redrive and discard them. Default:
   * none, and these routes are answered with 501.
   */
  readonly deadLetters?: DeadLetterKeeper;
  /**
   * The engine whose figures operators can read. Default: none, and the route is answered with 501.
   */
  readonly stats?: StatsSource;
  /** Greatest size of a body in bytes, from 1. Default: 1,048,576. */
  readonly bodyLimit?: number;
  /**
   * Greatest size of all large bodies that are being read at the same time, in bytes, from 1.
   * Bodies of less than 16 KiB do not count. More are answered with 503. Default: 64 times
   * `bodyLimit`.
   */
  readonly bodiesLimit?: number;
  /**
   * Greatest number of requests that wait at the same time, from 1. More are answered with 503.
   * Default: 10,000.
   */
  readonly maxWaits?: number;
  /** The same for the requests of one connection. Default: 100. */
  readonly maxWaitsPerConnection?: number;
  /** Longest `?wait=`. Longer values are cut to it. Default: `"60s"`. */
  readonly maxWait?: Duration;
  /**
   * Time after which a stream without an item sends a comment, so that no proxy closes it. Default:
   * `"15s"`.
   */
  readonly heartbeat?: Duration;
  /**
   * Time that a reader of a stream has to take what was sent. Then it is disconnected. Default:
   * `"30s"`.
   */
  readonly readerTimeout?: Duration;
  /**
   * Path at which clients reach the app, such as `/api`, for links to flows. Default: the path of
   * the request. Set it if a proxy cuts a prefix off.
   */
  readonly basePath?: string;
  /** Time after which clients should ask again. Default: `"2s"`. */
  readonly retryAfter?: Duration;
  /** Other origins, such as `https://app.example`, that may call from a browser. Default: none. */
  readonly origins?: readonly string[];
  /**
   * Makes flow ids from idempotency keys, so that knowing a key does not reveal the id. At least 16
   * characters. Default: the secret of the store, which no other program knows.
   */
  readonly secret?: string;
  /** Returns the description of a failure for clients. Default: the code and its meaning. */
  readonly describeFailure?: (failure: Failure) => unknown;
  /**
   * Log for failed requests. Its entries contain no flow ids. Default: warnings and errors go to
   * `console`.
   */
  readonly log?: Log | FieldsFirstLog;
  /** Clock for waiting. Default: the system clock. */
  readonly clock?: Clock;
}

const LEAST_SECRET = 16;
/** The longest delay of a Node timer. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** By default, so many bodies of the greatest size are read at the same time. */
const LARGE_BODIES = 64;
const positive = wholeNumber({ from: 1 });

const OPTIONS = {
  functions: list<object>(),
  authorize: optional(callback<Authorize>()),
  operator: withDefault(false, flag()),
  deadLetters: optional(objectWith<DeadLetterKeeper>({ redrive: true, discard: true })),
  stats: optional(objectWith<StatsSource>({ stats: true })),
  bodyLimit: withDefault(1_048_576, positive),
  bodiesLimit: optional(positive),
  maxWaits: withDefault(10_000, positive),
  maxWaitsPerConnection: withDefault(100, positive),
  maxWait: withDefault("60s", durationMs()),
  heartbeat: withDefault("15s", durationMs()),
  readerTimeout: withDefault("30s", durationMs()),
  basePath: optional(checkedBy<string>(readBasePath)),
  retryAfter: withDefault("2s", durationMs()),
  origins: withDefault([], checkedBy<readonly string[]>(readOrigins)),
  secret: optional(checkedBy<string>(readSecret)),
  describeFailure: optional(callback<NonNullable<AsyncHttpOptions["describeFailure"]>>()),
  log: withDefault(consoleLog, logOption),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
} satisfies OptionTable<AsyncHttpOptions>;

/** The rules of an app, made from its options. */
export type HttpRules = ReturnType<typeof httpRules>;

/** Checks the options and makes the rules of an app. @throws `INVALID_OPTIONS`, `INVALID_DELAY` */
export function httpRules(options: AsyncHttpOptions, method = "asyncHttp") {
  const { maxWait, retryAfter, bodiesLimit, ...rules } = readOptions(method, OPTIONS, options);
  if (rules.operator && rules.authorize === undefined)
    throw new HandbackError(
      "INVALID_OPTIONS",
      "operator: expected the option authorize with it, because its routes show all flows",
    );
  const log = guardedLog(rules.log, () => undefined);
  const clock = checkedClock(method, rules.clock, (fault) => log.error(`the clock: ${fault}`));
  return {
    ...rules,
    log,
    clock,
    bodiesLimit: bodiesLimit ?? LARGE_BODIES * rules.bodyLimit,
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

/** Reads a path such as `/api`. A slash at its end does not count. */
export function readBasePath(value: unknown, name: string): string {
  const isPath = (text: string): boolean =>
    /^\/(?!\/)/.test(text) && new URL(text, "http://localhost").pathname === text;
  if (typeof value === "string" && isPath(value)) return value.replace(/\/$/, "");
  throw invalidOption(name, 'a path such as "/api", as in a URL', value);
}

/** Reads the secret. The error message never shows it, not even an invalid one. */
function readSecret(value: unknown, name: string): string {
  if (typeof value === "string" && value.length >= LEAST_SECRET) return value;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${name}: expected at least ${LEAST_SECRET} characters`,
  );
}
