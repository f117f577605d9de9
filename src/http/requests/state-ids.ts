import { timingSafeEqual } from "node:crypto";
import type { Client } from "../../futures/client/client.ts";
import { isGeneratedId } from "../../core/message/message-id.ts";
import { ProblemError } from "../responses/problem.ts";

const encoder = new TextEncoder();
/** Hex digits of a signature: 128 bits. */
const DIGITS = 32;
const SIGNED = /^(@[0-9a-f]{40})\.([0-9a-f]{32})$/;
/** The start of ids that the system made, also of one that was changed on its way. */
const MADE = /^@[0-9a-f]{40}(?![0-9a-f])/i;

/**
 * Returns the id of a state as clients see it. An id that the system made can be counted or
 * computed, so it carries a signature of the store.
 */
export async function publicStateId(client: Client, id: string): Promise<string> {
  return isGeneratedId(id) ? `${id}.${await signatureOf(client, id)}` : id;
}

/**
 * Returns the id of a state that a client names.
 *
 * @throws a `ProblemError` if the system made the id and the client has not got it from here
 */
export async function readStateId(client: Client, text: string): Promise<string> {
  if (!MADE.test(text)) return text;
  const [, id, signature] = SIGNED.exec(text) ?? [];
  if (id === undefined || signature === undefined) throw new ProblemError("NOT_FOUND");
  const expected = encoder.encode(await signatureOf(client, id));
  if (!timingSafeEqual(expected, encoder.encode(signature))) throw new ProblemError("NOT_FOUND");
  return id;
}

async function signatureOf(client: Client, id: string): Promise<string> {
  return (await client.sign(`state over HTTP\n${id}`)).slice(0, DIGITS);
}
