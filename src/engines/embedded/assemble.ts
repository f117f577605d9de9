import { PendingReplies } from "../../core/engine/pending-replies.ts";
import type { CommittedReader } from "../../core/engine/committed-read.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Environment } from "../../core/activation/environment.ts";
import { Queue } from "../../core/data/queue.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { IndexedValues } from "../../core/engine/flow-index.ts";
import type { DerivedValues } from "../../core/state/derived-values.ts";
import { WorkLog } from "../../core/host/work-log.ts";
import type { Scheduler } from "../../core/host/scheduler.ts";
import type { StoreInfo, Store } from "../../stores/store.ts";
import { BlockedGets } from "./blocking/blocked-gets.ts";
import type { LeadsTo } from "./blocking/blocked-gets.ts";
import { BlockedLimit } from "./blocking/blocked-limit.ts";
import { DeadlockSearch } from "./blocking/deadlock-search.ts";
import { SlotWatch } from "./blocking/slot-watch.ts";
import { ArrivalTimes } from "./commit/arrival-times.ts";
import { CommitMeter } from "./commit/commit-meter.ts";
import { CommittedReads } from "./commit/committed-reads.ts";
import { DerivedValueReader } from "./commit/derived-value-reader.ts";
import { DerivedValueWriter } from "./commit/derived-value-writer.ts";
import { GroupCommit } from "./commit/group-commit.ts";
import { MessageIndex } from "./commit/message-index.ts";
import { StoreOutage } from "./commit/store-outage.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import { ReplyQueue } from "./dispatch/reply-queue.ts";
import { TurnDispatcher } from "./dispatch/turn-dispatcher.ts";
import { EmbeddedEngine } from "./engine.ts";
import { Activations } from "./execution/activations.ts";
import { Causes } from "./execution/causes.ts";
import { ClientWaits } from "./execution/client-waits.ts";
import { CommitResults } from "./execution/commit-results.ts";
import { EffectWriter } from "./execution/effect-writer.ts";
import { FunctionMeter } from "./execution/function-meter.ts";
import { HandlerBlocking } from "./execution/handler-blocking.ts";
import { HandlerRuns } from "./execution/handler-runs.ts";
import { Handlers } from "./execution/handlers.ts";
import { IdleWatch } from "./execution/idle-watch.ts";
import { LeftWork } from "./execution/left-work.ts";
import { MessageCancellation } from "./execution/message-cancellation.ts";
import { MessageDelivery } from "./execution/message-delivery.ts";
import { ScopeCancellation } from "./execution/scope-cancellation.ts";
import { Admission } from "./intake/admission.ts";
import type { BacklogLimits } from "./intake/admission.ts";
import { DeadLetters } from "./intake/dead-letters.ts";
import { firstFlowOf, FlowNumbers } from "./intake/flow-numbers.ts";
import { RequestIntake } from "./intake/request-intake.ts";
import { FlowListing } from "./listing/flow-listing.ts";
import { ParkedFlows } from "./listing/parked-flows.ts";
import { CommittedListing } from "./listing/store-listing.ts";
import { UnwrittenFlows } from "./listing/unwritten-flows.ts";
import { Emissions } from "./journal/emissions.ts";
import { History } from "./journal/history.ts";
import { HistoryLimit } from "./journal/history-limit.ts";
import type { HistoryEntries } from "./journal/history-limit.ts";
import { QueuedSince } from "./journal/queued-since.ts";
import { JournalCollector } from "./journal/journal-collector.ts";
import { Journal } from "./journal/journal.ts";
import { guardedClock } from "./lifecycle/guarded-clock.ts";
import { HeldMessages } from "./pausing/held-messages.ts";
import { Pauses } from "./pausing/pauses.ts";
import { LateFunctions } from "./execution/late-functions.ts";
import { Lifecycle } from "./lifecycle/lifecycle.ts";
import { Backlog } from "./mailboxes/backlog.ts";
import { FunctionLimits } from "./mailboxes/function-limits.ts";
import { HandlerSlots } from "./mailboxes/handler-slots.ts";
import { Mailboxes } from "./mailboxes/mailboxes.ts";
import { Unregistered } from "./mailboxes/unregistered.ts";
import { CrashTracker } from "./poison/crash-tracker.ts";
import { StateCache } from "./state/state-cache.ts";
import { DelayedMessages } from "./timers/delayed-messages.ts";
import { ExpiryCollector } from "./timers/expiry-collector.ts";
import { Timers } from "./timers/timers.ts";

