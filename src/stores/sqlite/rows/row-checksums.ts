import { checksum } from "./checksum.ts";

/** The length of a text that is not there. */
const ABSENT = -1;

/** The checksum of a deliverable message; `text` is its id, head and payload, joined. */
export function messageSum(
  text: string,
  { seq, id, head }: { readonly seq: number; readonly id: string; readonly head: string },
): number {
  return checksum(text, [seq, id.length, head.length]);
}

/** What there is of a delayed message besides its payload. */
export interface DelayedColumns {
  readonly seq: number;
  readonly dueAt: number;
  readonly id: string;
  readonly head: string;
  readonly token: string | null;
  readonly scope: string | null;
}

/** The checksum of a delayed message; `text` is its id, head, payload, token and scope, joined. */
export function delayedSum(
  text: string,
  { seq, dueAt, id, head, token, scope }: DelayedColumns,
): number {
  return checksum(text, [
    seq,
    dueAt,
    id.length,
    head.length,
    token?.length ?? ABSENT,
    scope?.length ?? ABSENT,
  ]);
}

/** The checksum of what a value is found by; `text` is type, id and name, joined. */
export function ownerSum(
  text: string,
  { rowId, type, id }: { readonly rowId: number; readonly type: string; readonly id: string },
): number {
  return checksum(text, [rowId, type.length, id.length]);
}

/** The checksum of a value; `expiresAt`: {@link NO_INSTANT} if it does not. */
export function valueSum(
  text: string,
  { rowId, expiresAt }: { readonly rowId: number; readonly expiresAt: number },
): number {
  return checksum(text, [rowId, expiresAt]);
}

/** What a watch consists of. */
export interface WatchColumns {
  readonly scope: string;
  readonly type: string;
  readonly id: string;
}

/** The checksum of a watch; `text` is its scope, type, id and token, joined. */
export function watchSum(text: string, { scope, type, id }: WatchColumns): number {
  return checksum(text, [scope.length, type.length, id.length]);
}

/** What there is of a dead letter besides its failure. */
export interface LetterColumns {
  readonly at: number;
  readonly id: string;
  readonly head: string;
  readonly payload: string;
}

/** The checksum of a dead letter; `text` is its id, head, payload and failure, joined. */
export function letterSum(text: string, { at, id, head, payload }: LetterColumns): number {
  return checksum(text, [at, id.length, head.length, payload.length]);
}

/** The checksum of a mark. */
export function markSum(seq: number, crashes: number): number {
  return checksum("", [seq, crashes]);
}

/** What a store knows of itself. */
export interface Meta {
  readonly storeId: string;
  readonly generation: number;
  /** Whether it was last closed as one that is whole. */
  readonly clean: boolean;
  /** Whether it was last opened as a relaxed one. */
  readonly relaxed: boolean;
}

/** The checksum of what a store knows of itself. */
export function metaSum({ storeId, generation, clean, relaxed }: Meta): number {
  return checksum(storeId, [generation, Number(clean), Number(relaxed)]);
}
