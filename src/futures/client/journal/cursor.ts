import { digest } from "../../../core/crypto/digest.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { show } from "../../../core/errors/show.ts";

/**
 * A place in a stream, a history or the events of a store, as text. Reading after it goes on with
 * the next item. It is valid for the same store, list and filter only, and reveals nothing else.
 */
export type Cursor = string;

const CURSOR = /^([0-9a-f]{16})-([0-9a-z]{1,11})$/;
const DIGEST_DIGITS = 16;

/**
 * The cursors of one list of the journal, such as a stream.
 *
 * CU1 A cursor holds a position and a digest of the list. Someone who forges one gets to another
 *     place of the list that the program reads, and never to an item outside of it.
 */
export class Cursors {
  readonly #list: string;

  /** @param parts - describe the list: its store, its kind and its filter */
  constructor(parts: readonly (string | undefined)[]) {
    this.#list = digest(JSON.stringify(parts.map((part) => part ?? null))).slice(0, DIGEST_DIGITS);
  }

  /** Writes the position of an item as a cursor. */
  at(position: number): Cursor {
    return `${this.#list}-${position.toString(36)}`;
  }

  /**
   * Returns the position of a cursor; 0, which is before all items, for `undefined`.
   * @throws `INVALID_CURSOR` for another text, and for the cursor of another list
   */
  positionOf(cursor: unknown): number {
    if (cursor === undefined) return 0;
    const [, list, text = ""] = typeof cursor === "string" ? (CURSOR.exec(cursor) ?? []) : [];
    const position = Number.parseInt(text, 36);
    if (list === this.#list && Number.isSafeInteger(position)) return position;
    const expected = "expected the cursor of an item of the same store and filter";
    throw new HandbackError("INVALID_CURSOR", `after: ${expected}, got ${show(cursor)}`);
  }
}