/**
 * The parts that an engine is assembled from: an open store, the functions it hosts, and its
 * limits.
 */
export interface EngineParts {
  readonly store: Store;
  readonly storeInfo: StoreInfo;
  /** The functions by type. Those that are registered later are added to this map. */
  readonly definitions: Map<string, Definition>;
  /** Cancels messages for functions that are not registered. */
  readonly fallback: Definition;
  readonly environment: Environment;
  readonly scheduler: Scheduler;
  /** The number of handler slots. */
  readonly concurrency: number;
  /** Largest number of handlers that are blocked in a get. */
  readonly blockedLimit: number;
  /** The number of addresses whose state is held in memory. */
  readonly cachedStates: number;
  /** Crashes in a row after which a message is given up. */
  readonly crashLimit: number;
  /** Largest number of entries in the history of a flow. */
  readonly historyLimit: number;
  /** Reads the entries of histories. */
  readonly historyEntries: HistoryEntries;
  readonly backlogLimits: BacklogLimits;
  /** Finds the replies that depend on a message, to detect deadlocks of blocked handlers. */
  readonly leadsTo: LeadsTo;
  /** Tells whether the record of a flow is kept, by the number and the key of the flow. */
  readonly isFlowKept: (flow: string, key: string, now: number) => CommittedReader<boolean>;
  /** The values that messages carry in place of the store. */
  readonly derivedValues: DerivedValues;
  /** The values that the store indexes. Absent: none. */
  readonly indexed?: IndexedValues | undefined;
}

/**
 * Assembles an engine. The only file that knows all rooms.
 *
 * Each room is built from the rooms below it. A call that must go up again takes one of three
 * ports:
 *
 * - `Intake`: messages that no handler sent enter here (implemented by `Activations`)
 * - `CommitListener`: outcomes of commits leave here (implemented by `CommitResults`)
 * - `Dispatcher`: rooms that add work ask here for a turn (implemented by `TurnDispatcher`)
 */
export function assembleEngine(parts: EngineParts): EmbeddedEngine {
  const base = assembleBase(parts);
  const storage = { ...base, ...assembleStorage(parts, base) };
  const queues = { ...storage, ...assembleQueues(parts, storage) };
  const execution = { ...queues, ...assembleExecution(parts, queues) };
  const timeDriven = assembleTimeDriven(parts, execution);
  const { delivery, clientWaits, runs } = assembleHandlers(parts, execution);
  const { lifecycle, commits, backlog, held } = execution;
  const { crashTracker, deadlocks, slotWatch } = execution;
  commits.connect(new CommitResults({ ...execution, ...timeDriven, delivery }));
  const { store, storeInfo, environment, definitions } = parts;
  const intake = execution.activations;
  const admission = new Admission({ limits: parts.backlogLimits, backlog, held, intake });
  const requests = new RequestIntake({ ...execution, admission, intake });
  const deadLetters = new DeadLetters({ store, lifecycle, commits, requests, intake });
  const whyParked = (message: Envelope): string | undefined => delivery.whyParked(message);
  const committedReads = new CommittedReads({ ...parts, ...execution, whyParked });
  const { lists } = store;
  const flowIndex = assembleFlowIndex(parts, execution);
  return new EmbeddedEngine({
    store,
    environment,
    definitions,
    ...execution,
    ...timeDriven,
    watches: { stop: () => [crashTracker, deadlocks, slotWatch].forEach((each) => each.stop()) },
    delivery,
    clientWaits,
    runs,
    requests,
    deadLetters,
    committedReads,
    flowIndex,
    storeListing: lists && new CommittedListing({ ...execution, lists }),
    journalCollector: assembleCollector(parts, execution, committedReads),
    lateFunctions: new LateFunctions({ ...parts, ...execution, delivery }),
    flowNumbers: new FlowNumbers(storeInfo.generation),
    generation: storeInfo.generation,
  });
}

