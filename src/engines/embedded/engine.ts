import { formatAddress } from "../../core/message/address.ts";
import type { Address } from "../../core/message/address.ts";
import { PendingReplies } from "../../core/engine/pending-replies.ts";
import { hasState } from "../../core/activation/definition.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Reply, Effects, NamedValue } from "../../core/activation/effects.ts";
import type { Capability, Engine, ReplyListener, PendingWork } from "../../core/engine/engine.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { Environment } from "../../core/activation/environment.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { DerivedValues } from "../../core/state/derived-values.ts";
import { FLOW_DIGITS } from "../../core/message/message-id.ts";
import type { Scheduler } from "../../core/host/scheduler.ts";
import { Activations } from "./execution/activations.ts";
import { Admission } from "./intake/admission.ts";
import type { BacklogLimits } from "./intake/admission.ts";
import { BlockedGets } from "./execution/blocked-gets.ts";
import type { LeadsTo } from "./execution/blocked-gets.ts";
import { GroupCommit } from "./commit/group-commit.ts";
import { ExpiryCollector } from "./state/expiry-collector.ts";
import { DeadLetters } from "./intake/dead-letters.ts";
import { FunctionMeter } from "./execution/function-meter.ts";
import { Handlers } from "./execution/handlers.ts";
import { DerivedValueWriter } from "./commit/derived-values.ts";
import { Mailboxes } from "./execution/mailboxes.ts";
import type { Mailbox, Running } from "./execution/mailboxes.ts";
import { pendingWorkOf } from "./commit/pending-work.ts";
import type { WriteBatch } from "./commit/write-batch.ts";
import { ReplyQueue } from "./intake/reply-queue.ts";
import { resolveAlias } from "./execution/resolve-alias.ts";
import { RequestIntake } from "./intake/request-intake.ts";
import { DiskSpace } from "./commit/disk-space.ts";
import { HandlerSlots } from "./execution/handler-slots.ts";
import { StateCache } from "./state/state-cache.ts";
import type { AddressState } from "./state/address-state.ts";
import type {
  StoredMessage,
  ExpiredValue,
  CrashMark,
  StoreInfo,
  Store,
} from "../../stores/store.ts";
import { CrashTracker } from "./poison/crash-tracker.ts";
import { Timers } from "./timers/timers.ts";
import { Unregistered } from "./execution/unregistered.ts";

/** What the engine is made of. */
export interface EngineParts {
  readonly store: Store;
  readonly opened: StoreInfo;
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Withdraws messages for functions that are not registered. */
  readonly unregistered: Definition;
  readonly environment: Environment;
  readonly scheduler: Scheduler;
  /** Handlers that may run at the same time. */
  readonly concurrency: number;
  /** Addresses whose state is kept in memory. */
  readonly cachedStates: number;
  /** Crashes in a row, while it was handled, for which a message is given up. */
  readonly crashLimit: number;
  readonly backlogLimits: BacklogLimits;
  /** Which waiting answers the settlement of a message leads to; finds deadlocks of blocked handlers. */
  readonly leadsTo: LeadsTo;
  /** What messages tell, and need not be kept beside them. */
  readonly implied: DerivedValues;
}

const RECOVERY_CHUNK = 4096;
/** Digits of a flow's number that say how often the store has been opened; the others count. */
const GENERATION_DIGITS = 6;
/** Messages that wait to be handled from which whoever asks for more is answered later. */
const CROWDED = 4_096;
const CLOSE_DEADLINE_MS = 5_000;
const CAPABILITIES: ReadonlySet<Capability> = new Set([
  "blockingGet",
  "snapshotRead",
  "scopedCancel",
]);

/**
 * The embedded engine: one process, one store.
 *
 * X1 A user's handler runs only once its message is durable; a system function runs in the batch that caused it.
 * X2 Many activations share one commit. Answers, deliveries and timers wait for it, and so does the signal of what was cancelled.
 * X3 One message at a time per address; the address is released when the handler ends, ahead of the commit, so that the
 *    next message may see state that is not yet durable. If that commit fails, everything stops.
 * X4 Consumption, state, messages and timers of an activation are in one batch.
 * X5 The messages of a scope are withdrawn in the batch that cancels it, and before anything leaves that its being cancelled lets go on.
 */
