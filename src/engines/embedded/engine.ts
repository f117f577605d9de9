import { knowsFunction } from "../../core/activation/definition.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Reply } from "../../core/activation/effects.ts";
import type { CommittedReader } from "../../core/engine/committed-read.ts";
import type { Capability, ClientRequest, Engine, ReplyListener } from "../../core/engine/engine.ts";
import type { FlowIndex } from "../../core/engine/flow-index.ts";
import type { StoreListing } from "../../core/engine/store-listing.ts";
import type { EngineStats } from "../../core/engine/engine-stats.ts";
import type { JournalReader } from "../../core/engine/journal.ts";
import type { HandbackError } from "../../core/errors/errors.ts";
import type { FunctionMeter } from "./execution/function-meter.ts";
import type { DeadLetters } from "./intake/dead-letters.ts";
import { backUp } from "./lifecycle/backup.ts";
import type { BackupOptions } from "./lifecycle/backup.ts";
import type { EngineRooms } from "./engine-rooms.ts";
import { readStats } from "./read-stats.ts";

/** Messages read at a time by recovery. */
const RECOVERY_CHUNK = 4096;
/** Longest wait for running handlers when the engine closes. */
const CLOSE_DEADLINE_MS = 5_000;
const CAPABILITIES: readonly Capability[] = [
  "blockingGet",
  "snapshotRead",
  "scopedCancel",
  "undeclaredValues",
];

/**
 * The embedded engine: one process, one store. It starts its rooms, answers for them to the layers
 * above, and stops them.
 *
 * X1 A user's handler runs only once its message is durable. A system function runs in the batch
 *    that caused it.
 * X2 Many activations share one commit. Replies, deliveries and timers wait for it, and so does the
 *    abort signal of a canceled handler.
 * X3 One message at a time per address. The address is released when the handler ends, before the
 *    commit, so the next message may see state that is not yet durable. If that commit fails,
 *    everything stops.
 * X4 Consumption, state, messages and timers of an activation are in one batch.
 * X5 The messages of a scope are canceled in the batch that cancels the scope, before any message
 *    leaves that the cancellation releases.
 */
export class EmbeddedEngine implements Engine {
  readonly #capabilities: ReadonlySet<Capability>;
  readonly flowIndex: FlowIndex | undefined;
  readonly storeListing: StoreListing | undefined;
  readonly storeId: string;
  /** The bills of functions since the engine was started. */
  readonly meter: FunctionMeter;
  readonly deadLetters: DeadLetters;
  /** The number of messages that wait for functions that are not registered, by function type. */
  readonly unregistered: ReadonlyMap<string, number>;
  readonly #rooms: EngineRooms;
  #requests = 0;
  #closing: Promise<void> | undefined;

