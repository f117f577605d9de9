import type { Definition } from "../../core/activation/definition.ts";
import type { FlowIndex } from "../../core/engine/flow-index.ts";
import type { StoreListing } from "../../core/engine/store-listing.ts";
import type { Environment } from "../../core/activation/environment.ts";
import type { Store } from "../../stores/store.ts";
import type { WorkLog } from "../../core/host/work-log.ts";
import type { BlockedGets } from "./blocking/blocked-gets.ts";
import type { ArrivalTimes } from "./commit/arrival-times.ts";
import type { CommitMeter } from "./commit/commit-meter.ts";
import type { CommittedReads } from "./commit/committed-reads.ts";
import type { GroupCommit } from "./commit/group-commit.ts";
import type { Dispatcher } from "./dispatch/dispatcher.ts";
import type { ReplyQueue } from "./dispatch/reply-queue.ts";
import type { Activations } from "./execution/activations.ts";
import type { ClientWaits } from "./execution/client-waits.ts";
import type { FunctionMeter } from "./execution/function-meter.ts";
import type { HandlerRuns } from "./execution/handler-runs.ts";
import type { IdleWatch } from "./execution/idle-watch.ts";
import type { MessageDelivery } from "./execution/message-delivery.ts";
import type { DeadLetters } from "./intake/dead-letters.ts";
import type { FlowNumbers } from "./intake/flow-numbers.ts";
import type { RequestIntake } from "./intake/request-intake.ts";
import type { LateFunctions } from "./execution/late-functions.ts";
import type { Emissions } from "./journal/emissions.ts";
import type { JournalCollector } from "./journal/journal-collector.ts";
import type { Journal } from "./journal/journal.ts";
import type { HeldMessages } from "./pausing/held-messages.ts";
import type { Lifecycle } from "./lifecycle/lifecycle.ts";
import type { Backlog } from "./mailboxes/backlog.ts";
import type { HandlerSlots } from "./mailboxes/handler-slots.ts";
import type { Mailboxes } from "./mailboxes/mailboxes.ts";
import type { Unregistered } from "./mailboxes/unregistered.ts";
import type { CrashTracker } from "./poison/crash-tracker.ts";
import type { StateCache } from "./state/state-cache.ts";
import type { DelayedMessages } from "./timers/delayed-messages.ts";
import type { ExpiryCollector } from "./timers/expiry-collector.ts";
import type { Timers } from "./timers/timers.ts";

/** The rooms of an engine, as far as the engine itself uses them. */
export interface EngineRooms {
  readonly store: Store;
  readonly environment: Environment;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly lifecycle: Lifecycle;
  readonly lateFunctions: LateFunctions;
  readonly requests: RequestIntake;
  readonly flowNumbers: FlowNumbers;
  /** The number of times that the store has been opened. */
  readonly generation: number;
  readonly deadLetters: DeadLetters;
  readonly clientWaits: ClientWaits;
  readonly replies: ReplyQueue;
  readonly backlog: Backlog;
  readonly unregistered: Unregistered;
  readonly cache: StateCache;
  readonly commits: GroupCommit;
  readonly committedReads: CommittedReads;
  /** Absent if the store indexes no flows. */
  readonly flowIndex: FlowIndex | undefined;
  /** Absent if the store has no lists. */
  readonly storeListing: StoreListing | undefined;
  readonly dispatcher: Dispatcher;
  readonly slots: HandlerSlots;
  readonly mailboxes: Mailboxes;
  readonly gets: BlockedGets;
  readonly activations: Activations;
  readonly runs: HandlerRuns;
  readonly delayed: DelayedMessages;
  readonly commitMeter: CommitMeter;
  readonly arrivals: ArrivalTimes;
  readonly workLog: WorkLog;
  /** The parts that watch handlers, each with its own timers. */
  readonly watches: { stop(): void };
  readonly held: HeldMessages;
  readonly crashTracker: CrashTracker;
  readonly delivery: MessageDelivery;
  readonly meter: FunctionMeter;
  /** Absent, as the emitter is: the store keeps no journal. */
  readonly journal: Journal | undefined;
  readonly emitter: Emissions | undefined;
  readonly journalCollector: JournalCollector | undefined;
  readonly idle: IdleWatch;
  readonly timers: Timers;
  readonly collector: ExpiryCollector;
}
