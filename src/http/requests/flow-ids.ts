import { digest } from "../../core/crypto/digest.ts";
import { toHex } from "../../core/crypto/hex.ts";
import { hmac } from "../../core/crypto/hmac.ts";
import { randomBytes } from "../../machine/random-bytes.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkFlowKey } from "../../core/validation/names.ts";
import type { Client } from "../../futures/client/client.ts";

/** Hex digits of an id: 192 bits. */
const DIGITS = 48;

/** Ids that an engine has made by counting. They can be guessed. */
const COUNTED = /^[0-9a-f]{16}$/;

/** The name of the client that sent a key, and the secret of the app. */
export interface KeyParts {
  readonly principal: string | undefined;
  readonly secret: string | undefined;
}

/**
 * Makes the id of a new flow. An idempotency key always gives the same id, which nobody can compute
 * from the key: it is signed with the secret of the app, or else of the store. Without a key, the id
 * is random.
 *
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export async function newFlowId(
  client: Client,
  header: string | undefined,
  parts: KeyParts,
): Promise<string> {
  if (header === undefined) return randomId(DIGITS / 2);
  const id = digestOfKey(header, parts);
  // Earlier releases did not sign. Their flows keep their ids.
  if (parts.secret !== undefined || (await isKnown(client, id))) return id;
  return (await client.sign(`flow over HTTP\n${id}`)).slice(0, DIGITS);
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

/** Returns true if there is a flow with this id. */
export async function isKnown(client: Client, flow: string): Promise<boolean> {
  try {
    await client.status(flow);
    return true;
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return false;
    throw error;
  }
}

/** Returns true if clients may use this id: it is a key, and not one made by counting. */
export function isReachable(flow: string): boolean {
  try {
    return !COUNTED.test(checkFlowKey(flow));
  } catch {
    return false;
  }
}

/** Returns random bytes in hex, from a secure source. */
export function randomId(bytes: number): string {
  return toHex(randomBytes(bytes));
}