  constructor(rooms: EngineRooms) {
    this.#rooms = rooms;
    this.flowIndex = rooms.flowIndex;
    this.storeListing = rooms.storeListing;
    this.#capabilities = capabilitiesOf(rooms);
    this.storeId = rooms.environment.storeId;
    this.meter = rooms.meter;
    this.deadLetters = rooms.deadLetters;
    this.unregistered = rooms.unregistered.counts;
    rooms.lifecycle.onFailure((reason) => this.#abandon(reason));
  }

  /** The number of accepted messages for registered functions that are not handled yet. */
  get backlog(): number {
    return this.#rooms.backlog.total;
  }

  /** A function that is registered later may turn the history on. */
  get capabilities(): ReadonlySet<Capability> {
    const { history } = this.#rooms.environment;
    return history === undefined
      ? this.#capabilities
      : new Set<Capability>([...this.#capabilities, "history"]);
  }

  get journal(): JournalReader | undefined {
    return this.#rooms.journal;
  }

  now(): number {
    return this.#rooms.environment.clock.now();
  }

  knows(type: string, name?: string, payload?: Encoded): boolean {
    return knowsFunction(this.#rooms.definitions, type, name, payload);
  }

  nextFlow(): string {
    return this.#rooms.flowNumbers.next();
  }

  nextRequest(): string {
    return `${this.#rooms.generation}/${this.#requests++}`;
  }

  ask(request: ClientRequest): Promise<Reply> {
    const { requests, clientWaits } = this.#rooms;
    // In a handler, the wait for the outcome blocks, so the client listens for it.
    return request.outcome === undefined || clientWaits.isInHandler
      ? requests.ask(request)
      : requests.askForOutcome(request, request.outcome);
  }

  listen(key: string): ReplyListener {
    return this.#rooms.clientWaits.listen(key);
  }

  read<Result>(reader: () => CommittedReader<Result>): Result | Promise<Result> {
    return this.#rooms.committedReads.read(reader);
  }

  /** Recovers the stored messages in their order, then starts timers and handlers. */
  start(): void {
    const { crashTracker, timers, collector, dispatcher } = this.#rooms;
    const { lists } = this.#rooms.store;
    if (lists !== undefined) this.#rooms.held.recover(lists);
    this.#recover();
    this.#rooms.unregistered.endRecovery();
    crashTracker.start();
    timers.start();
    collector.start();
    this.#rooms.journalCollector?.start();
    dispatcher.dispatch();
  }

  /** Adds functions of new types. Messages that were parked for them go on. */
  register(added: ReadonlyMap<string, Definition>): Promise<void> {
    return this.#rooms.lateFunctions.add(added);
  }

  /** Writes a copy of the store. */
  backup(path: string, options?: BackupOptions): Promise<void> {
    return backUp(this.#rooms, path, options);
  }

  /** Reads the figures of the engine. @throws the reason why it has stopped */
  stats(): EngineStats {
    this.#rooms.lifecycle.requireNotStopped();
    return readStats(this.#rooms);
  }

  /** Stops the engine, because its store takes no more commits. */
  fail(error: HandbackError): void {
    this.#rooms.lifecycle.fail(error);
  }

  /** Waits for running handlers for a while, commits, and closes the store. Waiting work stays. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Delivers the stored messages. */
  #recover(): void {
    const { store, commits, crashTracker, delivery } = this.#rooms;
    for (let after = -1; ;) {
      const messages = store.readMessages(after, RECOVERY_CHUNK);
      for (const message of messages) {
        after = message.seq;
        commits.recover(message);
        const { target, name, payload } = message.envelope;
        if (this.knows(target.type, name, payload)) crashTracker.recover(message.seq);
        delivery.deliver(message);
      }
      if (messages.length < RECOVERY_CHUNK) return;
    }
  }

  async #close(): Promise<void> {
    const { lifecycle, timers, collector, watches, commits, idle, store } = this.#rooms;
    lifecycle.beginClosing();
    timers.stop();
    collector.stop();
    this.#rooms.journalCollector?.stop();
    if (!lifecycle.hasStopped)
      await idle.whenIdle(this.#rooms.environment.clock, CLOSE_DEADLINE_MS);
    watches.stop();
    await commits.finish();
    // After a failure, the content of the store is unknown, so it is not marked as cleanly closed.
    const isClean = !lifecycle.hasStopped;
    this.#rejectAll(lifecycle.endClosing());
    await store.close(isClean);
  }

  /** Stops all rooms: memory may hold changes that are not on disk, so nothing more leaves it. */
  #abandon(reason: HandbackError): void {
    const { timers, collector, watches, commits, idle } = this.#rooms;
    timers.stop();
    collector.stop();
    this.#rooms.journalCollector?.stop();
    watches.stop();
    commits.stop();
    this.#rejectAll(reason);
    idle.stopWaiting();
  }

  #rejectAll(error: HandbackError): void {
    const { slots, replies, crashTracker, emitter } = this.#rooms;
    emitter?.rejectAll(error);
    slots.close();
    replies.rejectAll(error);
    crashTracker.rejectResuming(error);
  }
}

/** Some capabilities depend on the store. */
function capabilitiesOf({
  flowIndex,
  storeListing,
  journal,
}: EngineRooms): ReadonlySet<Capability> {
  const capabilities = new Set(CAPABILITIES);
  if (flowIndex !== undefined) capabilities.add("flowIndex");
  // The list tells what is paused when the engine starts.
  if (storeListing !== undefined) capabilities.add("storeListing").add("pause");
  if (journal !== undefined) capabilities.add("streams");
  return capabilities;
}
