import type { Reply } from "../../../core/activation/effects.ts";
import type { Address } from "../../../core/message/address.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { IndexedValues } from "../../../core/engine/flow-index.ts";
import type { CachedValue } from "../state/address-state.ts";
import type { CommitListener } from "./commit-listener.ts";
import { FlowChangeList } from "./flow-change-list.ts";
import type { CommitMeter } from "./commit-meter.ts";
import type { ArrivalTimes } from "./arrival-times.ts";
import type { MessageIndex } from "./message-index.ts";
import { firstPosition } from "./journal-batch.ts";
import { WriteBatch } from "./write-batch.ts";
import { isOutage } from "./store-outage.ts";
import type { OutageError, StoreOutage } from "./store-outage.ts";
import { watchKey } from "../../../stores/store.ts";
import { scopesOfOrigin } from "../../../core/message/scope-name.ts";
import type {
  StoredDeadLetter,
  StoredMessage,
  StoreInfo,
  Store,
  ScopeWatch,
} from "../../../stores/store.ts";

/** Messages in the current batch from which commits count as lagging. */
const LAGGING_MESSAGES = 2_048;
/** Messages that are worth a commit of their own, though more are about to arrive. */
const GOOD_BATCH = 512;
/** Commits in flight at once: one is written, one waits at the writer. */
const MAX_IN_FLIGHT = 2;
/** Stored rows that are read to find one that no batch removes, before all rows are read. */
const FIRST_ROWS = 64;

/** Collaborators of {@link GroupCommit}. */
export interface GroupCommitParts {
  readonly store: Pick<
    Store,
    "commit" | "queuesFrom" | "readScope" | "readWatches" | "readDeadLetter"
  >;
  /** Sequence numbers and row ids above all that the store holds. */
  readonly storeInfo: Pick<StoreInfo, "nextSeq" | "nextRowId"> &
    Partial<Pick<StoreInfo, "nextPosition" | "generation">>;
  readonly outage: StoreOutage;
  readonly commitMeter: CommitMeter;
  readonly arrivals: ArrivalTimes;
  /** The deliverable messages that are not yet handled. */
  readonly messages: MessageIndex;
  /** The values that the store indexes; absent: none. */
  readonly indexed?: IndexedValues | undefined;
}

