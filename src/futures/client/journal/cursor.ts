import { HandbackError } from "../../../core/errors/errors.ts";
import { show } from "../../../core/errors/show.ts";

/**
 * A place in a stream, a history or the events of a store, as text. Reading after it goes on with
 * the next item. It belongs to one store, and tells nothing else.
 */
export type Cursor = string;

const CURSOR = /^([0-9a-f]{16})-([0-9a-z]{1,11})$/;

/** Writes the position of an item as a cursor. */
export function cursorAt(storeId: string, position: number): Cursor {
  return `${storeId}-${position.toString(36)}`;
}

/**
 * Returns the position of a cursor; 0, which is before all items, for `undefined`.
 * @throws `INVALID_CURSOR` for another text, and for the cursor of another store
 */
export function positionOf(storeId: string, cursor: unknown): number {
  if (cursor === undefined) return 0;
  const [, store, text = ""] = typeof cursor === "string" ? (CURSOR.exec(cursor) ?? []) : [];
  const position = Number.parseInt(text, 36);
  if (store === storeId && Number.isSafeInteger(position)) return position;
  const expected = "expected the cursor of an item of this store";
  throw new HandbackError("INVALID_CURSOR", `after: ${expected}, got ${show(cursor)}`);
}
