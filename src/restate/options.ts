import type { Clock } from "../core/host/clock.ts";
import { CLOCK_METHODS } from "../core/host/host-methods.ts";
import type { FieldsFirstLog } from "../core/host/fields-first-log.ts";
import { logOption } from "../core/host/log-option.ts";
import type { Log } from "../core/host/log.ts";
import { checkName } from "../core/validation/names.ts";
import type { WhenFailed } from "../futures/types/define.ts";
import type { Duration } from "../core/validation/duration.ts";
import {
  callback,
  checkedBy,
  durationMs,
  oneOf,
  invalidOption,
  list,
  objectWith,
  optional,
  record,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { consoleLog } from "../engines/embedded/host/console-log.ts";
import { systemClock } from "../engines/embedded/host/system-clock.ts";
import type { Sink } from "../futures/run/egress.ts";

/** Options of {@link restate}. */
export interface RestateOptions {
  /** Functions to serve. Each brings the functions that it is made of. Default: none. */
  readonly functions?: readonly object[];
  /**
   * Addresses of the cluster's ingress, one for each node. A request that gets no answer goes to the
   * next one. Default: `["http://127.0.0.1:8080"]`.
   */
  readonly ingress?: readonly string[];
  /**
   * Name of the application: letters, digits, `-` and `_`. The names of its Restate services begin
   * with it. Programs with the same functions use the same name. Default: `"handback"`.
   */
  readonly application?: string;
  /** Public keys of the clusters that may call this program. Default: none, so anybody may. */
  readonly identityKeys?: readonly string[];
  /**
   * Largest number of calls of stateless functions that one invocation carries on with, instead of
   * sending each to the cluster. `false`: each call is an invocation of its own. Default: 32.
   */
  readonly carry?: false | number;
  /** Headers of the client's requests. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Receivers of `ctx.egress(type, value)`, by type. Delivery is at least once, and retried until it
   * succeeds. Default: none.
   */
  readonly sinks?: Readonly<Record<string, Sink>>;
  /** Name of the cluster's store. Handles of futures carry it. Default: the application's name. */
  readonly storeId?: string;
  /** Largest encoded value, in characters, up to 8,388,608. Default: 8,388,608. */
  readonly payloadLimit?: number;
  /** How long settled flows and futures are kept. Default: 7 days. */
  readonly retention?: Duration;
  /** Age-out time of states that were created without an id. Default: 7 days. */
  readonly ageOut?: Duration;
  /**
   * Age-out time of states with ids that were given, counted from their last message, of all functions
   * that do not say it themselves: option `ageOut` of `stateful`. States of patterns are spared.
   * Default: such states do not age out.
   */
  readonly ageOutOfGivenIds?: Duration;
  /**
   * Path of a file that marks the running messages of this process, and of no other. A message that
   * crashes the process several times is then given up as `POISONED`. Default: none, and the cluster
   * repeats such a message forever.
   */
  readonly crashMarks?: string;
  /** Number of crashes after which a message is given up, from 1. Default: 3. */
  readonly crashLimit?: number;
  /**
   * The end of calls whose handlers throw, for all functions that do not say it themselves: option
   * `whenFailed` of `fn`. The inner functions of patterns fail. Default: `"fail"`.
   */
  readonly whenFailed?: WhenFailed;
  /** How long a message waits that cannot be handled yet. Default: 1 minute. */
  readonly parkedFor?: Duration;
  /** Longest silence of a node, before a client's request goes to the next. Default: 10 seconds. */
  readonly attemptTimeout?: Duration;
  /**
   * Time after which a client's request fails with `CLUSTER_UNAVAILABLE`, while no node answers.
   * Default: 1 minute.
   */
  readonly requestTimeout?: Duration;
  /**
   * Log of handlers and of messages that wait. Default: warnings and errors go to `console`.
   */
  readonly log?: Log | FieldsFirstLog;
  /** Clock of the functions. Default: the machine's. */
  readonly clock?: Clock;
  /** Source of `ctx.random()`: a number in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Restate takes messages of 32 MiB. A character of a value is at most three bytes there, and the
 * message has other parts.
 */
const MOST_CHARACTERS = 8_388_608;

/** Restate refuses some names that begin so. */
const APPLICATION = /^(?!restate|openapi)[a-zA-Z][\w-]{0,63}$/;

/** The options of an application on Restate. */
export const RESTATE_OPTIONS = {
  functions: withDefault([], list<object>()),
  ingress: withDefault(["http://127.0.0.1:8080"], checkedBy(readIngress)),
  application: withDefault("handback", checkedBy(readApplication)),
  identityKeys: withDefault([], list<string>()),
  carry: withDefault(32, checkedBy<number, false | number>(readCarry)),
  headers: withDefault({}, record<string>()),
  sinks: withDefault({}, record<Sink>()),
  storeId: checkedBy((value, name) => (value === undefined ? undefined : checkName(value, name))),
  payloadLimit: withDefault(MOST_CHARACTERS, wholeNumber({ from: 1, to: MOST_CHARACTERS })),
  retention: withDefault("7d", durationMs()),
  ageOut: withDefault("7d", durationMs()),
  ageOutOfGivenIds: optional(durationMs()),
  crashMarks: optional(checkedBy<string>(readPath)),
  crashLimit: withDefault(3, wholeNumber({ from: 1 })),
  whenFailed: withDefault("fail", oneOf("fail", "pause")),
  parkedFor: withDefault("1m", durationMs()),
  attemptTimeout: withDefault("10s", durationMs()),
  requestTimeout: withDefault("1m", durationMs()),
  log: withDefault(consoleLog, logOption),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
  random: withDefault(Math.random, callback<() => number>()),
} satisfies OptionTable<RestateOptions>;

function readApplication(value: unknown, name: string): string {
  if (typeof value === "string" && APPLICATION.test(value)) return value;
  throw invalidOption(
    name,
    "1 to 64 letters, digits, - and _, from a letter on, not restate... or openapi...",
    value,
  );
}

function readIngress(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalidOption(name, "a list of addresses", value);
  return value.map((address: unknown) => {
    if (typeof address === "string" && URL.canParse(address) && /^https?:/.test(address))
      return address.replace(/\/+$/, "");
    throw invalidOption(name, "addresses that begin with http:// or https://", address);
  });
}

function readCarry(value: unknown, name: string): number {
  if (value === false) return 0;
  if (Number.isSafeInteger(value) && Number(value) >= 1) return Number(value);
  throw invalidOption(name, "false or a whole number from 1", value);
}

function readPath(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidOption(name, "the path of a file", value);
}
