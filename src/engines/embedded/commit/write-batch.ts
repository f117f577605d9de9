import type { Address } from "../../../core/message/address.ts";
import type { Reply, StoredValue } from "../../../core/activation/effects.ts";
import { AddressCount } from "./address-count.ts";
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

const ERASURE = { isNew: false, value: undefined } as const;

/**
 * What many activations did, collected for one commit. A value written by several of them is written once; a message
 * that was inserted and consumed within the batch never reaches the store.
 *
 * PB1 The messages that it inserts are numbered without gaps, so that they are found by their place.
 * PB2 A slot knows the batch that gathers a write of it; what it holds when the batch is taken to the store is what is written.
 * PB3 What a message tells is not written beside it, unless it is written anew.
 */
export class WriteBatch {
  readonly replies: Reply[] = [];
  /** What is said within the process once it is durable. */
  readonly notices: (() => void)[] = [];
  readonly #firstSeq: number;
  readonly #removed = new Set<number>();
  readonly #removedDelayed = new Set<number>();
  readonly #cancelled = new Set<string>();
  /** In the order of their numbers; `undefined` in place of what came and went. */
  readonly #inserted: (StoredMessage | undefined)[] = [];
  #kept = 0;
  readonly #byToken = new Map<string, number>();
  readonly #slots: CachedValue[] = [];
  #values: (StoredValue | undefined)[] = [];
  readonly #unwatched = new Map<string, ScopeWatch>();
  readonly #watched = new Map<string, ScopeWatch>();
  readonly #erased: ExpiredValue[] = [];
  readonly #deletedDeadLetters = new Set<string>();
  readonly #dead: StoredDeadLetter[] = [];
  readonly #marks = new Map<number, CrashMark>();
  #count: AddressCount | undefined;

  /** @param firstSeq number of the first message that it will insert */
  constructor(firstSeq: number) {
    this.#firstSeq = firstSeq;
  }

  get isEmpty(): boolean {
    return (
      this.#kept === 0 &&
      this.#removed.size === 0 &&
      this.#slots.length === 0 &&
      this.#erased.length === 0 &&
      this.replies.length === 0 &&
      this.#removedDelayed.size === 0 &&
      this.#cancelled.size === 0 &&
      this.#watched.size === 0 &&
      this.#unwatched.size === 0 &&
      this.#deletedDeadLetters.size === 0 &&
      this.#dead.length === 0 &&
      this.#marks.size === 0
    );
  }

  /** How many messages come and go with it. */
  get messages(): number {
    return this.#kept + this.#removed.size + this.#removedDelayed.size;
  }

  /** The number that the next message gets. */
  get nextSeq(): number {
    return this.#firstSeq + this.#inserted.length;
  }

  /** Messages to be delivered, or waited for, once they are durable. */
  get accepted(): readonly StoredMessage[] {
    return this.#inserted.filter((message) => message !== undefined);
  }

