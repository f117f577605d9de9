import { checkOptions } from "./core/validation/check-options.ts";
import type { Clock } from "./core/host/clock.ts";
import { DEFAULT_PAYLOAD_LIMIT } from "./core/codec/encode.ts";
import type { Definition } from "./core/activation/definition.ts";
import { parseDuration } from "./core/validation/duration.ts";
import type { Duration } from "./core/validation/duration.ts";
import type { Environment } from "./core/activation/environment.ts";
import { HandbackError } from "./core/errors/errors.ts";
import { silent } from "./core/host/log.ts";
import type { Log } from "./core/host/log.ts";
import { checkFunctionType } from "./core/validation/names.ts";
import type { Scheduler } from "./core/host/scheduler.ts";
import { show } from "./core/errors/show.ts";
import { secret } from "./engines/embedded/host/secure-random.ts";
import {
  attributeRejections,
  watchUnhandledRejections,
} from "./engines/embedded/host/unhandled-rejections.ts";
import { assembleEngine } from "./engines/embedded/assemble.ts";
import type { FunctionBill } from "./engines/embedded/execution/function-meter.ts";
import type { Store } from "./stores/store.ts";
import { systemClock } from "./engines/embedded/host/system-clock.ts";
import { systemScheduler } from "./engines/embedded/host/system-scheduler.ts";
import { Client } from "./futures/client/client.ts";
import { defineEgress } from "./futures/run/egress.ts";
import type { Sink } from "./futures/run/egress.ts";
import { toDeadLetter } from "./futures/client/dead-letter.ts";
import type { DeadLetterReport } from "./futures/client/dead-letter.ts";
import type { FlowBill } from "./futures/flow/bill.ts";
import { derivedFlowRecord } from "./futures/flow/derived-record.ts";
import { leadsTo } from "./futures/flow/leads-to.ts";
import { discardDeadLetter, redriveDeadLetter } from "./futures/client/redrive.ts";
import { defineAll, unregistered } from "./futures/run/registry.ts";

/** What an embedded engine is made of. */
export interface EmbeddedOptions {
  /** Functions to host; each brings the parts it is made of. */
  readonly functions: readonly object[];
  /** Where messages and state are kept: `memory()` or `sqlite(path)`. */
  readonly store: Store;
  /** Handlers that may run at the same time, from 1; default 64. */
  readonly concurrency?: number;
  /** How long settled flows and futures are kept; default 7 days. */
  readonly retention?: Duration;
  /** When states that were created without an id age out; default 7 days after their last message. */
  readonly ageOut?: Duration;
  /** Largest encoded value, in characters; default 33,554,432. */
  readonly payloadLimit?: number;
  /** Addresses whose state is kept in memory; default 10,000. */
  readonly cachedStates?: number;
  /**
   * How often in a row the process may die while it handles a message that it found at its start, before it gives that message up as
   * `POISONED`; a whole number from 1, default 3. The first time is not counted: nobody knows then which messages were being handled.
   * `Infinity`: none is given up, and none is looked for.
   */
  readonly crashLimit?: number;
  /** Messages that may wait to be handled, from 1, before nothing new is started (`OVERLOADED`); default 100,000. */
  readonly backlogLimit?: number;
  /** The same for the messages of one address; default 10,000. */
  readonly mailboxLimit?: number;
  /** Where `ctx.egress(type, value)` goes, by type, `namespace/name`. At least once; retried until it succeeds. */
  readonly egress?: Readonly<Record<string, Sink>>;
  /** Where the engine and handlers say things, what they neglected, and for how long they held all else up; default: nowhere. */
  readonly log?: Log;
  /** Where time comes from; default: the machine. */
  readonly clock?: Clock;
  /** A number in [0, 1) for `ctx.random()`; default `Math.random`. */
  readonly random?: () => number;
}

