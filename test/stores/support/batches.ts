import type { Address } from "../../../src/core/message/address.ts";
import type { Encoded } from "../../../src/core/codec/encoded.ts";
import type { Envelope } from "../../../src/core/message/envelope.ts";
import type { Json } from "../../../src/core/data/json.ts";
import type {
  StoredMessage,
  Batch,
  StateWrite,
  StoredDeadLetter,
  ScopeWatch,
} from "../../../src/stores/store.ts";

/** An empty batch. */
export const NOTHING: Batch = {
  removed: [],
  removedDelayed: [],
  cancelledTokens: [],
  inserted: [],
  values: [],
  unwatched: [],
  watched: [],
  deletedDeadLetters: [],
  addedDeadLetters: [],
  crashMarks: [],
};

/** Returns a batch with these changes and no others. */
export function batchOf(changes: Partial<Batch>): Batch {
  return { ...NOTHING, ...changes };
}

/** The address that {@link added}, {@link updated} and {@link deleted} write to by default. */
export const A: Address = { type: "test/a", id: "1" };

/** Returns a value as the text of a payload. */
export function encoded(value: Json): Encoded {
  return JSON.stringify(value) as Encoded;
}

/** Returns an envelope that differs from others by its number. */
export function envelope(number: number): Envelope {
  const id = number.toString(16).padStart(40, "0");
  return {
    id,
    target: { type: "test/target", id: "t" },
    name: "call",
    payload: encoded(number),
    control: { number },
  };
}

/** Returns a deliverable message. */
export function message(seq: number): StoredMessage {
  return { seq, envelope: envelope(seq) };
}

/** Returns a delayed message. */
export function delayed(seq: number, dueAt: number, token?: string): StoredMessage {
  return { ...message(seq), dueAt, ...(token !== undefined && { token }) };
}

/** Returns the same message in a scope. */
export function scoped(scope: string, stored: StoredMessage): StoredMessage {
  return { ...stored, envelope: { ...stored.envelope, scope } };
}

/** Returns the same message with a payload of this length. */
export function sized(length: number, stored: StoredMessage): StoredMessage {
  return { ...stored, envelope: { ...stored.envelope, payload: encoded("x".repeat(length)) } };
}

type Value = Pick<StateWrite, "rowId" | "name"> & Required<Pick<StateWrite, "value">>;

/** Returns a value as it is read. */
export function row(rowId: number, name: string, json: Json, expiresAt?: number) {
  return {
    rowId,
    name,
    value: { content: { json }, ...(expiresAt !== undefined && { expiresAt }) },
  };
}

/** Returns the write of a new value. */
export function added(value: Value, address: Address = A): StateWrite {
  return { ...value, address, isNew: true };
}

/** Returns the write of an existing value. */
export function updated(value: Value, address: Address = A): StateWrite {
  return { ...value, address, isNew: false };
}

/** Returns the deletion of a value. */
export function deleted(rowId: number, name: string, address: Address = A): StateWrite {
  return { rowId, name, address, isNew: false, value: undefined };
}

/** Returns a watch of a scope. */
export function watching(scope: string, token: string, address: Address = A): ScopeWatch {
  return { scope, address, token };
}

/** Returns a dead letter. */
export function letter(number: number): StoredDeadLetter {
  return { envelope: envelope(number), failure: { message: "no" }, at: 1_000 - number };
}
