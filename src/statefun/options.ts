import { DEFAULT_PAYLOAD_LIMIT } from "../core/codec/encode.ts";
import type { Clock } from "../core/host/clock.ts";
import { CLOCK_METHODS } from "../core/host/host-methods.ts";
import { consoleLog } from "../engines/embedded/host/console-log.ts";
import type { FieldsFirstLog } from "../core/host/fields-first-log.ts";
import { logOption } from "../core/host/log-option.ts";
import type { Log } from "../core/host/log.ts";
import { checkName } from "../core/validation/names.ts";
import type { Sink } from "../futures/run/egress.ts";
import type { WhenFailed } from "../futures/types/define.ts";
import type { Duration } from "../core/validation/duration.ts";
import {
  callback,
  checkedBy,
  durationMs,
  invalidOption,
  list,
  objectWith,
  oneOf,
  optional,
  record,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { systemClock } from "../engines/embedded/host/system-clock.ts";
import type { MessageType } from "../engines/statefun/types/message-type.ts";
import { checkTypename } from "../engines/statefun/wire/typename.ts";

/** Options of {@link requestReply}. */
export interface RequestReplyOptions {
  /** Functions to serve. Each brings the functions that it is made of. Default: none. */
  readonly functions?: readonly object[];
  /**
   * Functions that other programs serve, as `namespace/name` or `namespace/*`. Messages may go to
   * them. Default: none.
   */
  readonly remotes?: readonly string[];
  /** Types of the cluster's egresses, `namespace/name`. Default: none. */
  readonly egresses?: readonly string[];
  /**
   * Receivers of `ctx.egress(type, value)` in this program, by type. Delivery is at least once, and
   * retried until it succeeds. Default: none.
   */
  readonly sinks?: Readonly<Record<string, Sink>>;
  /**
   * Egress that receives the messages that failed, as JSON. Default: they are logged and dropped.
   */
  readonly deadLetters?: string;
  /**
   * Topics of egresses to Kafka, by type, for the replies and dead letters that this library sends
   * there. They are Kafka records then, because such an egress fails on all others. The key of a
   * record is the name of its type. Default: none.
   */
  readonly kafkaTopics?: Readonly<Record<string, string>>;
  /**
   * Largest records of egresses in bytes, by type, at least 16,384. A cluster restarts its job for a
   * record that is larger than a topic takes, so this library sends none. Default: no limit.
   */
  readonly recordLimits?: Readonly<Record<string, number>>;
  /**
   * File in which this process notes the messages that it handles, one for each process. A message
   * that crashes the process several times is then given up as `POISONED`. Default: none, and the
   * cluster repeats such a message forever.
   */
  readonly crashMarks?: string;
  /** Number of crashes after which a message is given up, from 1. Default: 3. */
  readonly crashLimit?: number;
  /** Message types beside the built-in ones. Those in `accepts` need not be repeated. */
  readonly types?: readonly MessageType<unknown>[];
  /** Name of the cluster's store. Handles of futures carry it. Default: `"statefun"`. */
  readonly storeId?: string;
  /** Largest answer in bytes, not above the cluster's `payload_max_bytes`. Default: 33,554,432. */
  readonly responseLimit?: number;
  /** Largest encoded value, in characters. Default: 33,554,432. */
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
   * The end of calls whose handlers throw, for all functions that do not say it themselves: option
   * `whenFailed` of `fn`. The inner functions of patterns fail. Default: `"fail"`.
   */
  readonly whenFailed?: WhenFailed;
  /** Time until a message that cannot be handled yet is tried again. Default: 1 minute. */
  readonly parkedFor?: Duration;
  /**
   * Log of handlers and of messages that wait. Default: warnings and errors go to `console`.
   */
  readonly log?: Log | FieldsFirstLog;
  /** Clock of the functions. Default: the machine's. */
  readonly clock?: Clock;
  /** Source of `ctx.random()`: a number in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

const positive = wholeNumber({ from: 1 });

/** The options of a module of functions. */
export const MODULE_OPTIONS = {
  functions: withDefault([], list<object>()),
  remotes: withDefault([], list<string>()),
  egresses: withDefault([], list<string>()),
  sinks: withDefault({}, record<Sink>()),
  deadLetters: optional({ read: checkTypename }),
  kafkaTopics: withDefault({}, checkedBy(readTopics)),
  recordLimits: withDefault({}, checkedBy(readRecordLimits)),
  crashMarks: optional(checkedBy<string>(readPath)),
  crashLimit: withDefault(3, positive),
  types: withDefault([], list<MessageType<unknown>>()),
  storeId: withDefault("statefun", { read: checkName }),
  responseLimit: withDefault(33_554_432, positive),
  payloadLimit: withDefault(DEFAULT_PAYLOAD_LIMIT, positive),
  retention: withDefault("7d", durationMs()),
  ageOut: withDefault("7d", durationMs()),
  ageOutOfGivenIds: optional(durationMs()),
  whenFailed: withDefault("fail", oneOf("fail", "pause")),
  parkedFor: withDefault("1m", durationMs()),
  log: withDefault(consoleLog, logOption),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
  random: withDefault(Math.random, callback<() => number>()),
} satisfies OptionTable<RequestReplyOptions>;

function readPath(value: unknown, name: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidOption(name, "the path of a file", value);
}

/** Room for a dead letter without its message, whatever its ids. */
const recordSize = wholeNumber({ from: 16_384 });

function readRecordLimits(value: unknown, name: string): Readonly<Record<string, number>> {
  if (typeof value !== "object" || value === null) throw invalidOption(name, "an object", value);
  const entries = Object.entries(value).map(
    ([egress, limit]: readonly [string, unknown]) =>
      [checkTypename(egress), recordSize.read(limit, `${name}.${egress}`)] as const,
  );
  return Object.fromEntries(entries);
}

/** A topic as Kafka accepts it. */
const TOPIC = /^[\w.-]{1,249}$/;

function readTopics(value: unknown, name: string): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) throw invalidOption(name, "an object", value);
  const topics: Record<string, string> = {};
  for (const [egress, topic] of Object.entries(value)) {
    if (typeof topic !== "string" || !TOPIC.test(topic))
      throw invalidOption(`${name}.${egress}`, "a Kafka topic", topic);
    topics[checkTypename(egress)] = topic;
  }
  return topics;
}
