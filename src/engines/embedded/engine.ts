import { activate } from "../../core/activate.ts";
import type { Cause } from "../../core/activation.ts";
import { addressKey, formatAddress } from "../../core/address.ts";
import type { Address } from "../../core/address.ts";
import { Answers } from "../../core/answers.ts";
import type { Definition } from "../../core/definition.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { GUARD } from "../../core/effects.ts";
import type { Answer, Effects, NamedValue, Send } from "../../core/effects.ts";
import type { Capability, Engine, Listening } from "../../core/engine.ts";
import type { Envelope } from "../../core/envelope.ts";
import type { Environment } from "../../core/environment.ts";
import { HandbackError } from "../../core/errors.ts";
import { FLOW_DIGITS } from "../../core/message-id.ts";
import type { Scheduler } from "../../core/scheduler.ts";
import { Backlog } from "./backlog.ts";
import type { BacklogLimits } from "./backlog.ts";
import { BlockedGets } from "./blocked-gets.ts";
import type { LeadsTo } from "./blocked-gets.ts";
import { Commits } from "./commits.ts";
import { Collector } from "./collector.ts";
import { FunctionMeter } from "./function-meter.ts";
import { Handlers } from "./handlers.ts";
import { Mailboxes } from "./mailboxes.ts";
import type { Mailbox, Running } from "./mailboxes.ts";
import type { PendingBatch } from "./pending-batch.ts";
import { Queue } from "./queue.ts";
import { Requests } from "./requests.ts";
import { Room } from "./room.ts";
import { NO_STATE, StateCache } from "./state-cache.ts";
import type { AddressState } from "./state-cache.ts";
import type { Accepted, Expired, Mark, Opened, Store, StoredDeadLetter, Watching } from "./store.ts";
import { Suspects } from "./suspects.ts";
import { Timers } from "./timers.ts";
import { Unregistered } from "./unregistered.ts";
import { Withdrawals } from "./withdrawals.ts";

/** What the engine is made of. */
export interface EngineParts {
  readonly store: Store;
  readonly opened: Opened;
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
}

/** What this engine's activations read their values from. */
type EngineCause = Cause & { readonly state: AddressState };
/** What an activation is not always given. */
type Circumstances = Pick<Cause, "blocking" | "cancellation" | "withdrawn" | "crashes">;

