import type { Address } from "../../core/address.ts";
import type { Answer, StoredValue } from "../../core/effects.ts";
import { AddressCount } from "./address-count.ts";
import type { AddressState, Slot } from "./state-cache.ts";
import type { Accepted, Batch, StateWrite, StoredDeadLetter } from "./store.ts";

/**
 * What many activations did, collected for one commit. A value written by several of them is written once; a message
 * that was inserted and consumed within the batch never reaches the store.
 *
 * B1 The messages that it inserts are numbered without gaps, so that they are found by their place.
 * B2 A slot knows the batch that gathers a write of it; what it holds when the batch is taken to the store is what is written.
 */
export class PendingBatch {
  readonly answers: Answer[] = [];
  /** What is said within the process once it is durable. */
  readonly notices: (() => void)[] = [];
  readonly #firstSeq: number;
  readonly #removed = new Set<number>();
  readonly #elapsed = new Set<number>();
  readonly #cancelled = new Set<string>();
  /** In the order of their numbers; `undefined` in place of what came and went. */
  readonly #inserted: (Accepted | undefined)[] = [];
  #kept = 0;
  readonly #byToken = new Map<string, number>();
  readonly #slots: Slot[] = [];
  #values: (StoredValue | undefined)[] = [];
  readonly #dead: StoredDeadLetter[] = [];
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
      this.answers.length === 0 &&
      this.#elapsed.size === 0 &&
      this.#cancelled.size === 0 &&
      this.#dead.length === 0
    );
  }

  /** The number that the next message gets. */
  get nextSeq(): number {
    return this.#firstSeq + this.#inserted.length;
  }

  /** Messages to be delivered, or waited for, once they are durable. */
  get accepted(): readonly Accepted[] {
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
    return this.#removed.has(seq) || this.#elapsed.has(seq);
  }

  get cancelled(): Iterable<string> {
    return this.#cancelled;
  }

  /** Removes a message; one that it was to insert never comes to be. */
  remove({ seq, dueAt, token }: Accepted): void {
    if (this.inserts(seq)) {
      this.#drop(seq);
      if (token !== undefined) this.#byToken.delete(token);
    } else if (dueAt === undefined) this.#removed.add(seq);
    else this.#elapsed.add(seq);
  }

  /** Inserts a message, whose number must be the next. */
  insert(message: Accepted): void {
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

  write(slot: Slot, value: StoredValue | null): void {
    slot.current = value ?? undefined;
    if (slot.gathering === this) return;
    slot.gathering = this;
    slot.state.pins++;
    this.#slots.push(slot);
  }

  bury(letter: StoredDeadLetter): void {
    this.#dead.push(letter);
  }

  /** The batch as the store takes it. `nextPlace` gives a number to a value that was not there before. */
  toStore(nextPlace: () => number): Batch {
    const state: StateWrite[] = [];
    for (const slot of this.#slots) {
      const { current: value, place, name } = slot;
      const { address } = slot.state;
      slot.gathering = undefined;
      this.#values.push(value);
      if (value === undefined) {
        // A value that came and went within the batch never was.
        if (place === undefined) continue;
        slot.place = undefined;
        state.push({ place, isNew: false, address, name, value });
      } else {
        slot.place ??= nextPlace();
        state.push({ place: slot.place, isNew: place === undefined, address, name, value });
      }
    }
    return {
      removed: [...this.#removed],
      elapsed: [...this.#elapsed],
      cancelled: [...this.#cancelled],
      inserted: this.accepted,
      state,
      dead: this.#dead,
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
