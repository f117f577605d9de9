import { digest } from "../../core/crypto/digest.ts";
import type { Client } from "../../futures/client/client.ts";

/** Time, in ms, for which a form can be sent. */
const VALID_MS = 3_600_000;

/** The facts that a proof binds: the person, the action, and its target. */
export type Bound = readonly (string | undefined)[];

/**
 * Makes the proof that a person was shown the form of an action. A page of another site cannot read
 * the form, so it cannot send the proof. It is signed with the secret of the store, and there is no
 * session.
 */
export async function makeProof(client: Client, bound: Bound, now: number): Promise<string> {
  const until = now + VALID_MS;
  return `${until}.${await signed(client, bound, until)}`;
}

/** Tells whether a proof belongs to this person, action and target, and is not too old. */
export async function isProof(
  client: Client,
  bound: Bound,
  { proof, now }: { readonly proof: string; readonly now: number },
): Promise<boolean> {
  const [, until, signature] = /^(\d{1,16})\.([0-9a-f]{64})$/.exec(proof) ?? [];
  if (until === undefined || signature === undefined) return false;
  if (Number(until) < now || Number(until) > now + VALID_MS) return false;
  // Digests are compared, so that time tells nothing.
  return digest(signature) === digest(await signed(client, bound, Number(until)));
}

function signed(client: Client, bound: Bound, until: number): Promise<string> {
  const parts = bound.map((part) => part ?? null);
  return client.sign(`form of the inspector\n${JSON.stringify([until, ...parts])}`);
}