type Base = ReturnType<typeof assembleBase>;
type Storage = Base & ReturnType<typeof assembleStorage>;
type Queues = Storage & ReturnType<typeof assembleQueues>;
type Execution = Queues & ReturnType<typeof assembleExecution>;

/**
 * Builds the lifecycle, a clock whose timers stop the engine when they throw, the log of the work,
 * and the meter.
 */
function assembleBase({ environment, definitions }: EngineParts) {
  const lifecycle = new Lifecycle(environment.log);
  const clock = guardedClock(environment.clock, lifecycle);
  const workLog = environment.workLog ?? new WorkLog(environment.log, clock);
  return { lifecycle, clock, workLog, meter: new FunctionMeter(definitions) };
}

/** Builds state and commits. */
function assembleStorage(parts: EngineParts, { clock }: Base) {
  const { store, storeInfo, environment, derivedValues: values, indexed } = parts;
  const messages = new MessageIndex();
  const derived = new DerivedValueReader(values, messages);
  const cache = new StateCache(store, derived, parts.cachedStates);
  const outage = new StoreOutage({ clock, log: environment.log });
  const commitMeter = new CommitMeter(clock);
  const arrivals = new ArrivalTimes(clock.monotonicNs());
  const measured = { commitMeter, arrivals };
  const commits = new GroupCommit({ store, storeInfo, outage, messages, indexed, ...measured });
  const derivedValues = new DerivedValueWriter({ values, cache, commits });
  return { messages, cache, outage, commits, derivedValues, ...measured };
}

/** Builds the queues of messages and replies, and the dispatcher that works them off. */
function assembleQueues(parts: EngineParts, storage: Storage) {
  const { lifecycle, clock, workLog, commits, outage } = storage;
  const { store, storeInfo, scheduler, crashLimit } = parts;
  const mailboxes = new Mailboxes();
  const slots = new HandlerSlots(parts.concurrency);
  const limits = new FunctionLimits(mailboxes);
  const unregistered = new Unregistered(parts.definitions, workLog);
  const backlog = new Backlog({ commits, mailboxes, unregistered });
  const callers = new PendingReplies();
  const listeners = new PendingReplies();
  const replies = new ReplyQueue({ callers, listeners, backlog });
  const dispatcher = new TurnDispatcher({ scheduler, lifecycle, commits, outage, replies });
  const tracked = { clock, crashLimit, storeInfo, commits, dispatcher, slots };
  const crashTracker = new CrashTracker(tracked);
  const delayed = new DelayedMessages({ store, commits });
  const messageQueues = { mailboxes, slots, limits, unregistered, backlog, delayed };
  const others = assembleJournal(parts, { ...storage, dispatcher });
  return { ...messageQueues, callers, listeners, replies, dispatcher, crashTracker, ...others };
}

/** Builds the journal, if the store keeps one, and the emissions of handlers. */
function assembleJournal(
  parts: EngineParts,
  rooms: Pick<Storage, "lifecycle" | "clock" | "commits"> & { readonly dispatcher: Dispatcher },
) {
  const { store, storeInfo, scheduler } = parts;
  if (store.readJournal === undefined)
    return { journal: undefined, emitter: undefined, history: undefined };
  const journal = new Journal({ ...rooms, store, storeInfo, scheduler });
  const historyLimit = new HistoryLimit({
    ...rooms,
    journal,
    firstFlow: firstFlowOf(storeInfo.generation),
    limit: parts.historyLimit,
    entries: parts.historyEntries,
  });
  const shared = { ...rooms, journal, historyLimit };
  return { journal, emitter: new Emissions(shared), history: new History(shared) };
}

