import type { Clock } from "./core/host/clock.ts";
import { DEFAULT_PAYLOAD_LIMIT } from "./core/codec/encode.ts";
import { knowsFunction } from "./core/activation/definition.ts";
import type { Definition } from "./core/activation/definition.ts";
import type { Duration } from "./core/validation/duration.ts";
import type { EngineStats } from "./core/engine/engine-stats.ts";
import type { Environment } from "./core/activation/environment.ts";
import type { HandbackError } from "./core/errors/errors.ts";
import { CLOCK_METHODS } from "./core/host/host-methods.ts";
import type { FieldsFirstLog } from "./core/host/fields-first-log.ts";
import { logOption } from "./core/host/log-option.ts";
import type { Log } from "./core/host/log.ts";
import { WorkLog } from "./core/host/work-log.ts";
import {
  callback,
  durationMs,
  flag,
  list,
  nested,
  objectWith,
  oneOf,
  optional,
  readOptions,
  record,
  switchable,
  wholeNumber,
  withDefault,
} from "./core/validation/options.ts";
import type { Methods, OptionTable, ReadOptions } from "./core/validation/options.ts";
import type { Scheduler } from "./core/host/scheduler.ts";
import { secret } from "./engines/embedded/host/secure-random.ts";
import { watchUnhandledRejections } from "./engines/embedded/host/unhandled-rejections.ts";
import type { BackupOptions } from "./engines/embedded/lifecycle/backup.ts";
import { assembleEngine } from "./engines/embedded/assemble.ts";
import type { FunctionBill } from "./engines/embedded/execution/function-meter.ts";
import { adoptStates } from "./engines/embedded/state/adopt-states.ts";
import type { EmbeddedEngine } from "./engines/embedded/engine.ts";
import { ConfiguredHistory } from "./engines/embedded/journal/configured-history.ts";
import type { HistorySettings } from "./engines/embedded/journal/configured-history.ts";
import { HostedFunctions } from "./hosted-functions.ts";
import type { Store, StoreInfo } from "./stores/store.ts";
import { consoleLog } from "./engines/embedded/host/console-log.ts";
import { guardedHost } from "./engines/embedded/host/guarded-host.ts";
import { systemClock } from "./engines/embedded/host/system-clock.ts";
import { systemScheduler } from "./engines/embedded/host/system-scheduler.ts";
import { requireRealTimers } from "./machine/real-time.ts";
import { Client } from "./futures/client/client.ts";
import { fn } from "./futures/define/fn.ts";
import { DETAIL_OPTIONS } from "./futures/define/history-option.ts";
import type { Handler, HistoryDetailOptions, WhenFailed } from "./futures/types/define.ts";
import type { Sink } from "./futures/run/egress.ts";
import { toDeadLetter } from "./futures/client/stored/dead-letter.ts";
import type { DeadLetterReport } from "./futures/client/stored/dead-letter.ts";
import type { FlowBill } from "./futures/flow/bill.ts";
import { derivedFlowRecord } from "./futures/flow/record/derived-record.ts";
import { indexedFlows } from "./futures/flow/record/flow-entry.ts";
import { historyEntries } from "./futures/history/history-facts.ts";
import { isFlowKept } from "./futures/flow/record/is-flow-kept.ts";
import { leadsTo } from "./futures/flow/leads-to.ts";
import { discardDeadLetter, redriveDeadLetter } from "./futures/client/stored/redrive.ts";
import { unregistered } from "./futures/run/registry.ts";