/**
 * Group commit: the current batch, which collects the effects of many activations, and the batches
 * whose commits are in flight.
 *
 * CM1 Commits happen in order. The current batch starts committing before the results of the batch
 *     ahead of it are delivered, so the disk and the event loop work at the same time. Where the
 *     store queues, a batch of good size starts even before the one ahead is written.
 * CM2 After a failed commit no other one starts. A commit that found the disk full or the store
 *     locked did not happen: it is tried again unchanged, and all others wait behind it.
 * CM3 Every deliverable message that is not yet handled can be found by its scope, wherever it is.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #inFlight: WriteBatch[] = [];
  #listener: CommitListener | undefined;
  #current: WriteBatch;
  /** Commits in flight that met an outage of the store and are to be tried again. */
  #retrying = 0;
  /** Continues the second commit in flight when the first is done. */
  #onTurn: () => void = () => undefined;
  /** Reads that wait until the store holds nothing that its listener does not know. */
  #reads: (() => void)[] = [];
  #hasFailed = false;
  #isStopped = false;
  #onEnd: () => void = () => undefined;
  #rowId: number;
  readonly #nextRowId = (): number => this.#rowId++;
  #position: number;
  readonly #takePositions = (count: number): number => (this.#position += count) - count;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#current = new WriteBatch(parts.storeInfo.nextSeq);
    this.#rowId = parts.storeInfo.nextRowId;
    this.#position = firstPosition(parts.storeInfo);
  }

  /** Connects the one listener. No commit starts before that. */
  connect(listener: CommitListener): void {
    this.#listener = listener;
  }

  /** The batch that collects effects for the next commit. */
  get batch(): WriteBatch {
    return this.#current;
  }

  /** Tells whether the current batch can be handed to the store now. */
  get canBegin(): boolean {
    if (this.#isStopped || this.#retrying > 0 || this.#current.isEmpty) return false;
    if (this.#reads.length > 0) return false;
    const inFlight = this.#inFlight.length;
    return inFlight === 0 || (inFlight < MAX_IN_FLIGHT && this.#isWorthQueuing());
  }

  /** Tells whether to queue the current batch at the writer now instead of letting it grow. */
  #isWorthQueuing(): boolean {
    const { queuesFrom } = this.#parts.store;
    const { messages } = this.#current;
    return (
      queuesFrom !== undefined &&
      messages >= queuesFrom &&
      (messages >= GOOD_BATCH || this.#listener?.expectsMore !== true)
    );
  }

  /** The number of deliverable messages that are not yet handled. */
  get deliverableCount(): number {
    return this.#parts.messages.size;
  }

  /** Counts the deliverable messages for the address that are not on disk yet. */
  insertedAt(address: Address): number {
    let count = this.#current.insertedAt(address);
    for (const batch of this.#inFlight) count += batch.insertedAt(address);
    return count;
  }

  /** Tells whether the current batch has grown too large behind the commits in flight. */
  get isLagging(): boolean {
    return this.#inFlight.length > 0 && this.#current.messages >= LAGGING_MESSAGES;
  }

  /** Adds a message, which is stored until it is handled. A delayed one has a `schedule`. */
  accept(envelope: Envelope, schedule?: Pick<StoredMessage, "dueAt" | "token">): StoredMessage {
    const seq = this.#current.nextSeq;
    const accepted: StoredMessage =
      schedule === undefined ? { envelope, seq } : { envelope, seq, ...schedule };
    this.#current.insert(accepted);
    if (accepted.dueAt === undefined) this.#parts.messages.add(accepted);
    return accepted;
  }

  /** Notes a deliverable message that was already stored when the engine started. */
  recover(message: StoredMessage): void {
    this.#parts.messages.add(message);
  }

  /** Removes a message that is done. */
  remove(message: StoredMessage): void {
    this.#current.remove(message);
    if (message.dueAt === undefined) this.#parts.messages.delete(message);
  }

  /** Tells whether a commit in flight or the next one removes the message. */
  removes(seq: number): boolean {
    return this.#current.removes(seq) || this.#inFlight.some((batch) => batch.removes(seq));
  }

  /**
   * Tells whether a commit in flight inserts or removes the message, or the next one removes it.
   */
  changes(seq: number): boolean {
    return this.removes(seq) || this.#inFlight.some((batch) => batch.inserts(seq));
  }

  /** Returns the dead letter of the message with this id, also one that is not written yet. */
  deadLetter(id: string): StoredDeadLetter | undefined {
    for (const batch of [...this.#inFlight, this.#current].toReversed()) {
      const letter = batch.deadLetter(id);
      if (letter !== undefined) return letter ?? undefined;
    }
    return this.#parts.store.readDeadLetter(id);
  }

  /**
   * Returns every unhandled message of all scopes that start with the prefix, in the order of
   * acceptance.
   */
  messagesInScope(prefix: string): readonly StoredMessage[] {
    const delayed = this.#delayedInScope(prefix);
    const all = [...delayed, ...this.#parts.messages.inScope(prefix)];
    return all.sort((one, other) => one.seq - other.seq);
  }

  /** Tells whether a message or a watch of a scope that starts with the prefix is left. */
  hasWorkInScope(prefix: string): boolean {
    if (this.#parts.messages.hasInScope(prefix)) return true;
    if (!this.#mayHaveWork(prefix)) return false;
    return this.#keepsRows(prefix, FIRST_ROWS) || this.#keepsRows(prefix);
  }

  /** Tells whether a delayed message or a watch is left among the first stored ones, or is new. */
  #keepsRows(prefix: string, limit?: number): boolean {
    for (const _ of this.watchesInScope(prefix, limit)) return true;
    return this.#delayedInScope(prefix, limit).length > 0;
  }

  /** As {@link hasWorkInScope}, but work that a batch in flight removes may still count. */
  #mayHaveWork(prefix: string): boolean {
    const { store, messages } = this.#parts;
    return (
      messages.hasInScope(prefix) ||
      store.readScope(prefix, 1).length > 0 ||
      store.readWatches(prefix, 1).length > 0 ||
      [...this.#inFlight, this.#current].some((batch) => batch.addsToScope(prefix))
    );
  }

  #delayedInScope(prefix: string, limit?: number): readonly StoredMessage[] {
    const batches = [...this.#inFlight, this.#current];
    // A token names one message at a time: one that a later batch cancels is an earlier one.
    const isLeft = ({ seq, token }: StoredMessage, later: readonly WriteBatch[]): boolean =>
      !this.removes(seq) && !later.some((batch) => token !== undefined && batch.cancels(token));
    return [
      ...this.#parts.store
        .readScope(prefix, limit)
        .filter((message) => !this.changes(message.seq) && isLeft(message, batches)),
      ...batches.flatMap((batch, index) =>
        delayedInScope(batch, prefix).filter((message) =>
          isLeft(message, batches.slice(index + 1)),
        ),
      ),
    ];
  }

  /**
   * Returns the watches of all scopes that start with the prefix: all that are not stored yet, and
   * those left among `limit` stored ones (default: all).
   */
  watchesInScope(prefix: string, limit?: number): Iterable<ScopeWatch> {
    const stored = this.#parts.store.readWatches(prefix, limit);
    const watches = new Map(stored.map((watch) => [watchKey(watch), watch]));
    for (const batch of this.#inFlight) batch.applyWatches(watches, prefix);
    this.#current.applyWatches(watches, prefix);
    return watches.values();
  }

  /** Yields the replies of the commits in flight and of the next one. */
  *unwrittenReplies(): Generator<Reply> {
    for (const batch of this.#inFlight) yield* batch.replies;
    yield* this.#current.replies;
  }

  /**
   * Tells whether a message or a watch of this origin is left. Work that a batch in flight removes
   * may still count.
   */
  isUnderWay(origin: string): boolean {
    return scopesOfOrigin(origin).some((prefix) => this.#mayHaveWork(prefix));
  }

  /** Yields the values that commits in flight and the next one write. */
  *unwrittenValues(): Generator<CachedValue> {
    for (const batch of this.#inFlight) yield* batch.writes;
    yield* this.#current.writes;
  }

  /** Yields the delay tokens that commits in flight and the next one cancel. */
  *pendingCancellations(): Generator<string> {
    for (const batch of this.#inFlight) yield* batch.cancelled;
    yield* this.#current.cancelled;
  }

  /**
   * Starts to commit the current batch, if possible. Otherwise it follows the commits in flight.
   */
  begin(): void {
    const listener = this.#listener;
    if (listener === undefined || !this.canBegin) return;
    const batch = this.#current;
    this.#current = new WriteBatch(batch.nextSeq);
    this.#inFlight.push(batch);
    void this.#write(batch, listener);
  }

  /** Tells whether the store may hold a commit that the listener does not know yet. */
  get isStoreAhead(): boolean {
    return this.#inFlight.length > 0 && this.#retrying === 0 && !this.#hasFailed;
  }

  /** Runs a step once the store is not ahead: at once, if possible. No commit starts before. */
  onceStoreIsKnown<Result>(step: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const read = (): void => {
        try {
          resolve(step());
        } catch (error) {
          reject(error);
        }
      };
      if (this.isStoreAhead) this.#reads.push(read);
      else read();
    });
  }

  #runReads(): void {
    if (this.#reads.length === 0 || this.isStoreAhead) return;
    const reads = this.#reads;
    this.#reads = [];
    for (const read of reads) read();
    this.begin();
  }

  /**
   * Starts no more commits, because the current batch may hold half of a step. Commits in flight
   * no longer wait for the end of an outage.
   */
  stop(): void {
    this.#isStopped = true;
    this.#parts.outage.stopWaiting();
  }

  /**
   * Commits everything collected so far, and hardly waits for the end of an outage. Resolves when
   * done or failed; never rejects.
   */
  async finish(): Promise<void> {
    this.#parts.outage.stopWaiting();
    this.begin();
    while (this.#inFlight.length > 0 && !this.#hasFailed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEnd = resolve;
      await promise;
    }
  }

  async #write(batch: WriteBatch, listener: CommitListener): Promise<void> {
    try {
      await this.#commit(batch, listener);
      this.#inFlight.shift();
      this.#onTurn();
      this.begin();
      listener.committed(batch);
    } catch (error) {
      this.#hasFailed = true;
      listener.commitFailed(error);
    }
    this.#runReads();
    this.#onEnd();
  }

  async #commit(pending: WriteBatch, listener: CommitListener): Promise<void> {
    const { store, outage, indexed, messages, commitMeter, arrivals } = this.#parts;
    const beganNs = commitMeter.begin();
    arrivals.note(pending.firstSeq, beganNs);
    const flows = indexed === undefined ? undefined : new FlowChangeList(indexed);
    const batch = pending.toStore(this.#nextRowId, this.#takePositions, flows);
    if (batch.flows !== undefined) messages.observer?.written(batch.flows);
    for (let isRetry = false; ; isRetry = true) {
      try {
        // Waiting for a lock again would block the event loop.
        await store.commit(batch, !isRetry && !listener.expectsMore);
        commitMeter.end(beganNs, pending.messages);
        if (outage.noteCommit()) listener.outageOver();
        return;
      } catch (error) {
        if (!isOutage(error)) throw error;
        this.#retrying++;
        this.#runReads();
        await (this.#inFlight[0] === pending
          ? this.#waitForRetry(error, listener)
          : this.#waitForTurn());
        this.#retrying--;
      }
    }
  }

  #waitForRetry(error: OutageError, listener: CommitListener): Promise<void> {
    const doubt = this.#parts.outage.noteFailure(error);
    if (doubt !== undefined) listener.outage(doubt);
    return this.#parts.outage.waitForRetry(error);
  }

  /** Resolves when the commit ahead is done. */
  #waitForTurn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onTurn = resolve;
    return promise;
  }
}

function delayedInScope(batch: WriteBatch, prefix: string): readonly StoredMessage[] {
  return batch.accepted.filter(
    ({ dueAt, envelope }) => dueAt !== undefined && envelope.scope?.startsWith(prefix) === true,
  );
}
