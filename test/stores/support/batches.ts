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

/** A batch that changes nothing. */
export const NOTHING: Batch = {
  removed: [],
  removedDelayed: [],
  cancelled: [],
  inserted: [],
  state: [],
  unwatched: [],
  watched: [],
  deletedDeadLetters: [],
  dead: [],
  marks: [],
};

/** A batch that changes this alone. */
export function batchOf(changes: Partial<Batch>): Batch {
  return { ...NOTHING, ...changes };
}

/** The address whose values {@link added}, {@link updated} and {@link erased} write. */
export const A: Address = { type: "test/a", id: "1" };

/** A value as text, as it is encoded when it is sent. */
export function encoded(value: Json): Encoded {
  return JSON.stringify(value) as Encoded;
}

/** An envelope that its number tells from others. */
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

/** A deliverable message. */
export function message(seq: number): StoredMessage {
  return { seq, envelope: envelope(seq) };
}

/** A message that waits for its time. */
export function delayed(seq: number, dueAt: number, token?: string): StoredMessage {
  return { ...message(seq), dueAt, ...(token !== undefined && { token }) };
}

/** The same message, in a scope. */
export function scoped(scope: string, accepted: StoredMessage): StoredMessage {
  return { ...accepted, envelope: { ...accepted.envelope, scope } };
}

/** The same message, with as large a payload. */
export function sized(length: number, accepted: StoredMessage): StoredMessage {
  return { ...accepted, envelope: { ...accepted.envelope, payload: encoded("x".repeat(length)) } };
}

type Value = Pick<StateWrite, "rowId" | "name"> & Required<Pick<StateWrite, "value">>;

/** A value as it is read, which expires when told so. */
export function row(rowId: number, name: string, json: Json, expiresAt?: number) {
  return {
    rowId,
    name,
    value: { content: { json }, ...(expiresAt !== undefined && { expiresAt }) },
  };
}

/** Writes a value that was not there. */
export function added(value: Value, address: Address = A): StateWrite {
  return { ...value, address, isNew: true };
}

/** Writes a value that was there. */
export function updated(value: Value, address: Address = A): StateWrite {
  return { ...value, address, isNew: false };
}

/** Deletes a value. */
export function erased(rowId: number, name: string, address: Address = A): StateWrite {
  return { rowId, name, address, isNew: false, value: undefined };
}

/** That an address watches a scope. */
export function watching(scope: string, token: string, address: Address = A): ScopeWatch {
  return { scope, address, token };
}

/** A dead letter. */
export function letter(number: number): StoredDeadLetter {
  return { envelope: envelope(number), failure: { message: "no" }, at: 1_000 - number };
}
