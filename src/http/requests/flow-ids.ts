import { digest } from "../../core/crypto/digest.ts";
import { hmac } from "../../core/crypto/hmac.ts";
import { checkFlowKey } from "../../core/validation/names.ts";

/** Hex digits of an id: 192 bits. */
const DIGITS = 48;

/** Ids that an engine has counted up: anybody could count along. */
const COUNTED = /^[0-9a-f]{16}$/;

/** Who asks, and what makes ids of keys that nobody can work out. */
export interface KeyParts {
  readonly principal: string | undefined;
  readonly secret: string | undefined;
}

/**
 * Makes the id of a new flow: of an idempotency key always the same one, else one that nobody can guess.
 *
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export function newFlowId(header: string | undefined, { principal, secret }: KeyParts): string {
  if (header === undefined) return randomId(DIGITS / 2);
  // The header's own specification has it in quotes; most clients leave them out.
  const key = checkFlowKey(/^".*"$/.test(header) ? header.slice(1, -1) : header);
  const text = JSON.stringify([principal ?? null, key]);
  return (secret === undefined ? digest(text) : hmac(secret, text)).slice(0, DIGITS);
}

/** Whether a flow of this id can be meant from outside: it is a key, and not one that the engine has counted up. */
export function isReachable(flow: string): boolean {
  try {
    return !COUNTED.test(checkFlowKey(flow));
  } catch {
    return false;
  }
}

/** A text without ids of flows: those that are made here, and the one that a request named. */
export function withoutIds(text: string, named = ""): string {
  const rest = named === "" ? text : text.replaceAll(named, "[id]");
  return rest.replace(/\b[0-9a-f]{48}\b/g, "[id]");
}

/** Bytes that nobody can guess, in hex. */
export function randomId(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
