import type { Address } from "../../../core/message/address.ts";
import type { Reply, StoredValue } from "../../../core/activation/effects.ts";
import { AddressCount } from "./address-count.ts";
import type { FlowChangeList } from "./flow-change-list.ts";
import type { JournalBatch, TakePositions } from "./journal-batch.ts";
import type { AddressState, CachedValue } from "../state/address-state.ts";
import { watchKey } from "../../../stores/store.ts";
import type {
  StoredMessage,
  Batch,
  ExpiredValue,
  CrashMark,
  StateWrite,
  StoredDeadLetter,
  ScopeWatch,
} from "../../../stores/store.ts";

const DELETION = { isNew: false, value: undefined } as const;

/**
 * The effects of many activations, collected for one commit. A value that several of them write is
 * written once. A message that is inserted and consumed within the batch never reaches the store.
 *
 * PB1 The messages it inserts are numbered without gaps, so each is found by its index.
 * PB2 A cached value knows the batch that writes it. The batch writes the value as it is when the
 *     batch is handed to the store.
 * PB3 A value that a message carries is not written beside the message, unless it changes.
 */
export class WriteBatch {
  readonly replies: Reply[] = [];
  /** Callbacks to run once the batch is durable. */
  readonly afterCommit: (() => void)[] = [];
  /** Its changes of the journal. Most batches have none. */
  journal: JournalBatch | undefined;
  readonly #firstSeq: number;
  readonly #removed = new Set<number>();
  readonly #removedDelayed = new Set<number>();
  readonly #cancelled = new Set<string>();
  /**
   * Messages in the order of their numbers; `undefined` in place of a message that came and went.
   */
  readonly #inserted: (StoredMessage | undefined)[] = [];
  #insertedCount = 0;
  readonly #seqByToken = new Map<string, number>();
  readonly #writes: CachedValue[] = [];
  /** The values of the batch, in the order of `#writes`, and whether messages carry them. */
  #written: (StoredValue | undefined)[] = [];
  #writtenDerived: boolean[] = [];
  readonly #unwatched = new Map<string, ScopeWatch>();
  readonly #watched = new Map<string, ScopeWatch>();
  readonly #expired: ExpiredValue[] = [];
  readonly #deletedDeadLetters = new Set<string>();
  /** The dead letters that it adds, by the ids of their messages. */
  readonly #deadLetters = new Map<string, StoredDeadLetter>();
  readonly #crashMarks = new Map<number, CrashMark>();
  #addressCount: AddressCount | undefined;