/** A running engine. It keeps the process alive until it is closed. */
export interface Embedded {
  readonly client: Client;
  readonly meter: {
    /** What a flow was billed so far. @throws `NOT_FOUND` */
    flow(id: string): Promise<FlowBill>;
    /** What a function was billed since the engine was started, one-way messages included. */
    function(type: string): FunctionBill;
  };
  /** Messages that were given up, oldest first: one-way ones that failed, and `POISONED` ones; 100 at most unless told otherwise. */
  deadLetters(limit?: number): readonly DeadLetterReport[];
  /**
   * Sends the message of a dead letter again, as a new one-way message with the same payload and `idempotencyKey`, in place of the letter:
   * both durably, once the promise resolves. Tells whether it did so: a message that never had an input, because a future in it was
   * rejected, stays where it is.
   * @throws `NOT_FOUND`, `UNKNOWN_FUNCTION`, `CLOSED`, `STORE_FULL`; `STORE_FAILED` when it is not known whether it was done
   */
  redrive(id: string): Promise<boolean>;
  /** Throws a dead letter away, durably. @throws as {@link Embedded.redrive} */
  discard(id: string): Promise<void>;
  /** How many messages have been accepted and are not yet handled. What is parked or waits for its time does not count. */
  readonly backlog: number;
  /** Stored messages for functions that are not registered, by type: they are parked until they are. */
  readonly unregistered: ReadonlyMap<string, number>;
  /** Lets running handlers end (5 s at most), commits, and closes the store. Parked work stays. A second call changes nothing. */
  close(): Promise<void>;
}

const OPTIONS = [
  "functions",
  "store",
  "concurrency",
  "retention",
  "ageOut",
  "payloadLimit",
  "cachedStates",
  "crashLimit",
  "backlogLimit",
  "mailboxLimit",
  "egress",
  "log",
  "clock",
  "random",
];

/**
 * Opens a store, recovers what it holds, and serves: the default engine, in this process.
 *
 * @throws `INVALID_OPTIONS`, `DUPLICATE_FUNCTION`, `STORE_LOCKED`, `STORE_OPEN_FAILED`, `STORE_CORRUPT`, `FORMAT_TOO_NEW`
 * @example
 * import { embedded, fn, sqlite } from "handback";
 *
 * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
 * const engine = await embedded({ functions: [hello], store: sqlite("./hello.db") });
 * console.log(await engine.client.call(hello, "world"));
 * await engine.close();
 */
export function embedded(options: EmbeddedOptions): Promise<Embedded> {
  return embeddedOn({ scheduler: systemScheduler, secret }, options);
}

/** What an engine gets of the machine beside what its options say; a simulator gives its own. */
export interface Machine {
  readonly scheduler: Scheduler;
  /** Bytes from a cryptographic generator. */
  readonly secret: (bytes: number) => Uint8Array;
}

