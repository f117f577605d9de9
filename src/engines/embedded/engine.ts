import { activate } from "../../core/activate.ts";
import type { Cause } from "../../core/activation.ts";
import { addressKey, formatAddress } from "../../core/address.ts";
import type { Address } from "../../core/address.ts";
import { Answers } from "../../core/answers.ts";
import type { Definition } from "../../core/definition.ts";
import type { Answer, Effects, Send, StoredValue } from "../../core/effects.ts";
import type { Capability, Engine, Listening } from "../../core/engine.ts";
import { decodeEnvelope } from "../../core/envelope.ts";
import type { Envelope } from "../../core/envelope.ts";
import type { Blocking, Environment } from "../../core/environment.ts";
import { HandbackError } from "../../core/errors.ts";
import { BlockedGets } from "./blocked-gets.ts";
import type { LeadsTo } from "./blocked-gets.ts";
import { Collector } from "./collector.ts";
import { FunctionMeter } from "./function-meter.ts";
import { Mailboxes } from "./mailboxes.ts";
import type { Mailbox } from "./mailboxes.ts";
import { PendingBatch } from "./pending-batch.ts";
import type { Accepted } from "./pending-batch.ts";
import { Queue } from "./queue.ts";
import { NO_STATE, StateCache } from "./state-cache.ts";
import type { Opened, Store, StoredDeadLetter } from "./store.ts";
import { Timers } from "./timers.ts";

/** What the engine is made of. */
export interface EngineParts {
  readonly store: Store;
  readonly opened: Opened;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly environment: Environment;
  /** Handlers that may run at the same time. */
  readonly concurrency: number;
  /** Addresses whose state is kept in memory. */
  readonly cachedStates: number;
  /** Which waiting answers the settlement of a message leads to; finds deadlocks of blocked handlers. */
  readonly leadsTo: LeadsTo;
}

/** Handlers started before the engine looks after commits again. */
const RUNS_PER_TURN = 256;
const RECOVERY_CHUNK = 4096;
const CLOSE_DEADLINE_MS = 5_000;
const CAPABILITIES: ReadonlySet<Capability> = new Set(["blockingGet", "snapshotRead"]);

/**
 * The embedded engine: one process, one store.
 *
 * X1 A user's handler runs only once its message is durable; a system function runs in the batch that caused it.
 * X2 Many activations share one commit. Answers, deliveries and timers wait for it.
 * X3 One message at a time per address; the address is released when the handler ends, ahead of the commit, so that the
 *    next message may see state that is not yet durable. If that commit fails, everything stops.
 * X4 Consumption, state, messages and timers of an activation are in one batch.
 */
