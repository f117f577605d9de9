import type { Address } from "../../../core/message/address.ts";

/**
 * Writes an address as the key of its virtual object: the function type, a slash, and the id. A type
 * has exactly one slash, so no two addresses have one key.
 */
export function writeAddressKey({ type, id }: Address): string {
  return `${type}/${id}`;
}

/** Reads a key that {@link writeAddressKey} wrote. */
export function readAddressKey(key: string): Address {
  const end = key.indexOf("/", key.indexOf("/") + 1);
  return { type: key.slice(0, end), id: key.slice(end + 1) };
}
