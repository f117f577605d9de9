import type { Address } from "../../core/address.ts";
import { encodeContent } from "../../core/content.ts";
import type { Answer, DeadLetter, StoredValue } from "../../core/effects.ts";
import { decodeEnvelope, encodeEnvelope } from "../../core/envelope.ts";
import type { Envelope } from "../../core/envelope.ts";
import type { AddressState, Slot } from "./state-cache.ts";
import type { Batch, StateWrite, StoredMessage } from "./store.ts";

/** A message that is kept until it is handled. */
export interface Accepted {
  readonly envelope: Envelope;
  readonly seq: number;
  readonly dueAt?: number;
  readonly token?: string;
}

/** Reads a message as the store keeps it. @throws `FORMAT_TOO_NEW` */
export function fromStored({ id, seq, dueAt, token, head, payload }: StoredMessage): Accepted {
  const accepted = { envelope: decodeEnvelope(id, { head, payload }), seq };
  if (dueAt === undefined) return accepted;
  return token === undefined ? { ...accepted, dueAt } : { ...accepted, dueAt, token };
}

interface Write {
  readonly state: AddressState;
  readonly name: string;
  value: StoredValue | undefined;
}

/**
 * What many activations did, collected for one commit. A value written by several of them is written once; a message
 * that was inserted and consumed within the batch never reaches the store.
 */
export class PendingBatch {
  readonly answers: Answer[] = [];
  /** What is said within the process once it is durable. */
  readonly notices: (() => void)[] = [];
  readonly #removed = new Set<number>();
  readonly #elapsed = new Set<number>();
  readonly #cancelled = new Set<string>();
  readonly #inserted = new Map<number, Accepted>();
  readonly #byToken = new Map<string, number>();
  readonly #writes = new Map<Slot, Write>();
  readonly #pinned = new Set<AddressState>();
  readonly #dead: { readonly letter: DeadLetter; readonly at: number }[] = [];

  get isEmpty(): boolean {
    return (
      this.#removed.size === 0 &&
      this.#elapsed.size === 0 &&
      this.#inserted.size === 0 &&
      this.#writes.size === 0 &&
      this.#cancelled.size === 0 &&
      this.#dead.length === 0 &&
      this.answers.length === 0
    );
  }

  /** Messages to be delivered, or waited for, once they are durable. */
  get accepted(): Iterable<Accepted> {
    return this.#inserted.values();
  }

  /** Whether it inserts the message of this number. */
  inserts(seq: number): boolean {
    return this.#inserted.has(seq);
  }

  /** Whether it removes the message of this number. */
  removes(seq: number): boolean {
    return this.#removed.has(seq) || this.#elapsed.has(seq);
  }

  /** The messages that it inserts of all scopes whose names begin so. */
  *ofScope(prefix: string): Generator<Accepted> {
    for (const accepted of this.#inserted.values()) if (accepted.envelope.scope?.startsWith(prefix) === true) yield accepted;
  }

  get cancelled(): Iterable<string> {
    return this.#cancelled;
  }

  /** Removes a message; one that it was to insert never comes to be. */
  remove({ seq, dueAt, token }: Accepted): void {
    if (this.#inserted.delete(seq)) {
      if (token !== undefined) this.#byToken.delete(token);
    } else if (dueAt === undefined) this.#removed.add(seq);
    else this.#elapsed.add(seq);
  }

  insert(message: Accepted): void {
    this.#inserted.set(message.seq, message);
    if (message.token !== undefined) this.#byToken.set(message.token, message.seq);
  }

  cancel(token: string): void {
    const inserted = this.#byToken.get(token);
    if (inserted !== undefined) {
      this.#inserted.delete(inserted);
      this.#byToken.delete(token);
    }
    this.#cancelled.add(token);
  }

  write(state: AddressState, name: string, value: StoredValue | null): void {
    const slot = state.slot(name);
    slot.current = value ?? undefined;
    const known = this.#writes.get(slot);
    if (known !== undefined) known.value = slot.current;
    else this.#writes.set(slot, { state, name, value: slot.current });
    if (!this.#pinned.has(state)) {
      this.#pinned.add(state);
      state.pins++;
    }
  }

  bury(letter: DeadLetter, at: number): void {
    this.#dead.push({ letter, at });
  }

  /** The batch as the store takes it. Encodes what is still data. */
  toStore(): Batch {
    const state: StateWrite[] = [];
    for (const [
      slot,
      {
        state: { address },
        name,
        value,
      },
    ] of this.#writes) {
      // A value that came and went within the batch never was; one that an earlier batch is still writing must be deleted.
      if (value !== undefined || slot.committed !== undefined || slot.writing > 0) state.push(stateWrite(address, name, value));
    }
    for (const slot of this.#writes.keys()) slot.writing++;
    return {
      removed: [...this.#removed],
      elapsed: [...this.#elapsed],
      cancelled: [...this.#cancelled],
      inserted: Array.from(this.#inserted.values(), toStored),
      state,
      dead: this.#dead.map(({ letter: { envelope, failure }, at }) => ({
        id: envelope.id,
        at,
        failure: JSON.stringify(failure),
        ...encodeEnvelope(envelope),
      })),
    };
  }

  /** Notes that the store has it. */
  committed(): void {
    for (const [slot, { value }] of this.#writes) {
      slot.committed = value;
      slot.writing--;
    }
    for (const state of this.#pinned) state.pins--;
  }
}

function toStored({ envelope, ...rest }: Accepted): StoredMessage {
  const { id, scope } = envelope;
  return scope === undefined ? { id, ...rest, ...encodeEnvelope(envelope) } : { id, scope, ...rest, ...encodeEnvelope(envelope) };
}

function stateWrite(address: Address, name: string, value: StoredValue | undefined): StateWrite {
  if (value === undefined) return { address, name, text: null };
  const text = encodeContent(value.content);
  return value.expiresAt === undefined ? { address, name, text } : { address, name, text, expiresAt: value.expiresAt };
}