/** Opens an embedded engine on a given machine. See {@link embedded}. */
export async function embeddedOn(
  { scheduler, secret }: Machine,
  options: EmbeddedOptions,
): Promise<Embedded> {
  checkOptions("embedded", options, OPTIONS);
  checkKinds(options);
  const {
    store,
    log = silent,
    clock = systemClock,
    concurrency = 64,
    cachedStates = 10_000,
    crashLimit = 3,
    backlogLimit = 100_000,
    mailboxLimit = 10_000,
    payloadLimit = DEFAULT_PAYLOAD_LIMIT,
    retention = "7d",
    ageOut = "7d",
    egress = {},
    random = Math.random,
  } = options;
  for (const [name, number] of Object.entries({
    concurrency,
    cachedStates,
    backlogLimit,
    mailboxLimit,
    payloadLimit,
  })) {
    if (!Number.isInteger(number) || number < 1)
      throw new HandbackError(
        "INVALID_OPTIONS",
        `${name}: expected a whole number from 1, got ${show(number)}`,
      );
  }
  if (crashLimit !== Number.POSITIVE_INFINITY && (!Number.isInteger(crashLimit) || crashLimit < 1))
    throw new HandbackError(
      "INVALID_OPTIONS",
      `crashLimit: expected a whole number from 1, or Infinity, got ${show(crashLimit)}`,
    );
  const definitions = withEgress(defineAll(options.functions), egress);
  const [retentionMs, ageOutMs] = [
    parseDuration(retention, "retention"),
    parseDuration(ageOut, "ageOut"),
  ];
  const storeInfo = await store.open();
  const environment: Environment = {
    storeId: storeInfo.storeId,
    clock,
    log,
    payloadLimit,
    retentionMs,
    ageOutMs,
    random,
    secret,
    scopedCancel: true,
    knows: (type) => definitions.has(type),
  };
  const engine = assembleEngine({
    store,
    storeInfo,
    definitions: watched(definitions),
    fallback: unregistered,
    environment,
    scheduler,
    concurrency,
    cachedStates,
    crashLimit,
    backlogLimits: { total: backlogLimit, perAddress: mailboxLimit },
    leadsTo,
    derivedValues: derivedFlowRecord,
  });
  try {
    await adoptAliases(store, definitions);
    engine.start();
  } catch (error) {
    // Nothing was handled.
    await store.close(storeInfo.clean);
    throw error;
  }
  const unwatch = watchUnhandledRejections();
  const client = new Client(engine, payloadLimit);
  return {
    client,
    meter: { flow: (id) => client.bill(id), function: (type) => engine.meter.read(type) },
    deadLetters: (limit = 100) => engine.deadLetters.list(limit).map(toDeadLetter),
    get backlog() {
      return engine.backlog;
    },
    redrive: (id) => redriveDeadLetter(engine, id),
    discard: (id) => discardDeadLetter(engine, id),
    unregistered: engine.unregistered,
    close: () => engine.close().finally(unwatch),
  };
}

/** Has it said in the log what handlers do to the process they share. */
function watched(definitions: ReadonlyMap<string, Definition>): ReadonlyMap<string, Definition> {
  const watch = (definition: Definition): Definition =>
    definition.system ? definition : attributeRejections(definition);
  return new Map(Array.from(definitions, ([type, definition]) => [type, watch(definition)]));
}

/** Refuses options that would only fail later, when something is to be done with them. */
function checkKinds(options: EmbeddedOptions): void {
  const { functions, egress = {}, random } = options;
  if (!Array.isArray(functions)) throw notAsExpected("functions", "a list", functions);
  if (typeof egress !== "object" || egress === null)
    throw notAsExpected("egress", "an object of functions", egress);
  if (random !== undefined && typeof random !== "function")
    throw notAsExpected("random", "a function", random);
  for (const [name, method] of [
    ["store", "open"],
    ["log", "warn"],
    ["clock", "setTimer"],
  ] as const) {
    const part: unknown = options[name];
    if (part === undefined && name !== "store") continue;
    if (typeof part !== "object" || part === null || !(method in part))
      throw notAsExpected(name, `an object with ${method}()`, part);
  }
}

function notAsExpected(option: string, expected: string, got: unknown): HandbackError {
  return new HandbackError("INVALID_OPTIONS", `${option}: expected ${expected}, got ${show(got)}`);
}

/** Gives the states that were kept under a function's former names to the function. */
async function adoptAliases(
  store: Store,
  definitions: ReadonlyMap<string, Definition>,
): Promise<void> {
  for (const { type, aliases = [] } of new Set(definitions.values())) {
    for (const alias of aliases) await store.renameStates(alias, type);
  }
}

function withEgress(
  functions: ReadonlyMap<string, Definition>,
  sinks: Readonly<Record<string, Sink>>,
): ReadonlyMap<string, Definition> {
  const all = new Map(functions);
  for (const [type, sink] of Object.entries(sinks)) {
    if (all.has(checkFunctionType(type)))
      throw new HandbackError(
        "DUPLICATE_FUNCTION",
        `a function and an egress are both named ${type}`,
      );
    all.set(type, defineEgress(type, sink));
  }
  return all;
}
