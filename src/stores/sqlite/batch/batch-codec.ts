import { encodeContent } from "../../../core/state/content.ts";
import { encodeEnvelope } from "../../../core/message/envelope.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { StoredValue } from "../../../core/activation/effects.ts";
import { Packer } from "../rows/packed.ts";
import type { Packed } from "../rows/packed.ts";
import { rangesOf } from "../rows/ranges.ts";
import type {
  StoredMessage,
  Batch,
  CrashMark,
  StateWrite,
  StoredDeadLetter,
  ScopeWatch,
} from "../../store.ts";

/** What is to be done to a value that a batch writes. */
export const WRITE = { erase: 0, update: 1, insert: 2 } as const;

/** Stands for an instant that is not given. */
export const NO_INSTANT = -1;

/** Writes a batch as text, each list with its length in front, as {@link SqliteTables.apply} reads it. */
export function encodeBatch({
  removed,
  removedDelayed,
  cancelled,
  inserted,
  state,
  unwatched,
  watched,
  deletedDeadLetters,
  dead,
  marks,
}: Batch): Packed {
  const packer = new Packer();
  const ranges = rangesOf(removed);
  packer.number(ranges.length);
  for (const [first, last] of ranges) {
    packer.number(first);
    packer.number(last);
  }
  packer.number(removedDelayed.length);
  for (const seq of removedDelayed) packer.number(seq);
  packer.number(cancelled.length);
  for (const token of cancelled) packer.text(token);
  packer.number(inserted.length);
  for (const message of inserted) packMessage(packer, message);
  packer.number(state.length);
  for (const write of state) packWrite(packer, write);
  packer.number(unwatched.length);
  for (const watching of unwatched) packWatching(packer, watching);
  packer.number(watched.length);
  for (const watching of watched) packWatching(packer, watching);
  packer.number(deletedDeadLetters.length);
  for (const id of deletedDeadLetters) packer.text(id);
  packer.number(dead.length);
  for (const letter of dead) packLetter(packer, letter);
  packer.number(marks.length);
  for (const mark of marks) packMark(packer, mark);
  return packer.pack();
}

function packMessage(packer: Packer, { seq, dueAt, token, envelope }: StoredMessage): void {
  packer.number(seq);
  packer.number(dueAt ?? NO_INSTANT);
  packEnvelope(packer, envelope);
  if (dueAt === undefined) return;
  packer.text(token);
  packer.text(envelope.scope);
}

function packEnvelope(packer: Packer, envelope: Envelope): void {
  const { head, payload } = encodeEnvelope(envelope);
  packer.text(envelope.id);
  packer.text(head);
  packer.text(payload);
}

function packWrite(packer: Packer, { rowId, isNew, address, name, value }: StateWrite): void {
  packer.number(value === undefined ? WRITE.erase : isNew ? WRITE.insert : WRITE.update);
  packer.number(rowId);
  if (value === undefined) return;
  packValue(packer, value);
  if (!isNew) return;
  packer.text(address.type);
  packer.text(address.id);
  packer.text(name);
}

function packValue(packer: Packer, { content, expiresAt = NO_INSTANT }: StoredValue): void {
  packer.text(encodeContent(content));
  packer.number(expiresAt);
}

function packWatching(packer: Packer, { scope, address, token }: ScopeWatch): void {
  packer.text(scope);
  packer.text(address.type);
  packer.text(address.id);
  packer.text(token);
}

function packLetter(packer: Packer, { envelope, failure, at }: StoredDeadLetter): void {
  packEnvelope(packer, envelope);
  packer.text(JSON.stringify(failure));
  packer.number(at);
}

function packMark(packer: Packer, { seq, crashes }: CrashMark): void {
  packer.number(seq);
  packer.number(crashes);
}
