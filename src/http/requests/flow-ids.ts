import { digest } from "../../core/crypto/digest.ts";
import { hmac } from "../../core/crypto/hmac.ts";
import { checkFlowKey } from "../../core/validation/names.ts";

/** Hex digits of an id: 192 bits. */
const DIGITS = 48;

/** Ids that an engine has made by counting. They can be guessed. */
const COUNTED = /^[0-9a-f]{16}$/;

/** The name of the client, and the secret that hides ids from people who know the key. */
export interface KeyParts {
  readonly principal: string | undefined;
  readonly secret: string | undefined;
}

/**
 * Makes the id of a new flow. An idempotency key always gives the same id. Without a key, the id is
 * random and cannot be guessed.
 *
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export function newFlowId(header: string | undefined, { principal, secret }: KeyParts): string {
  return header === undefined ? randomId(DIGITS / 2) : digestOfKey(header, { principal, secret });
}

/**
 * Makes the digest of an idempotency key, which belongs to the client that sent it.
 *
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export function digestOfKey(header: string, { principal, secret }: KeyParts): string {
  // The header's specification puts the key in quotes. Most clients leave them out.
  const key = checkFlowKey(/^".*"$/.test(header) ? header.slice(1, -1) : header);
  const text = JSON.stringify([principal ?? null, key]);
  return (secret === undefined ? digest(text) : hmac(secret, text)).slice(0, DIGITS);
}

/** Returns true if clients may use this id: it is a key, and not one made by counting. */
export function isReachable(flow: string): boolean {
  try {
    return !COUNTED.test(checkFlowKey(flow));
  } catch {
    return false;
  }
}

/** Returns a text without flow ids: those made here, and the one in the request. */
export function withoutIds(text: string, named = ""): string {
  const rest = named === "" ? text : text.replaceAll(named, "[id]");
  return rest.replace(/\b[0-9a-f]{48}\b/g, "[id]");
}

/** Returns random bytes in hex, from a secure source. */
export function randomId(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