  /** @param firstSeq number of the first message that it inserts */
  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq;
  }

  get isEmpty(): boolean {
    return (
      this.#insertedCount === 0 &&
      this.#removed.size === 0 &&
      this.#writes.length === 0 &&
      this.#expired.length === 0 &&
      this.replies.length === 0 &&
      this.#removedDelayed.size === 0 &&
      this.#cancelled.size === 0 &&
      this.#watched.size === 0 &&
      this.#unwatched.size === 0 &&
      this.#deletedDeadLetters.size === 0 &&
      this.#deadLetters.size === 0 &&
      this.#crashMarks.size === 0 &&
      this.journal === undefined
    );
  }

  /** The number of messages that it inserts and removes. */
  get messages(): number {
    return this.#insertedCount + this.#removed.size + this.#removedDelayed.size;
  }

  /** The sequence number of the first message, if there is one. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** The sequence number of the next message. */
  get nextSeq(): number {
    return this.#firstSeq + this.#inserted.length;
  }

  /** The messages to deliver, or to hold until they are due, once they are durable. */
  get accepted(): readonly StoredMessage[] {
    return this.#inserted.filter((message) => message !== undefined);
  }

  /** Counts the deliverable messages that it inserts at the address. */
  insertedAt(address: Address): number {
    return (this.#addressCount ??= new AddressCount()).at(address, this.#inserted);
  }

  inserts(seq: number): boolean {
    return seq >= this.#firstSeq && this.#inserted[seq - this.#firstSeq] !== undefined;
  }

  removes(seq: number): boolean {
    return this.#removed.has(seq) || this.#removedDelayed.has(seq);
  }

  /** The delay tokens that it cancels. */
  get cancelled(): Iterable<string> {
    return this.#cancelled;
  }

  /** Tells whether it cancels the delayed message that earlier batches stored with this token. */
  cancels(token: string): boolean {
    return this.#cancelled.has(token);
  }

  /** Removes a message. A message that the batch itself inserts is dropped. */
  remove({ seq, dueAt, token }: StoredMessage): void {
    if (this.inserts(seq)) {
      this.#drop(seq);
      if (token !== undefined) this.#seqByToken.delete(token);
    } else if (dueAt === undefined) this.#removed.add(seq);
    else this.#removedDelayed.add(seq);
  }

  /** Inserts a message. Its number must be `nextSeq`. */
  insert(message: StoredMessage): void {
    this.#inserted.push(message);
    this.#insertedCount++;
    if (message.token !== undefined) this.#seqByToken.set(message.token, message.seq);
  }

  /** Cancels the delayed message with this token. */
  cancel(token: string): void {
    const inserted = this.#seqByToken.get(token);
    if (inserted !== undefined) {
      this.#drop(inserted);
      this.#seqByToken.delete(token);
    }
    this.#cancelled.add(token);
  }

  /** Sets a value that a message of this batch carries. */
  writeDerived(cached: CachedValue, value: StoredValue | null): void {
    this.write(cached, value);
    cached.isDerived = true;
  }

  /** Sets a value, or deletes it with `null`. */
  write(cached: CachedValue, value: StoredValue | null): void {
    cached.isDerived = false;
    cached.current = value ?? undefined;
    if (cached.batch === this) return;
    cached.batch = this;
    cached.state.pins++;
    this.#writes.push(cached);
  }

  watch(watch: ScopeWatch): void {
    this.#watched.set(watchKey(watch), watch);
  }

  /**
   * Removes a watch. One that the batch itself adds is dropped, but the store may hold an earlier
   * one.
   */
  unwatch(watch: ScopeWatch): void {
    const key = watchKey(watch);
    this.#watched.delete(key);
    this.#unwatched.set(key, watch);
  }

  /** Applies its changes to the watches of all scopes that start with the prefix. */
  applyWatches(watches: Map<string, ScopeWatch>, prefix: string): void {
    for (const key of this.#unwatched.keys()) watches.delete(key);
    for (const [key, watch] of this.#watched)
      if (watch.scope.startsWith(prefix)) watches.set(key, watch);
  }

  /** Tells whether it adds a delayed message or a watch in a scope that starts with the prefix. */
  addsToScope(prefix: string): boolean {
    for (const { scope } of this.#watched.values()) if (scope.startsWith(prefix)) return true;
    return this.accepted.some(
      ({ dueAt, envelope }) => dueAt !== undefined && envelope.scope?.startsWith(prefix) === true,
    );
  }

  /** Deletes an expired value that is not in memory. */
  deleteExpired(value: ExpiredValue): void {
    this.#expired.push(value);
  }

  addDeadLetter(letter: StoredDeadLetter): void {
    this.#deadLetters.set(letter.envelope.id, letter);
  }

  /**
   * Returns the dead letter that it adds for the message with this id, `null` if it deletes it, and
   * `undefined` if it leaves it as it is.
   */
  deadLetter(id: string): StoredDeadLetter | null | undefined {
    return this.#deadLetters.get(id) ?? (this.#deletedDeadLetters.has(id) ? null : undefined);
  }

  /**
   * Deletes the dead letter of the message with this id, also one that the batch itself adds. One
   * that is added later stays.
   */
  deleteDeadLetter(id: string): void {
    this.#deletedDeadLetters.add(id);
    this.#deadLetters.delete(id);
  }

  /** The values that it writes. */
  get writes(): readonly CachedValue[] {
    return this.#writes;
  }

  /** Sets the crash mark of a message. The last one counts. */
  setCrashMark(mark: CrashMark): void {
    this.#crashMarks.set(mark.seq, mark);
  }

  /**
   * Converts the batch to the store's form. `nextRowId` numbers the values that are new to the
   * store, and `takePositions` the entries of the journal. `flows` gets the changes of the values
   * that the store indexes.
   */
  toStore(nextRowId: () => number, takePositions: TakePositions, flows?: FlowChangeList): Batch {
    const values = this.#stateWrites(nextRowId, flows);
    return {
      removed: [...this.#removed],
      removedDelayed: [...this.#removedDelayed],
      cancelledTokens: [...this.#cancelled],
      inserted: this.accepted,
      values,
      unwatched: [...this.#unwatched.values()],
      watched: [...this.#watched.values()],
      deletedDeadLetters: [...this.#deletedDeadLetters],
      addedDeadLetters: [...this.#deadLetters.values()],
      crashMarks: [...this.#crashMarks.values()],
      flows: flows?.changes(),
      ...(this.journal !== undefined && { journal: this.journal.toStore(takePositions) }),
    };
  }

  #stateWrites(nextRowId: () => number, flows: FlowChangeList | undefined): readonly StateWrite[] {
    for (const expired of this.#expired)
      if (flows?.isIndexed(expired, expired.name) === true) flows.addExpired(expired);
    // Expired values come first, because a later write may create a value of the same name.
    const writes: StateWrite[] = this.#expired.map(({ rowId, name, type, id }) => ({
      ...DELETION,
      rowId,
      name,
      address: { type, id },
    }));
    for (const cached of this.#writes) {
      const { current: value, rowId, name } = cached;
      const { address } = cached.state;
      cached.batch = undefined;
      this.#written.push(value);
      this.#writtenDerived.push(cached.isDerived);
      if (cached.isDerived) continue;
      if (flows?.isIndexed(address, name) === true)
        flows.add({ address, name, was: cached.stored, is: value });
      cached.stored = value;
      if (value === undefined) {
        // The store never saw a value that came and went within the batch.
        if (rowId === undefined) continue;
        cached.rowId = undefined;
        writes.push({ rowId, isNew: false, address, name, value });
      } else {
        cached.rowId ??= nextRowId();
        writes.push({ rowId: cached.rowId, isNew: rowId === undefined, address, name, value });
      }
    }
    return writes;
  }

  /**
   * Marks its values as committed. `onUnpinned` receives each state that no batch writes any more.
   */
  markCommitted(onUnpinned: (state: AddressState) => void): void {
    for (const [index, cached] of this.#writes.entries()) {
      const { state } = cached;
      cached.committed = this.#written[index];
      cached.isCommittedDerived = this.#writtenDerived[index] === true;
      if (--state.pins === 0) onUnpinned(state);
    }
  }

  #drop(seq: number): void {
    this.#inserted[seq - this.#firstSeq] = undefined;
    this.#insertedCount--;
  }
}