const RECOVERY_CHUNK = 4096;
/** Digits of a flow's number that say how often the store has been opened; the others count. */
const GENERATION_DIGITS = 6;
const CLOSE_DEADLINE_MS = 5_000;
const CAPABILITIES: ReadonlySet<Capability> = new Set(["blockingGet", "snapshotRead", "scopedCancel"]);

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
  readonly #collector: Collector;
  /** Who listens for what is brought about by something else than a request of theirs. */
  readonly #answers = new Answers();
  readonly #requests: Requests;
  readonly #room: Room;
  readonly #gets: BlockedGets;
  readonly #mailboxes = new Mailboxes();
  readonly #suspects: Suspects;
  readonly #handlers: Handlers;
  readonly #system = new Queue<Envelope>();
  /** Activations that cancelled something: what they sent leaves once that is done. */
  readonly #held = new Queue<Effects>();
  readonly #commits: Commits;
  readonly #withdrawals = new Withdrawals();
  readonly #isCancelled = (scope: string): boolean => this.#withdrawals.isCancelled(scope);
  readonly #unregistered = new Unregistered();
  /** Begins the numbers of all flows that are started while the store is open. */
  readonly #generation: string;
  #flows = 0;
  #scheduled = false;
  #stopped: HandbackError | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#cache = new StateCache(parts.store, parts.cachedStates);
    const { store, environment, opened } = parts;
    const guard = (step: () => void): void => this.#guard(step);
    this.#room = new Room({
      clock: environment.clock,
      log: environment.log,
      lost: (doubt) => {
        this.#timers.pause();
        this.#requests.end(doubt);
      },
      found: () => this.#timers.resume(),
    });
    this.#commits = new Commits({
      store,
      opened,
      room: this.#room,
      committed: (batch) => this.#guard(() => this.#committed(batch)),
      failed: (error) => this.#fail(error),
    });
    this.#requests = new Requests({
      definitions: parts.definitions,
      backlog: new Backlog({
        limits: parts.backlogLimits,
        total: () => this.backlog,
        at: (address) => this.#mailboxes.sizeAt(address) + this.#commits.insertedAt(address),
      }),
      refusal: () => this.#refusal(),
      cause: (definition, request) => this.#cause(request, hasState(definition)),
      handle: (request) => {
        this.#system.push(request);
        this.#drain();
      },
      guard,
    });
    this.#timers = new Timers({
      store,
      clock: environment.clock,
      fire: (due) => this.#fire(due),
      isUnderWay: (seq) => this.#commits.changes(seq),
      guard,
    });
    this.#collector = new Collector({
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
      (key, error) => this.#answers.refuse(key, error),
    );
    this.#suspects = new Suspects({
      clock: environment.clock,
      crashLimit: parts.crashLimit,
      opened,
      mark: (marks, durable) => this.#mark(marks, durable),
      guard,
    });
    this.#handlers = new Handlers({
      definitions: parts.definitions,
      concurrency: parts.concurrency,
      mailboxes: this.#mailboxes,
      gets: this.#gets,
      answers: this.#answers,
      choose: (count) => parts.scheduler.choose(count),
      take: (queue) => this.#withdrawals.takeFrom(queue),
      suspects: this.#suspects,
      cause: (definition, { envelope, cancellation }, blocking) => this.#cause(envelope, hasState(definition), { blocking, cancellation }),
      flush: (effects) => this.#flush(effects),
      finished: (mailbox, running, effects) => this.#finish(mailbox, running, effects),
      parked: (running, error) => this.#park(running, error),
    });
    this.#generation = opened.generation.toString(16).padStart(GENERATION_DIGITS, "0");
  }

  get realm(): string {
    return this.#parts.opened.realm;
  }

  now(): number {
    return this.#parts.environment.clock.now();
  }

  knows(type: string): boolean {
    return this.#parts.definitions.has(type);
  }

  nextFlow(): string {
    return this.#generation + (this.#flows++).toString(16).padStart(FLOW_DIGITS - GENERATION_DIGITS, "0");
  }

  /** Takes up what the store holds: deliverable messages in their order, then timers. */
  start(): void {
    const poisoned: { readonly accepted: Accepted; readonly crashes: number }[] = [];
    for (let after = -1; ;) {
      const rows = this.#parts.store.readMessages(after, RECOVERY_CHUNK);
      for (const row of rows) {
        after = row.seq;
        this.#commits.adopt(row);
        const crashes = this.knows(row.envelope.target.type) ? this.#suspects.adopt(row.seq) : undefined;
        if (crashes === undefined) this.#deliver(row);
        else poisoned.push({ accepted: row, crashes });
      }
      if (rows.length < RECOVERY_CHUNK) break;
    }
    this.#unregistered.report(this.#parts.environment.log);
    for (const { accepted, crashes } of poisoned) this.#giveUp(accepted, { crashes });
    this.#drain();
    this.#suspects.start();
    this.#timers.start();
    this.#collector.start();
    this.#pump();
  }

  ask(envelope: Envelope, key: string, begins = false): Promise<Answer> {
    return this.#requests.ask(envelope, key, begins);
  }

  /** Why no request can be taken. */
  #refusal(): HandbackError | undefined {
    return this.#stopped ?? (this.#closing === undefined ? this.#room.refusal : closed());
  }

  listen(key: string): Listening {
    const listening = this.#answers.listen(key);
    if (this.#stopped !== undefined) this.#answers.refuse(key, this.#stopped);
    return listening;
  }

  snapshot(address: Address): readonly NamedValue[] {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#cache.open(address).committed();
  }

  deadLetters(limit: number): readonly StoredDeadLetter[] {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#parts.store.readDeadLetters(limit);
  }

  /** How many messages have been accepted and are not yet handled, but for those of functions that are not registered. */
  get backlog(): number {
    return this.#commits.deliverables - this.#unregistered.size;
  }

  /** The dead letter of the message with this id. @throws `NOT_FOUND` */
  deadLetter(id: string): StoredDeadLetter {
    if (this.#stopped !== undefined) throw this.#stopped;
    const letter = this.#commits.exhumes(id) ? undefined : this.#parts.store.readDeadLetter(id);
    if (letter === undefined) throw new HandbackError("NOT_FOUND", `there is no dead letter ${id}`, { details: { id } });
    return letter;
  }

  /**
   * Takes away the dead letter of the message with this id, and sends a message in its place, if there is one: both or neither.
   * @throws `CLOSED`, `STORE_FULL`; rejects with `STORE_FAILED`: then it is not known whether it was done
   */
  async exhume(id: string, replacement?: Envelope): Promise<void> {
    const key = `exhume/${id}`;
    await this.#requests.perform(key, () => {
      this.#commits.batch.exhume(id);
      this.#commits.batch.answers.push({ key, payload: UNDEFINED });
      if (replacement !== undefined) this.#forward(replacement);
      this.#drain();
    });
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
    if (this.#stopped === undefined) await this.#handlers.whenIdle(this.#parts.environment.clock, CLOSE_DEADLINE_MS);
    this.#suspects.stop();
    await this.#commits.settle();
    // Of a store that has failed, nobody knows what it holds.
    const clean = this.#stopped === undefined;
    this.#stopped ??= closed();
    this.#answerAll(this.#stopped);
    await this.#parts.store.close(clean);
  }

  /** Puts a durable message into its mailbox. */
  #deliver(accepted: Accepted): void {
    const { type } = accepted.envelope.target;
    const definition = this.#parts.definitions.get(type);
    if (definition === undefined) {
      this.#unregistered.add(type);
      return;
    }
    // What was sent to a former name of the function goes to its present one, where its state is.
    const present = definition.type === type ? accepted : { ...accepted, envelope: renamed(accepted.envelope, definition) };
    if (this.#mailboxes.deliver(present) && this.#gets.size > 0 && this.#gets.isAwaited(present.envelope)) this.#handlers.findDeadlock();
  }

  #pump(): void {
    if (this.#startsHandlers) this.#handlers.start();
    this.#schedule();
  }

  get #startsHandlers(): boolean {
    return this.#stopped === undefined && this.#closing === undefined && !this.#room.isMissing;
  }

  #finish(mailbox: Mailbox, running: Running, effects: Effects): void {
    if (this.#stopped !== undefined) return;
    try {
      const { envelope, seq } = running;
      if (!running.cancellation.isCancelled) this.#remove(running);
      if (effects.run !== undefined) this.meter.add(envelope.target.type, effects.run);
      this.#apply(effects);
      this.#sendAll(effects);
      this.#drain();
      this.#withdrawLate(envelope, seq);
      this.#mailboxes.release(mailbox);
    } catch (error) {
      this.#fail(error);
    }
    this.#schedule();
  }

  /** Its scope was cancelled when its handler had ended, and what came of that was on its way here: that is taken back now. */
  #withdrawLate({ scope }: Envelope, seq: number): void {
    if (!this.#withdrawals.isPassedBy(seq) || scope === undefined) return;
    this.#withdrawals.cancel(scope);
    this.#drain();
  }

  /** What a blocked handler has sent leaves ahead of the rest. */
  #flush(effects: Effects): void {
    if (this.#stopped !== undefined) throw this.#stopped;
    this.#guard(() => {
      this.#apply(effects);
      this.#sendAll(effects);
      this.#drain();
    });
  }

  #park({ envelope, seq }: Running, error: unknown): void {
    if (HandbackError.is(error, "STORE_FAILED", "STORE_CORRUPT")) return this.#fail(error);
    this.#suspects.over(seq);
    const where = formatAddress(envelope.target);
    this.#parts.environment.log.error(`${where} is parked: ${error instanceof Error ? error.message : String(error)}`, { address: where });
    this.#schedule();
  }

  /** Handles system messages until there are none: in this batch, for they are pure. Then what they cancelled is withdrawn. */
  #drain(): void {
    do {
      if (this.#withdrawals.isPending) for (const scope of this.#withdrawals.takeBack()) this.#takeBack(scope);
      for (let envelope = this.#system.shift(); envelope !== undefined; envelope = this.#system.shift()) this.#handle(envelope);
    } while (this.#withdrawals.isPending || this.#sendHeld());
    this.#withdrawals.end();
    this.#schedule();
  }

  /** Sends what was held back by the first activation that cancelled something. */
  #sendHeld(): boolean {
    const held = this.#held.shift();
    if (held !== undefined) this.#sendAll(held);
    return held !== undefined;
  }

  #handle(envelope: Envelope): void {
    const definition = this.#parts.definitions.get(envelope.target.type);
    if (definition === undefined) return;
    const cause = this.#cause(envelope, hasState(definition));
    const effects = activate(definition, cause);
    if (effects instanceof Promise) return;
    this.#apply(effects, cause.state);
    if (effects.cancelScopes.length > 0) this.#held.push(effects);
    else this.#sendAll(effects);
  }

  #cause(envelope: Envelope, readsState: boolean, { blocking, cancellation, withdrawn, crashes }: Circumstances = {}): EngineCause {
    const state = readsState ? this.#cache.open(envelope.target, envelope.fresh) : NO_STATE;
    const { environment } = this.#parts;
    return { envelope, state, environment, isCancelled: this.#isCancelled, blocking, cancellation, withdrawn, crashes };
  }

  #takeBack(scope: string): void {
    for (const accepted of this.#commits.ofScope(scope)) this.#withdraw(accepted);
    for (const watching of this.#commits.watchesOf(scope)) this.#alert(watching);
  }

  /** Tells an address that a scope which it watches is cancelled. */
  #alert(watching: Watching): void {
    const { scope, token, address } = watching;
    this.#commits.batch.unwatch(watching);
    const definition = this.#parts.definitions.get(address.type);
    if (definition === undefined) return;
    const envelope: Envelope = { id: address.id, target: address, name: GUARD, payload: UNDEFINED, control: { token }, scope };
    const effects = activate(definition, this.#cause(envelope, hasState(definition), { withdrawn: "waiting" }));
    if (effects instanceof Promise) return;
    this.#apply(effects);
    this.#sendAll(effects);
  }

  /** Takes a message back: it is handed to its function as one that will not be handled, wherever it waits. */
  #withdraw(accepted: Accepted): void {
    const { seq, dueAt } = accepted;
    const { type } = accepted.envelope.target;
    const definition = this.#parts.definitions.get(type) ?? this.#parts.unregistered;
    const envelope = renamed(accepted.envelope, definition);
    const running = this.#mailboxes.runningAt(envelope.target);
    const isRunning = running?.seq === seq;
    if (isRunning && running.cancellation.isOver) return this.#withdrawals.passBy(seq);
    if (isRunning) {
      running.cancellation.cancel();
      this.#commits.batch.notices.push(() => this.#handlers.tell(running));
    } else if (dueAt !== undefined) this.#timers.forget(seq);
    else if (!this.#commits.batch.inserts(seq)) {
      const isParked = definition === this.#parts.unregistered && !this.#commits.changes(seq);
      if (isParked) this.#unregistered.remove(type);
      else this.#withdrawals.passBy(seq);
    }
    this.#giveUp(accepted, { withdrawn: isRunning ? "running" : "waiting" });
  }

  /** Hands a message to its function as one that will not be handled, wherever it was. */
  #giveUp(accepted: Accepted, why: Circumstances): void {
    const definition = this.#parts.definitions.get(accepted.envelope.target.type) ?? this.#parts.unregistered;
    this.#remove(accepted);
    // No state is read for a user's function: it is not asked, and another message may be at work there.
    const readsState = definition.system && hasState(definition);
    const effects = activate(definition, this.#cause(renamed(accepted.envelope, definition), readsState, why));
    if (effects instanceof Promise) return;
    this.#apply(effects);
    this.#sendAll(effects);
  }

  /** A message is done with. */
  #remove(accepted: Accepted): void {
    this.#commits.remove(accepted);
    if (accepted.dueAt === undefined) this.#suspects.over(accepted.seq);
  }

  /** Notes marks with the next commit; `durable` is called once they are on disk. */
  #mark(marks: readonly Mark[], durable: (() => void) | undefined): void {
    const { batch } = this.#commits;
    for (const mark of marks) batch.mark(mark);
    if (durable !== undefined) batch.notices.push(durable);
    this.#schedule();
  }

  /** Takes over what an activation did, but for what it sends. `opened` is the state of its address, if nothing has come between. */
  #apply(effects: Effects, opened?: AddressState): void {
    const { address, writes, cancels, answers, unwatches, watches, cancelScopes, deadLetters } = effects;
    if (writes.length > 0) {
      const state = opened ?? this.#cache.open(address);
      for (const { name, value } of writes) this.#commits.batch.write(state.slot(name), value);
    }
    for (const token of cancels) this.#cancel(tokenKey(address, token));
    for (const answer of answers) this.#commits.batch.answers.push(answer);
    for (const watch of unwatches) this.#commits.batch.unwatch({ ...watch, address });
    for (const watch of watches) this.#commits.batch.watch({ ...watch, address });
    for (const scope of cancelScopes) this.#withdrawals.cancel(scope);
    for (const letter of deadLetters) this.#bury(letter.envelope, letter.failure);
  }

  #bury(envelope: Envelope, failure: Effects["deadLetters"][number]["failure"]): void {
    this.#commits.batch.bury({ envelope, failure, at: this.now() });
    this.#parts.environment.log.warn(`a message to ${formatAddress(envelope.target)} is dead: it failed, and is kept as a dead letter`, {
      failure,
    });
  }

  #sendAll({ address, sends }: Effects): void {
    for (const send of sends) this.#send(address, send);
  }

  #send(sender: Address, { envelope, dueAt, token }: Send): void {
    // What a blocked handler sends passes through a gate; the token is the handler's.
    const key = token === undefined ? undefined : tokenKey(envelope.caller ?? sender, token);
    // A token names one pending message: a second one takes its place.
    if (key !== undefined) this.#cancel(key);
    if (dueAt !== undefined && dueAt > this.now()) {
      this.#commits.accept({ envelope, dueAt, ...(key !== undefined && { token: key }) });
    } else this.#forward(envelope);
  }

  /** A message that need not wait for its time: one for a system function is handled in this batch. */
  #forward(envelope: Envelope): void {
    if (this.#parts.definitions.get(envelope.target.type)?.system === true) this.#system.push(envelope);
    else this.#commits.accept({ envelope });
  }

  #cancel(key: string): void {
    this.#timers.cancel(key);
    this.#commits.batch.cancel(key);
  }

  /** Delayed messages are due. One for a user's function becomes a message like any other, which no token cancels any more. */
  #fire(due: readonly Accepted[]): void {
    for (const accepted of due) {
      this.#commits.remove(accepted);
      this.#forward(accepted.envelope);
    }
    this.#drain();
  }

  #erase(known: readonly (readonly [AddressState, string])[], unknown: readonly Expired[], done: () => void): void {
    const { batch } = this.#commits;
    for (const [state, name] of known) batch.write(state.slot(name), null);
    for (const expired of unknown) batch.erase(expired);
    batch.notices.push(done);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped !== undefined) return;
    const canCommit = !this.#commits.isUnderWay && !this.#commits.batch.isEmpty;
    if (!canCommit && (this.#mailboxes.ready === 0 || !this.#handlers.hasSlot || !this.#startsHandlers)) return;
    this.#scheduled = true;
    this.#parts.scheduler.soon(() => {
      this.#scheduled = false;
      this.#guard(() => this.#turn());
    });
  }

  #turn(): void {
    if (this.#stopped === undefined) this.#commits.begin();
    this.#pump();
  }

  #committed(batch: PendingBatch): void {
    batch.committed((state) => this.#cache.rest(state));
    for (const token of batch.cancelled) this.#timers.cancelled(token);
    // A token that was used anew meanwhile may have been cancelled anew.
    for (const token of this.#commits.cancelled()) this.#timers.cancel(token);
    for (const accepted of batch.accepted) {
      if (this.#withdrawals.isPassedBy(accepted.seq)) continue;
      if (accepted.dueAt === undefined) this.#deliver(accepted);
      else if (!this.#commits.removes(accepted.seq)) this.#timers.add(accepted);
    }
    for (const answer of batch.answers) {
      this.#requests.give(answer);
      this.#answers.give(answer);
    }
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
      : new HandbackError("STORE_FAILED", "a commit failed, and it is not known whether it happened; the engine has stopped", {
          cause: error,
        });
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
    this.#requests.end(error);
    this.#answers.end(error);
  }
}

function hasState({ valueNames }: Definition): boolean {
  return valueNames.length > 0;
}

/** A message to the present name of its function, if it was sent to a former one. */
function renamed(envelope: Envelope, { type, aliases = [] }: Definition): Envelope {
  return !aliases.includes(envelope.target.type) ? envelope : { ...envelope, target: { type, id: envelope.target.id } };
}

function closed(): HandbackError {
  return new HandbackError("CLOSED", "the engine is closed");
}

function tokenKey(address: Address, token: string): string {
  return `${addressKey(address)}\0${token}`;
}