/** Options of {@link embedded}. */
export interface EmbeddedOptions {
  /** Functions to host. Each brings the functions that it is made of. */
  readonly functions: readonly object[];
  /** Store of messages and state: `memory()` or `sqlite(path)`. */
  readonly store: Store;
  /**
   * Largest number of handlers that work at the same time, from 1. A handler that is blocked in
   * `ctx.get` does not count. Default: 64.
   */
  readonly concurrency?: number;
  /**
   * Largest number of handlers that are blocked in `ctx.get`, from 1. A further `get` rejects with
   * `OVERLOADED`. Default: 10,000.
   */
  readonly blockedLimit?: number;
  /** How long settled flows and futures are kept. Default: 7 days. */
  readonly retention?: Duration;
  /**
   * Age-out time of states that were created without an id, counted from their last message. A state
   * that work under way may come back to is kept.
   * Default: 7 days.
   */
  readonly ageOut?: Duration;
  /**
   * Age-out time of states with ids that were given, counted from their last message, of all functions
   * that do not say it themselves: option `ageOut` of `stateful`. States of patterns are spared.
   * Default: such states do not age out.
   */
  readonly ageOutOfGivenIds?: Duration;
  /** Largest encoded value, in characters. Default: 33,554,432. */
  readonly payloadLimit?: number;
  /** Number of addresses whose state is cached in memory. Default: 10,000. */
  readonly cachedStates?: number;
  /**
   * Number of crashes in a row after which a message is given up as `POISONED`. A whole number from
   * 1, or `Infinity`, which gives up none and looks for none. Default: 3.
   *
   * Only crashes count that come soon after the message's handler has started alone. Before the
   * message is given up, the process must live while it is held back.
   */
  readonly crashLimit?: number;
  /**
   * Number of waiting messages, from 1, at which no new flow is started (`OVERLOADED`). Default:
   * 100,000.
   */
  readonly backlogLimit?: number;
  /** The same for the messages of one address. Default: 10,000. */
  readonly mailboxLimit?: number;
  /**
   * Receivers of `ctx.egress(type, value)`, by type, `namespace/name`. Delivery is at least once,
   * and retried until it succeeds.
   */
  readonly egress?: Readonly<Record<string, Sink>>;
  /**
   * Whether flows can be listed and counted: `client.flows`, `client.countFlows`. A store that was
   * used without it is indexed when it is opened. Default: true.
   */
  readonly flowIndex?: boolean;
  /**
   * Whether the history of flows is kept, for `client.events`, `client.history` and
   * `handle.changes`. It is kept as long as the records of the flows. A function can say otherwise
   * for itself. Default: false.
   */
  readonly history?: boolean | HistoryOptions;
  /**
   * The end of calls whose handlers throw, for all functions that do not say it themselves: option
   * `whenFailed` of `fn`. The inner functions of patterns fail. Default: `"fail"`.
   */
  readonly whenFailed?: WhenFailed;
  /**
   * Log of the engine and of handlers. Default: warnings and errors go to `console`. The engine's
   * lines contain names, keys and codes, but no inputs, results, or texts of errors.
   */
  readonly log?: Log | FieldsFirstLog;
  /** Clock of the engine. Default: the machine's. */
  readonly clock?: Clock;
  /** Source of `ctx.random()`: a number in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** Options of the history of flows. */
export interface HistoryOptions extends HistoryDetailOptions {
  /**
   * Largest number of entries that a flow keeps, from 100. A longer history loses its oldest
   * entries, and an entry `gap` tells how many. Default: 10,000.
   */
  readonly limit?: number;
}

/** A running engine. It keeps the process alive until it is closed. */
export interface Embedded {
  readonly client: Client;
  readonly meter: {
    /** Returns the bill of a flow so far. @throws `NOT_FOUND` */
    flow(id: string): Promise<FlowBill>;
    /** Returns the bill of a function since the engine started, one-way messages included. */
    function(type: string): FunctionBill;
  };
  /**
   * Returns messages that were given up, oldest first: one-way ones that failed, and `POISONED`
   * ones. `limit` is the largest number of them. Default: 100.
   */
  deadLetters(limit?: number): readonly DeadLetterReport[];
  /**
   * Sends the message of a dead letter again, and removes the letter. The new message has the same
   * payload and `idempotencyKey`. If the letter `isHeld`, its result goes to all that wait for it;
   * otherwise the message is one-way. Both steps are durable once the promise resolves.
   *
   * Resolves to false, and changes nothing, if the message has no input because a future in it was
   * rejected, or if it was held and its work was canceled.
   * @throws `NOT_FOUND`, `UNKNOWN_FUNCTION`, `CLOSED`, `STORE_FULL`, `STORE_BUSY`;
   * `STORE_FAILED` if the outcome is unknown
   */
  redrive(id: string): Promise<boolean>;
  /**
   * Deletes a dead letter, durably. If the letter `isHeld`, all that wait for its message get the
   * failure. @throws as {@link Embedded.redrive}
   */
  discard(id: string): Promise<void>;
  /**
   * Number of messages that were accepted and are not handled yet. Parked and delayed ones do not
   * count.
   */
  readonly backlog: number;
  /**
   * Number of stored messages for functions and operations that are not registered, by type, or
   * `type/operation`. They are parked until these are registered.
   */
  readonly unregistered: ReadonlyMap<string, number>;
  /**
   * Returns figures about the engine: work that waits, handler slots, commits, and a count for each
   * kind of line that the log writes. It takes as long as there are addresses with messages.
   * @throws `CLOSED`, `STORE_FAILED`, `STORE_FENCED`
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
   * const engine = await embedded({ functions: [hello], store: memory() });
   * await engine.client.call(hello, "Ada");
   * const { queued, slots, commits, lines } = engine.stats();
   * console.log(queued, slots.all, commits.count > 0, lines.flowFailed); // 0 64 true 0
   * await engine.close();
   */
  stats(): EngineStats;
  /**
   * Adds a function to the running engine, with the functions that it is made of. It takes over the
   * states of its `aliases`. Messages that were parked because it was missing go on, in their order.
   * Calls know it once the promise resolves. `register(type, handler)` is short for
   * `register(fn(type, handler))`.
   * @throws `DUPLICATE_FUNCTION` if one of the types is registered; `INVALID_OPTIONS`,
   * `INVALID_NAME`, `INVALID_HANDLER`, `CLOSED`, `STORE_FULL`, `STORE_BUSY`
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const engine = await embedded({ functions: [], store: memory() });
   * const double = fn("docs/double", (_, n: number) => 2 * n);
   * await engine.register(double);
   * console.log(await engine.client.call(double, 4)); // 8
   * await engine.close();
   */
  register(f: object): Promise<void>;
  register<Input, Return>(type: string, handler: Handler<Input, Return>): Promise<void>;
  /**
   * Writes a backup to a new file: a copy of the store as of one moment. The engine goes on
   * meanwhile. The backup is complete and on disk once the promise resolves. Opened as a store, it
   * continues with the work that was in it.
   *
   * A crash leaves no incomplete backup, but may leave the file `<path>-partial`. Backups are
   * written one after the other, and {@link Embedded.close} waits for them.
   * @throws `INVALID_OPTIONS`; `UNSUPPORTED` if the store is in memory; `BACKUP_FAILED`, for
   * example if the file exists; `CLOSED`, `STORE_FAILED`, `STORE_FENCED`
   * @example
   * import { embedded, fn, sqlite } from "handback";
   *
   * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
   * const engine = await embedded({ functions: [hello], store: sqlite("./saved.db") });
   * await engine.backup("./saved-backup.db");
   * await engine.close();
   */
  backup(path: string, options?: BackupOptions): Promise<void>;
  /**
   * Lets running handlers end (for at most 5 s), commits, and closes the store. Parked work stays.
   * A second call changes nothing.
   */
  close(): Promise<void>;
}

const positive = wholeNumber({ from: 1 });

/** A store can be anyone's, so all of its methods are checked. */
const STORE_METHODS: Methods<Store> = {
  open: true,
  commit: true,
  readState: true,
  readMessages: true,
  readDelayed: true,
  readScope: true,
  readWatches: true,
  nextDueAt: true,
  readDeadLetters: true,
  readDeadLetter: true,
  readExpired: true,
  renameStates: true,
  countStates: true,
  count: true,
  close: true,
};

const HISTORY_LIMIT = 10_000;
const HISTORY_OPTIONS = {
  ...DETAIL_OPTIONS,
  limit: withDefault(HISTORY_LIMIT, wholeNumber({ from: 100 })),
} satisfies OptionTable<HistoryOptions>;
const history = switchable<HistorySettings, HistoryOptions>(
  { detail: "nothing", limit: HISTORY_LIMIT },
  nested<typeof HISTORY_OPTIONS, HistoryOptions>(HISTORY_OPTIONS),
);

const OPTIONS = {
  functions: list<object>(),
  store: objectWith<Store>(STORE_METHODS),
  concurrency: withDefault(64, positive),
  blockedLimit: withDefault(10_000, positive),
  retention: withDefault("7d", durationMs()),
  ageOut: withDefault("7d", durationMs()),
  ageOutOfGivenIds: optional(durationMs()),
  payloadLimit: withDefault(DEFAULT_PAYLOAD_LIMIT, positive),
  cachedStates: withDefault(10_000, positive),
  crashLimit: withDefault(3, wholeNumber({ from: 1, orInfinity: true })),
  backlogLimit: withDefault(100_000, positive),
  mailboxLimit: withDefault(10_000, positive),
  egress: withDefault({}, record<Sink>()),
  flowIndex: withDefault(true, flag()),
  history: withDefault(false, history),
  whenFailed: withDefault("fail", oneOf("fail", "pause")),
  log: withDefault(consoleLog, logOption),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
  random: withDefault(Math.random, callback<() => number>()),
} satisfies OptionTable<EmbeddedOptions>;

/**
 * Opens a store, recovers the work in it, and runs the functions in this process. It is the default
 * engine.
 *
 * @throws `INVALID_OPTIONS`, `DUPLICATE_FUNCTION`, `STORE_LOCKED`, `STORE_BUSY`,
 * `STORE_OPEN_FAILED`, `STORE_CORRUPT`, `STORE_INCOMPLETE`, `FORMAT_TOO_NEW`; `UNSUPPORTED` if fake
 * timers were installed before the library was loaded
 * @example
 * import { embedded, fn, sqlite } from "handback";
 *
 * const hello = fn("docs/hello", (_, name: string) => `hello ${name}`);
 * const engine = await embedded({ functions: [hello], store: sqlite("./hello.db") });
 * console.log(await engine.client.call(hello, "world"));
 * await engine.close();
 */
export async function embedded(options: EmbeddedOptions): Promise<Embedded> {
  requireRealTimers("embedded");
  return embeddedOn({ scheduler: systemScheduler, secret }, options);
}

/** The parts of the machine that no option names. A simulator has its own. */
export interface Machine {
  readonly scheduler: Scheduler;
  /** Returns bytes from a cryptographic generator. */
  readonly secret: (bytes: number) => Uint8Array;
}

/** Opens an embedded engine on a given machine. See {@link embedded}. */
export async function embeddedOn(machine: Machine, options: EmbeddedOptions): Promise<Embedded> {
  const used = guardedHost("embedded", readOptions("embedded", OPTIONS, options));
  const hosted = new HostedFunctions(used.functions, used.egress);
  const { definitions } = hosted;
  const { store } = used;
  let fail: (error: HandbackError) => void = () => undefined;
  const storeInfo = await store.open({
    warn: (message) => used.log.warn(message),
    failed: (error) => fail(error),
  });
  const workLog = new WorkLog(used.log, used.clock);
  const engine = assemble(machine, used, { definitions, storeInfo, workLog });
  fail = (error) => engine.fail(error);
  try {
    await adoptStates(store, definitions, workLog);
    if (used.flowIndex) await completeFlowIndex(store, used.log);
    engine.start();
  } catch (error) {
    // Nothing was handled.
    await store.close(storeInfo.clean);
    throw error;
  }
  return faceOf(engine, hosted, new Client(engine, used.payloadLimit));
}

/** Puts the engine together from the options. */
function assemble(
  { scheduler, secret }: Machine,
  used: ReadOptions<typeof OPTIONS>,
  opened: {
    readonly definitions: Map<string, Definition>;
    readonly storeInfo: StoreInfo;
    readonly workLog: WorkLog;
  },
): EmbeddedEngine {
  const { definitions, storeInfo, workLog } = opened;
  const { clock, log, payloadLimit, retention, ageOut, random } = used;
  const history = new ConfiguredHistory(definitions, used.history);
  const keepsJournal = used.store.readJournal !== undefined;
  const environment: Environment = {
    storeId: storeInfo.storeId,
    clock,
    log,
    workLog,
    payloadLimit,
    retentionMs: retention,
    ageOutMs: ageOut,
    givenAgeOutMs: used.ageOutOfGivenIds,
    random,
    secret,
    scopedCancel: true,
    get history() {
      return keepsJournal && history.isOn ? history : undefined;
    },
    whenFailed: used.whenFailed,
    knows: (...asked) => knowsFunction(definitions, ...asked),
  };
  return assembleEngine({
    store: used.store,
    storeInfo,
    definitions,
    fallback: unregistered,
    environment,
    scheduler,
    concurrency: used.concurrency,
    blockedLimit: used.blockedLimit,
    cachedStates: used.cachedStates,
    crashLimit: used.crashLimit,
    historyLimit: used.history.limit,
    historyEntries,
    backlogLimits: { total: used.backlogLimit, perAddress: used.mailboxLimit },
    leadsTo,
    isFlowKept,
    derivedValues: derivedFlowRecord,
    indexed: used.flowIndex && used.store.flows !== undefined ? indexedFlows : undefined,
  });
}

/** Makes an index of the flows that a store was given by an engine without one. */
async function completeFlowIndex({ flows }: Store, log: Log): Promise<void> {
  const added = (await flows?.complete(indexedFlows)) ?? 0;
  if (added > 0) log.info("flows of the store were indexed", { flows: added });
}

/** Returns the object that users hold. */
function faceOf(engine: EmbeddedEngine, hosted: HostedFunctions, client: Client): Embedded {
  const unwatch = watchUnhandledRejections();
  return {
    client,
    meter: { flow: (id) => client.bill(id), function: (type) => engine.meter.read(type) },
    deadLetters: (limit = 100) => engine.deadLetters.list(limit).map(toDeadLetter),
    get backlog() {
      return engine.backlog;
    },
    stats: () => engine.stats(),
    redrive: (id) => redriveDeadLetter(engine, id),
    discard: (id) => discardDeadLetter(engine, id),
    backup: (path, options) => engine.backup(path, options),
    unregistered: engine.unregistered,
    register: async (f: object | string, handler?: unknown) =>
      hosted.register(
        typeof f === "string" ? fn(f, handler as Handler<unknown, unknown>) : f,
        engine,
      ),
    close: () => engine.close().finally(unwatch),
  };
}