/** Builds activations, which are the intake, and the cancellation of messages. */
function assembleExecution(parts: EngineParts, queues: Queues) {
  const { definitions, fallback, environment, leadsTo, storeInfo } = parts;
  const { cache, clock, slots, mailboxes } = queues;
  const gets = new BlockedGets({ leadsTo, cache });
  const deadlocks = new DeadlockSearch(clock, mailboxes, gets);
  const pauses = new Pauses(definitions);
  const held = new HeldMessages({ ...queues, pauses, deadlocks });
  const scopes = new ScopeCancellation();
  const leftWork = new LeftWork({ store: parts.store, commits: queues.commits, scopes });
  const causes = new Causes({ environment, cache, scopes, commits: queues.commits });
  const systemMessages = new Queue<Envelope>();
  const known = { definitions, storeInfo, environment };
  const shared = { ...queues, ...known, causes, scopes, leftWork, systemMessages, held };
  const effects = new EffectWriter(shared);
  const cancellation = new MessageCancellation({ ...shared, fallback, effects });
  const activations = new Activations({ ...shared, effects, cancellation });
  const slotWatch = new SlotWatch({ ...queues, gets });
  const idle = new IdleWatch(slots);
  const waiting = { gets, deadlocks, slotWatch, pauses, held };
  return { ...waiting, scopes, causes, cancellation, activations, idle };
}

/** Builds the rooms that work as time passes. */
function assembleTimeDriven({ store }: EngineParts, execution: Execution) {
  const timers = new Timers({ ...execution, intake: execution.activations });
  return { timers, collector: new ExpiryCollector({ ...execution, store }) };
}

/** Builds the collector of the journal, if there is one. */
function assembleCollector(
  { environment, isFlowKept }: EngineParts,
  { journal, ...rooms }: Execution,
  reads: CommittedReads,
) {
  if (journal === undefined) return undefined;
  const isKept = async (flow: string, owner: string): Promise<boolean> =>
    reads.read(() => isFlowKept(flow, owner, environment.clock.now()));
  const { retentionMs } = environment;
  return new JournalCollector({ ...rooms, journal, retentionMs, isKept });
}

/**
 * Builds the handlers and connects them to the dispatcher. Returns their runs, and the ways to their
 * mailboxes and to the waits of clients.
 */
function assembleHandlers(parts: EngineParts, execution: Execution) {
  const { definitions, storeInfo, environment, scheduler } = parts;
  const { dispatcher, cancellation } = execution;
  const queuedSince = new QueuedSince({ environment });
  const shared = { ...execution, definitions, storeInfo, queuedSince };
  const blockedLimit = new BlockedLimit(parts.blockedLimit, execution.workLog);
  const blocking = new HandlerBlocking({ ...shared, blockedLimit });
  const runs = new HandlerRuns({ ...shared, blocking });
  cancellation.connect((running, graceMs) => runs.abandon(running, graceMs));
  dispatcher.connect(new Handlers({ ...shared, scheduler, runs }));
  const clientWaits = new ClientWaits({ ...shared, blocking });
  return { delivery: new MessageDelivery(shared), clientWaits, runs };
}

/** Builds the list of flows, if the store indexes them. */
function assembleFlowIndex(
  { indexed, store, scheduler, derivedValues: derived }: EngineParts,
  rooms: Execution,
): FlowListing | undefined {
  const { flows } = store;
  if (indexed === undefined || flows === undefined) return undefined;
  const unwritten = new UnwrittenFlows({ ...rooms, indexed, derived, flows });
  const parked = new ParkedFlows({ ...rooms, flows, unwritten });
  return new FlowListing({ ...rooms, flows, indexed, store, scheduler, unwritten, parked });
}