  /** How many deliverable messages it inserts at the address. */
  insertedAt(address: Address): number {
    return (this.#count ??= new AddressCount()).at(address, this.#inserted);
  }

  /** Whether it inserts the message of this number. */
  inserts(seq: number): boolean {
    return seq >= this.#firstSeq && this.#inserted[seq - this.#firstSeq] !== undefined;
  }

  /** Whether it removes the message of this number. */
  removes(seq: number): boolean {
    return this.#removed.has(seq) || this.#removedDelayed.has(seq);
  }

  get cancelled(): Iterable<string> {
    return this.#cancelled;
  }

  /** Removes a message; one that it was to insert never comes to be. */
  remove({ seq, dueAt, token }: StoredMessage): void {
    if (this.inserts(seq)) {
      this.#drop(seq);
      if (token !== undefined) this.#byToken.delete(token);
    } else if (dueAt === undefined) this.#removed.add(seq);
    else this.#removedDelayed.add(seq);
  }

  /** Inserts a message, whose number must be the next. */
  insert(message: StoredMessage): void {
    this.#inserted.push(message);
    this.#kept++;
    if (message.token !== undefined) this.#byToken.set(message.token, message.seq);
  }

  cancel(token: string): void {
    const inserted = this.#byToken.get(token);
    if (inserted !== undefined) {
      this.#drop(inserted);
      this.#byToken.delete(token);
    }
    this.#cancelled.add(token);
  }

  /** Sets a value that a message tells which it inserts. */
  writeDerived(slot: CachedValue, value: StoredValue | null): void {
    this.write(slot, value);
    slot.isDerived = true;
  }

  write(slot: CachedValue, value: StoredValue | null): void {
    slot.isDerived = false;
    slot.current = value ?? undefined;
    if (slot.batch === this) return;
    slot.batch = this;
    slot.state.pins++;
    this.#slots.push(slot);
  }

  watch(watching: ScopeWatch): void {
    this.#watched.set(watchKey(watching), watching);
  }

  /** Takes a watch away; one that it was to set up never comes to be, though the store may have had it before. */
  unwatch(watching: ScopeWatch): void {
    const key = watchKey(watching);
    this.#watched.delete(key);
    this.#unwatched.set(key, watching);
  }

  /** Brings watches of scopes whose names begin so up to date with what it changes. */
  changeWatches(watches: Map<string, ScopeWatch>, prefix: string): void {
    for (const key of this.#unwatched.keys()) watches.delete(key);
    for (const [key, watching] of this.#watched)
      if (watching.scope.startsWith(prefix)) watches.set(key, watching);
  }

  /** Deletes a value that is not in memory. */
  erase(expired: ExpiredValue): void {
    this.#erased.push(expired);
  }

  addDeadLetter(letter: StoredDeadLetter): void {
    this.#dead.push(letter);
  }

  deleteDeadLetter(id: string): void {
    this.#deletedDeadLetters.add(id);
  }

  /** Whether it takes away the dead letter of the message with this id. */
  deletesDeadLetter(id: string): boolean {
    return this.#deletedDeadLetters.has(id);
  }

  /** Holds crashes against a message; its last mark counts. */
  setCrashMark(mark: CrashMark): void {
    this.#marks.set(mark.seq, mark);
  }

  /** The batch as the store takes it. `nextPlace` gives a number to a value that was not there before. */
  toStore(nextRowId: () => number): Batch {
    // Ahead of all others, which may write a value of the same name anew.
    const state: StateWrite[] = this.#erased.map(({ rowId, name, type, id }) => ({
      ...ERASURE,
      rowId,
      name,
      address: { type, id },
    }));
    for (const slot of this.#slots) {
      const { current: value, rowId, name } = slot;
      const { address } = slot.state;
      slot.batch = undefined;
      this.#values.push(value);
      if (slot.isDerived) continue;
      if (value === undefined) {
        // A value that came and went within the batch never was.
        if (rowId === undefined) continue;
        slot.rowId = undefined;
        state.push({ rowId, isNew: false, address, name, value });
      } else {
        slot.rowId ??= nextRowId();
        state.push({ rowId: slot.rowId, isNew: rowId === undefined, address, name, value });
      }
    }
    return {
      removed: [...this.#removed],
      removedDelayed: [...this.#removedDelayed],
      cancelledTokens: [...this.#cancelled],
      inserted: this.accepted,
      values: state,
      unwatched: [...this.#unwatched.values()],
      watched: [...this.#watched.values()],
      deletedDeadLetters: [...this.#deletedDeadLetters],
      addedDeadLetters: this.#dead,
      crashMarks: [...this.#marks.values()],
    };
  }

  /** Notes that the store has it. `rested` hears of states that no batch writes any more. */
  committed(rested: (state: AddressState) => void): void {
    for (const [index, slot] of this.#slots.entries()) {
      const { state } = slot;
      slot.committed = this.#values[index];
      if (--state.pins === 0) rested(state);
    }
  }

  #drop(seq: number): void {
    this.#inserted[seq - this.#firstSeq] = undefined;
    this.#kept--;
  }
}