export class EmbeddedEngine implements Engine {
  readonly capabilities = CAPABILITIES;
  readonly meter = new FunctionMeter();
  readonly #parts: EngineParts;
  readonly #cache: StateCache;
  readonly #timers: Timers;
  readonly #collector: Collector;
  readonly #answers = new Answers();
  readonly #gets: BlockedGets;
  readonly #mailboxes = new Mailboxes();
  readonly #system = new Queue<Envelope>();
  readonly #unknown = new Map<string, number>();
  readonly #flowBase: bigint;
  #flows = 0n;
  #batch = new PendingBatch();
  /** The batch whose commit is under way. */
  #underWay: PendingBatch | undefined;
  #seq = 0;
  #running = 0;
  #committing: Promise<void> | undefined;
  #scheduled = false;
  #stopped: HandbackError | undefined;
  #closing: Promise<void> | undefined;
  #drained: (() => void) | undefined;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#cache = new StateCache(parts.store, parts.cachedStates);
    const { store, environment } = parts;
    const guard = (step: () => void): void => this.#guard(step);
    this.#timers = new Timers({
      store,
      clock: environment.clock,
      fire: (due) => this.#fire(due),
      isUnderWay: (id) => this.#underWay?.inserts(id) === true,
      guard,
    });
    this.#collector = new Collector({
      store,
      cache: this.#cache,
      clock: environment.clock,
      isBusy: (address) => this.#mailboxes.has(address),
      erase: (state, name) => {
        this.#batch.write(state, name, null);
        this.#schedule();
      },
      guard,
    });
    this.#gets = new BlockedGets(
      parts.leadsTo,
      (address, name) => this.#cache.open(address).read(name)?.content.json,
      (key, error) => this.#answers.refuse(key, error),
    );
    this.#flowBase = BigInt(parts.opened.generation) << 40n;
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
    return (this.#flowBase + this.#flows++).toString(16).padStart(16, "0");
  }

  /** Takes up what the store holds: deliverable messages in their order, then timers. */
  start(): void {
    // Above all numbers given before, those of delayed messages included, unless the clock was set back.
    this.#seq = Math.max(0, Math.floor(this.now() * 1000));
    for (let after = -1; ;) {
      const rows = this.#parts.store.readMessages(after, RECOVERY_CHUNK);
      for (const { id, seq, ...text } of rows) {
        after = seq;
        this.#seq = Math.max(this.#seq, seq + 1);
        this.#deliver(decodeEnvelope(id, text));
      }
      if (rows.length < RECOVERY_CHUNK) break;
    }
    for (const [type, count] of this.#unknown) {
      this.#parts.environment.log.warn(`${count} stored messages are for ${type}, which is not registered; they are parked until it is`, {
        type,
        count,
      });
    }
    this.#timers.start();
    this.#collector.start();
    this.#pump();
  }

  ask(envelope: Envelope, key: string): Promise<Answer> {
    const { answer } = this.#answers.listen(key);
    if (this.#stopped !== undefined || this.#closing !== undefined) this.#answers.refuse(key, this.#stopped ?? closed());
    else {
      this.#system.push(envelope);
      this.#guard(() => this.#drain());
    }
    return answer;
  }

  listen(key: string): Listening {
    const listening = this.#answers.listen(key);
    if (this.#stopped !== undefined) this.#answers.refuse(key, this.#stopped);
    return listening;
  }

  snapshot(address: Address): ReadonlyMap<string, StoredValue> {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#cache.open(address).committed();
  }

  deadLetters(limit: number): readonly StoredDeadLetter[] {
    if (this.#stopped !== undefined) throw this.#stopped;
    return this.#parts.store.readDeadLetters(limit);
  }

  /** Messages that wait for a function that is not registered, by function type. */
  get unregistered(): ReadonlyMap<string, number> {
    return this.#unknown;
  }

  /** Stops: lets running handlers end for a while, commits, and closes the store. What is parked stays for the next start. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#timers.stop();
    this.#collector.stop();
    if (this.#stopped === undefined && this.#isBusy()) await this.#whenDrained();
    while (this.#stopped === undefined && (this.#committing !== undefined || !this.#batch.isEmpty)) await this.#commit();
    this.#stopped ??= closed();
    this.#answers.end(this.#stopped);
    await this.#parts.store.close();
  }

  /** Whether a handler runs that is not blocked; a blocked one is run again at the next start. */
  #isBusy(): boolean {
    return this.#running > this.#gets.runs;
  }

  #whenDrained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#parts.environment.clock.setTimer(CLOSE_DEADLINE_MS, resolve);
    this.#drained = () => {
      if (this.#isBusy()) return;
      cancel();
      resolve();
    };
    return promise;
  }

  /** Puts a durable message into its mailbox. */
  #deliver(envelope: Envelope): void {
    const { type, id } = envelope.target;
    const definition = this.#parts.definitions.get(type);
    if (definition === undefined) {
      this.#unknown.set(type, (this.#unknown.get(type) ?? 0) + 1);
      return;
    }
    // What was sent to a former name of the function goes to its present one, where its state is.
    const present = definition.type === type ? envelope : { ...envelope, target: { type: definition.type, id } };
    if (this.#mailboxes.deliver(present) && this.#gets.size > 0 && this.#gets.isAwaited(present)) this.#findDeadlock();
  }

  #pump(): void {
    for (let runs = 0; runs < RUNS_PER_TURN && this.#running < this.#parts.concurrency; runs++) {
      if (this.#closing !== undefined || this.#stopped !== undefined) break;
      const mailbox = this.#mailboxes.next();
      if (mailbox === undefined) break;
      this.#run(mailbox);
    }
    if (this.#mailboxes.ready > 0 && this.#isFullOfBlocked()) this.#findDeadlock();
    this.#schedule();
  }

  #run(mailbox: Mailbox): void {
    const envelope = mailbox.queue.shift();
    const definition = this.#parts.definitions.get(envelope?.target.type ?? "");
    if (envelope === undefined || definition === undefined) return;
    this.#running++;
    let effects: Effects | Promise<Effects>;
    try {
      effects = activate(definition, this.#cause(definition, envelope, this.#blocking(envelope)));
    } catch (error) {
      return this.#park(envelope, error);
    }
    if (effects instanceof Promise) void this.#finishLater(mailbox, envelope, effects);
    else this.#finish(mailbox, envelope, effects);
  }

  async #finishLater(mailbox: Mailbox, envelope: Envelope, running: Promise<Effects>): Promise<void> {
    let effects: Effects;
    try {
      effects = await running;
    } catch (error) {
      return this.#park(envelope, error);
    }
    this.#finish(mailbox, envelope, effects);
  }

  #finish(mailbox: Mailbox, envelope: Envelope, effects: Effects): void {
    this.#running--;
    this.#gets.endAll(envelope);
    if (this.#stopped !== undefined) return;
    this.#guard(() => {
      this.#batch.remove(envelope.id);
      if (effects.run !== undefined) this.meter.add(envelope.target.type, effects.run);
      this.#apply(effects);
      this.#drain();
      this.#mailboxes.release(mailbox);
    });
    this.#drained?.();
    this.#schedule();
  }

  /** Leaves a message that cannot be handled where it is, and its address with it. */
  #park(envelope: Envelope, error: unknown): void {
    this.#running--;
    this.#gets.endAll(envelope);
    if (HandbackError.is(error, "STORE_FAILED", "STORE_CORRUPT")) return this.#fail(error);
    const where = formatAddress(envelope.target);
    this.#parts.environment.log.error(`${where} is parked: ${error instanceof Error ? error.message : String(error)}`, { address: where });
    this.#drained?.();
    this.#schedule();
  }

  /** Handles system messages until there are none: in this batch, for they are pure. */
  #drain(): void {
    for (let envelope = this.#system.shift(); envelope !== undefined; envelope = this.#system.shift()) {
      const definition = this.#parts.definitions.get(envelope.target.type);
      if (definition === undefined) continue;
      const effects = activate(definition, this.#cause(definition, envelope));
      if (!(effects instanceof Promise)) this.#apply(effects);
    }
    this.#schedule();
  }

  #cause({ valueNames }: Definition, envelope: Envelope, blocking?: Blocking): Cause {
    const state = valueNames.length === 0 ? NO_STATE : this.#cache.open(envelope.target);
    return { envelope, state, environment: this.#parts.environment, blocking };
  }

  #apply(effects: Effects): void {
    const { address, writes, cancels, sends, answers, deadLetters } = effects;
    if (writes.size > 0) {
      const state = this.#cache.open(address);
      for (const [name, value] of writes) this.#batch.write(state, name, value);
    }
    for (const token of cancels) this.#cancel(tokenKey(address, token));
    for (const send of sends) this.#send(address, send);
    for (const answer of answers) this.#batch.answers.push(answer);
    for (const letter of deadLetters) this.#bury(letter.envelope, letter.failure);
  }

  #bury(envelope: Envelope, failure: Effects["deadLetters"][number]["failure"]): void {
    this.#batch.bury({ envelope, failure }, this.now());
    this.#parts.environment.log.warn(`a message to ${formatAddress(envelope.target)} is dead: nobody awaits it, and it failed`, {
      failure,
    });
  }

  #send(sender: Address, { envelope, dueAt, token }: Send): void {
    // What a blocked handler sends passes through a gate; the token is the handler's.
    const key = token === undefined ? undefined : tokenKey(envelope.caller ?? sender, token);
    // A token names one pending message: a second one takes its place.
    if (key !== undefined) this.#cancel(key);
    if (dueAt !== undefined && dueAt > this.now()) {
      this.#batch.insert({ envelope, seq: this.#seq++, dueAt, ...(key !== undefined && { token: key }) });
    } else if (this.#parts.definitions.get(envelope.target.type)?.system === true) this.#system.push(envelope);
    else this.#batch.insert({ envelope, seq: this.#seq++ });
  }

  #cancel(key: string): void {
    this.#timers.cancel(key);
    this.#batch.cancel(key);
  }

  /** Delayed messages are due. One for a user's function becomes a message like any other, which no token cancels any more. */
  #fire(due: readonly Accepted[]): void {
    for (const { envelope } of due) {
      this.#batch.remove(envelope.id);
      if (this.#parts.definitions.get(envelope.target.type)?.system === true) this.#system.push(envelope);
      else this.#batch.insert({ envelope, seq: this.#seq++ });
    }
    this.#drain();
  }

  #schedule(): void {
    if (this.#scheduled || this.#committing !== undefined || this.#stopped !== undefined) return;
    if (this.#batch.isEmpty && (this.#mailboxes.ready === 0 || this.#running >= this.#parts.concurrency)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#turn();
    });
  }

  async #turn(): Promise<void> {
    await this.#commit();
    this.#guard(() => this.#pump());
  }

  /** Commits what has gathered; while a commit is under way, waits for that one. */
  #commit(): Promise<void> {
    if (this.#committing !== undefined) return this.#committing;
    if (this.#stopped !== undefined || this.#batch.isEmpty) return Promise.resolve();
    const batch = this.#batch;
    this.#batch = new PendingBatch();
    this.#underWay = batch;
    return (this.#committing = this.#write(batch).finally(() => (this.#committing = undefined)));
  }

  async #write(batch: PendingBatch): Promise<void> {
    try {
      await this.#parts.store.commit(batch.toStore());
    } catch (error) {
      return this.#fail(error);
    }
    this.#underWay = undefined;
    this.#guard(() => this.#committed(batch));
  }

  #committed(batch: PendingBatch): void {
    batch.committed();
    for (const token of batch.cancelled) this.#timers.cancelled(token);
    // A token that was used anew meanwhile may have been cancelled anew.
    for (const token of this.#batch.cancelled) this.#timers.cancel(token);
    for (const accepted of batch.accepted) {
      if (accepted.dueAt === undefined) this.#deliver(accepted.envelope);
      else this.#timers.add(accepted);
    }
    for (const answer of batch.answers) this.#answers.give(answer);
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
    this.#answers.end(this.#stopped);
    this.#drained?.();
  }

  #blocking(envelope: Envelope): Blocking {
    return {
      flush: (effects) => {
        if (this.#stopped !== undefined) throw this.#stopped;
        this.#guard(() => {
          this.#apply(effects);
          this.#drain();
        });
      },
      receive: async (key) => {
        const listening = this.#answers.listen(key);
        this.#gets.begin({ key, envelope, stop: () => listening.stop() });
        this.#drained?.();
        this.#findDeadlock();
        try {
          return await listening.answer;
        } finally {
          this.#gets.end(key);
        }
      },
    };
  }

  /** Whether every slot is held by a handler that is blocked. */
  #isFullOfBlocked(): boolean {
    return this.#running >= this.#parts.concurrency && this.#gets.runs === this.#running;
  }

  #findDeadlock(): void {
    this.#gets.check({
      queuedAt: (address) => this.#mailboxes.queuedAt(address),
      waitingForSlot: this.#isFullOfBlocked() ? [...this.#mailboxes.waiting()] : [],
    });
  }
}

function closed(): HandbackError {
  return new HandbackError("CLOSED", "the engine is closed");
}

function tokenKey(address: Address, token: string): string {
  return `${addressKey(address)}\0${token}`;
}
