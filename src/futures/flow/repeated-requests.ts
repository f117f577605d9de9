import type { Activation } from "../../core/activation/activation.ts";
import { digest } from "../../core/crypto/digest.ts";
import { readVersioned } from "../protocol/combinator.ts";

/** Name of the value that holds the last requests to a flow. */
export const REQUESTS_VALUE = "requests";
/** Number of requests that a flow remembers. */
const MOST_REQUESTS = 256;
/** Time for which a flow remembers them after the last one, in ms. */
const REMEMBERED_FOR_MS = 600_000;

/** Hex digits of a digest that are stored: 64 bits. */
const DIGITS = 16;
/** Version of the stored value. */
const FORMAT = 1;

/** Digests of the keys of requests, the oldest first. */
type Requests = { readonly v: number; readonly keys: readonly string[] };

/**
 * Tells whether a request has come before, and remembers it. It outlives the record of a flow, so a
 * request that is delivered again cannot reach a later flow of the same key.
 *
 * RX1 Only engines whose ingress may deliver a request twice remember requests.
 * RX2 A request that has come before needs no answer: that of the first one has the same key.
 */
export function isRepeated(activation: Activation, key: string): boolean {
  if (activation.environment.repeatsRequests !== true) return false;
  if (isRemembered(activation, key)) return true;
  rememberRequest(activation, key);
  return false;
}

/** Tells whether a request is remembered. */
export function isRemembered(activation: Activation, key: string): boolean {
  return (
    activation.environment.repeatsRequests === true &&
    readRequests(activation).includes(requestName(key))
  );
}

/** Remembers a request, once. */
export function rememberRequest(activation: Activation, key: string): void {
  if (activation.environment.repeatsRequests !== true || isRemembered(activation, key)) return;
  const keys = [...readRequests(activation), requestName(key)].slice(-MOST_REQUESTS);
  const json: Requests = { v: FORMAT, keys };
  activation.write(REQUESTS_VALUE, { json }, activation.now + REMEMBERED_FOR_MS);
}

function readRequests(activation: Activation): readonly string[] {
  return readVersioned<Requests>(activation, REQUESTS_VALUE, FORMAT)?.keys ?? [];
}

function requestName(key: string): string {
  return digest(key).slice(0, DIGITS);
}