export class EmbeddedEngine implements Engine {
  readonly capabilities = CAPABILITIES;
  readonly meter = new FunctionMeter();
  readonly #parts: EngineParts;
  readonly #cache: StateCache;
  readonly #timers: Timers;
  readonly #collector: ExpiryCollector;
  /** Who listens for what is brought about by something else than a request of theirs. */
  readonly #replies = new PendingReplies();
  readonly #outbox = new ReplyQueue((answer) => {
    if (!this.#requests.give(answer)) this.#replies.deliver(answer);
  });
  readonly #requests: RequestIntake;
  /** Messages that will not run again. */
  readonly deadLetters: DeadLetters;
  readonly #room: DiskSpace;
  readonly #gets: BlockedGets;
  readonly #mailboxes = new Mailboxes();
  readonly #suspects: CrashTracker;
  readonly #handlers: Handlers;
  readonly #commits: GroupCommit;
  readonly #implied: DerivedValueWriter;
  readonly #activations: Activations;
  readonly #unregistered = new Unregistered();
  /** Begins the numbers of all flows that are started while the store is open. */
  readonly #generation: string;
  #flows = 0;
  #scheduled = false;
  #stopped: HandbackError | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#cache = new StateCache(
      parts.store,
      (address) => this.#implied.at(address),
      parts.cachedStates,
    );
    const { store, environment, opened } = parts;
    const guard = (step: () => void): void => this.#guard(step);
    this.#room = new DiskSpace({
      clock: environment.clock,
      log: environment.log,
      onFull: (doubt) => {
        this.#timers.pause();
        this.#outbox.deliverAll();
        this.#requests.end(doubt);
      },
      onFreed: () => this.#timers.resume(),
    });
    this.#commits = new GroupCommit({
      store,
      opened,
      room: this.#room,
      gathers: () => this.#handlers.canStart || !this.#outbox.isEmpty,
      committed: (batch) => this.#guard(() => this.#committed(batch)),
      failed: (error) => this.#fail(error),
    });
    this.#implied = new DerivedValueWriter({
      values: parts.implied,
      cache: this.#cache,
      commits: this.#commits,
    });
    this.#requests = new RequestIntake({
      definitions: parts.definitions,
      backlog: new Admission({
        limits: parts.backlogLimits,
        total: () => this.backlog,
        at: (address) => this.#mailboxes.sizeAt(address) + this.#commits.insertedAt(address),
      }),
      refusal: () => this.#refusal(),
      cause: (definition, request) => this.#activations.cause(request, hasState(definition)),
      handle: (request) => {
        this.#activations.push(request);
        this.#activations.drain();
      },
      guard,
    });
    this.deadLetters = new DeadLetters({
      store,
      commits: this.#commits,
      requests: this.#requests,
      stopped: () => this.#stopped,
      send: (envelope) => {
        if (envelope !== undefined) this.#activations.forward(envelope);
        this.#activations.drain();
      },
    });
    this.#timers = new Timers({
      store,
      clock: environment.clock,
      fire: (due) => this.#fire(due),
      isUnderWay: (seq) => this.#commits.changes(seq),
      guard,
    });
    this.#collector = new ExpiryCollector({
      store,
      cache: this.#cache,
      clock: environment.clock,
      isBusy: (address) => this.#mailboxes.has(address),
      erase: (known, unknown, done) => this.#erase(known, unknown, done),
      guard,
    });
    this.#gets = new BlockedGets(
      parts.leadsTo,
      (address, name) => this.#cache.open(address).read(name)?.content.json,
      (key, error) => this.#replies.reject(key, error),
    );
    const slots = new HandlerSlots(parts.concurrency);
    this.#suspects = new CrashTracker({
      clock: environment.clock,
      crashLimit: parts.crashLimit,
      opened,
      mark: (marks, durable) => this.#mark(marks, durable),
      slots,
      guard,
    });
    this.#activations = new Activations({
      definitions: parts.definitions,
      unregistered: parts.unregistered,
      environment,
      cache: this.#cache,
      commits: this.#commits,
      implied: this.#implied,
      timers: this.#timers,
      mailboxes: this.#mailboxes,
      suspects: this.#suspects,
      parked: this.#unregistered,
      tell: (running) => this.#handlers.tell(running),
      changed: () => this.#schedule(),
    });
    this.#handlers = new Handlers({
      definitions: parts.definitions,
      slots,
      clock: environment.clock,
      log: environment.log,
      isLagging: () => this.#commits.isLagging,
      mailboxes: this.#mailboxes,
      gets: this.#gets,
      replies: this.#replies,
      choose: (count) => parts.scheduler.choose(count),
      take: (queue) => this.#activations.withdrawals.takeFrom(queue),
      suspects: this.#suspects,
      cause: (definition, { envelope, seq, cancellation }, blocking) =>
        this.#activations.cause(envelope, hasState(definition), {
          blocking,
          cancellation,
          isFirstRun: seq >= opened.nextSeq,
        }),
      flush: (effects) => this.#flush(effects),
      finished: (mailbox, running, effects) => this.#finish(mailbox, running, effects),
      parked: (running, error) => this.#park(running, error),
    });
    this.#generation = opened.generation.toString(16).padStart(GENERATION_DIGITS, "0");
  }

  get storeId(): string {
    return this.#parts.opened.storeId;
  }

  now(): number {
    return this.#parts.environment.clock.now();
  }

  knows(type: string): boolean {
    return this.#parts.definitions.has(type);
  }

  nextFlow(): string {
    return (
      this.#generation + (this.#flows++).toString(16).padStart(FLOW_DIGITS - GENERATION_DIGITS, "0")
    );
  }

  /** Takes up what the store holds: deliverable messages in their order, then timers. */
  start(): void {
    const poisoned: { readonly accepted: StoredMessage; readonly crashes: number }[] = [];
    for (let after = -1; ;) {
      const rows = this.#parts.store.readMessages(after, RECOVERY_CHUNK);
      for (const row of rows) {
        after = row.seq;
        this.#commits.adopt(row);
        const crashes = this.knows(row.envelope.target.type)
          ? this.#suspects.adopt(row.seq)
          : undefined;
        if (crashes === undefined) this.#deliver(row);
        else poisoned.push({ accepted: row, crashes });
      }
      if (rows.length < RECOVERY_CHUNK) break;
    }
    this.#unregistered.report(this.#parts.environment.log);
    for (const { accepted, crashes } of poisoned) this.#activations.giveUp(accepted, { crashes });
    this.#activations.drain();
    this.#suspects.start();
    this.#timers.start();
    this.#collector.start();
    this.#pump();
  }

  ask(envelope: Envelope, key: string, begins = false): Promise<Reply> {
    return this.#requests.ask(envelope, key, begins);
  }

  /** Why no request can be taken. */
  #refusal(): HandbackError | undefined {
    return this.#stopped ?? (this.#closing === undefined ? this.#room.refusal : closed());
  }

  listen(key: string): ReplyListener {
    const listening = this.#replies.listen(key);
    if (this.#stopped !== undefined) this.#replies.reject(key, this.#stopped);
    return listening;
  }

  snapshot(address: Address): readonly NamedValue[] {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#cache.open(address).committed();
  }

  pendingWork(scope: string): PendingWork {
    if (this.#stopped !== undefined) throw this.#stopped;
    return pendingWorkOf(this.#parts.store, scope);
  }

  /** How many messages have been accepted and are not yet handled, but for those of functions that are not registered. */
  get backlog(): number {
    return this.#commits.deliverables - this.#unregistered.size;
  }

  /** Messages that wait for a function that is not registered, by function type. */
  get unregistered(): ReadonlyMap<string, number> {
    return this.#unregistered.counts;
  }

  /** Stops: lets running handlers end for a while, commits, and closes the store. What is parked stays for the next start. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#timers.stop();
    this.#collector.stop();
    if (this.#stopped === undefined)
      await this.#handlers.whenIdle(this.#parts.environment.clock, CLOSE_DEADLINE_MS);
    this.#suspects.stop();
    await this.#commits.settle();
    // Of a store that has failed, nobody knows what it holds.
    const clean = this.#stopped === undefined;
    this.#stopped ??= closed();
    this.#answerAll(this.#stopped);
    await this.#parts.store.close(clean);
  }

  /** Puts a durable message into its mailbox. */
  #deliver(accepted: StoredMessage): void {
    const { type } = accepted.envelope.target;
    const definition = this.#parts.definitions.get(type);
    if (definition === undefined) {
      this.#unregistered.add(type);
      return;
    }
    // What was sent to a former name of the function goes to its present one, where its state is.
    const present =
      definition.type === type
        ? accepted
        : { ...accepted, envelope: resolveAlias(accepted.envelope, definition) };
    if (
      this.#mailboxes.deliver(present) &&
      this.#gets.size > 0 &&
      this.#gets.isAwaited(present.envelope)
    )
      this.#handlers.findDeadlock();
  }

  #pump(): void {
    if (this.#startsHandlers) this.#handlers.start();
    this.#schedule();
  }

  get #startsHandlers(): boolean {
    return (
      this.#stopped === undefined &&
      this.#closing === undefined &&
      !this.#room.isFull &&
      !this.#commits.isLagging
    );
  }

  #finish(mailbox: Mailbox, running: Running, effects: Effects): void {
    if (this.#stopped !== undefined) return;
    try {
      const { envelope, seq } = running;
      if (!running.cancellation.isCancelled) this.#activations.remove(running);
      if (effects.run !== undefined) this.meter.add(envelope.target.type, effects.run);
      this.#activations.take(effects);
      this.#activations.drain();
      this.#activations.withdrawLate(envelope, seq);
      this.#mailboxes.release(mailbox);
    } catch (error) {
      this.#fail(error);
    }
    this.#schedule();
  }

  /** What a blocked handler has sent leaves ahead of the rest. */
  #flush(effects: Effects): void {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.#guard(() => {
      this.#activations.take(effects);
      this.#activations.drain();
    });
  }

  #park({ envelope, seq }: Running, error: unknown): void {
    if (HandbackError.is(error, "STORE_FAILED", "STORE_CORRUPT")) return this.#fail(error);
    this.#suspects.over(seq);
    const where = formatAddress(envelope.target);
    this.#parts.environment.log.error(
      `${where} is parked: ${error instanceof Error ? error.message : String(error)}`,
      { address: where },
    );
    this.#schedule();
  }

  /** Notes marks with the next commit; `durable` is called once they are on disk. */
  #mark(marks: readonly CrashMark[], durable: (() => void) | undefined): void {
    const { batch } = this.#commits;
    for (const mark of marks) batch.setCrashMark(mark);
    if (durable !== undefined) batch.notices.push(durable);
    this.#schedule();
  }

  /** Delayed messages are due. One for a user's function becomes a message like any other, which no token cancels any more. */
  #fire(due: readonly StoredMessage[]): void {
    for (const accepted of due) {
      this.#commits.remove(accepted);
      this.#activations.forward(accepted.envelope);
    }
    this.#activations.drain();
  }

  #erase(
    known: readonly (readonly [AddressState, string])[],
    unknown: readonly ExpiredValue[],
    done: () => void,
  ): void {
    const { batch } = this.#commits;
    for (const [state, name] of known) batch.write(state.valueFor(name), null);
    for (const expired of unknown) batch.erase(expired);
    batch.notices.push(done);
    this.#schedule();
  }

  /** Whether another turn would do something. */
  get #hasWork(): boolean {
    return (
      this.#commits.canBegin ||
      !this.#outbox.isEmpty ||
      (this.#handlers.canStart && this.#startsHandlers)
    );
  }

  /** Whether requests come faster than they are handled. */
  get #isCrowded(): boolean {
    return this.backlog > CROWDED;
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped !== undefined || !this.#hasWork) return;
    this.#scheduled = true;
    this.#parts.scheduler.soon(() => {
      this.#scheduled = false;
      this.#guard(() => this.#turn());
    });
  }

  #turn(): void {
    if (this.#stopped === undefined) this.#commits.begin();
    this.#outbox.deliverSome(this.#isCrowded);
    this.#pump();
  }

  #committed(batch: WriteBatch): void {
    batch.committed((state) => this.#cache.evictIfDone(state));
    for (const token of batch.cancelled) this.#timers.cancelled(token);
    // A token that was used anew meanwhile may have been cancelled anew.
    for (const token of this.#commits.cancelled()) this.#timers.cancel(token);
    for (const accepted of batch.accepted) {
      if (this.#activations.withdrawals.isPassedBy(accepted.seq)) continue;
      if (accepted.dueAt === undefined) this.#deliver(accepted);
      else if (!this.#commits.removes(accepted.seq)) this.#timers.add(accepted);
    }
    this.#outbox.add(batch.replies);
    this.#outbox.deliverSome(this.#isCrowded);
    for (const notice of batch.notices) notice();
    this.#pump();
  }

  /** Does a step of the engine's own work: one that fails half way leaves nothing to rely on. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A commit failed: what is in memory may not be on disk, so nothing more is said. */
  #fail(error: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = HandbackError.is(error)
      ? error
      : new HandbackError(
          "STORE_FAILED",
          "a commit failed, and it is not known whether it happened; the engine has stopped",
          {
            cause: error,
          },
        );
    this.#parts.environment.log.error(this.#stopped.message);
    this.#timers.stop();
    this.#collector.stop();
    this.#suspects.stop();
    this.#commits.stop();
    this.#answerAll(this.#stopped);
    this.#handlers.abandon();
  }

  /** Rejects everybody who waits. */
  #answerAll(error: HandbackError): void {
    this.#outbox.deliverAll();
    this.#requests.end(error);
    this.#replies.rejectAll(error);
    this.#suspects.end(error);
  }
}

function closed(): HandbackError {
  return new HandbackError("CLOSED", "the engine is closed");
}
