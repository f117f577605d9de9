import { fromBase64Url, toBase64Url } from "../../core/codec/base64.ts";
import { digest } from "../../core/crypto/digest.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";

/** Form of a cursor: its version, a digest, and the place in base64 for URLs. */
const CURSOR = /^1\.([0-9a-f]{32})\.([\w-]{1,8192})$/;
const DIGEST_DIGITS = 32;

/**
 * Makes a cursor for a place in a list. It belongs to the list that `list` describes: its store, its
 * kind, and its filter.
 *
 * A cursor holds no more than the place. Someone who forges one gets to another place of the list
 * that the program asks for, and never to an item outside of it.
 */
export function cursorOf(list: string, place: string): string {
  const text = toBase64Url(new TextEncoder().encode(place));
  return `1.${digestOfPlace(list, place)}.${text}`;
}

/** Returns the place that a cursor names. @throws `INVALID_CURSOR` */
export function placeOfCursor(list: string, cursor: unknown): string {
  const [, stated, text = ""] = typeof cursor === "string" ? (CURSOR.exec(cursor) ?? []) : [];
  const place = stated === undefined ? undefined : decodePlace(text);
  if (place !== undefined && digestOfPlace(list, place) === stated) return place;
  throw invalidCursor(cursor);
}

/** Makes the error for a cursor that does not belong to the list. */
export function invalidCursor(cursor: unknown): HandbackError {
  return new HandbackError(
    "INVALID_CURSOR",
    `cursor: expected one of this list, with the same store, filter and order; got ${show(cursor)}`,
  );
}

function digestOfPlace(list: string, place: string): string {
  return digest(`${list}\n${place}`).slice(0, DIGEST_DIGITS);
}

function decodePlace(text: string): string | undefined {
  const bytes = fromBase64Url(text);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
