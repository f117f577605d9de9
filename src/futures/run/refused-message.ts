import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { rejectedSettlement } from "../protocol/settled.ts";
import type { Failure } from "../types/failure.ts";
import { unregistered } from "./registry.ts";

/** The failure of a message: a reply to its client, or the activation of a function. */
export type Refusal =
  | { readonly key: string }
  | {
      readonly definition: Definition;
      readonly envelope: Envelope;
      readonly discarded?: Json;
    };

/**
 * Finds how a message fails for those that wait for it, if an engine cannot commit its effects: a
 * request of a client gets an error, a call fails, a settlement becomes a rejection, and consumers on
 * their way to a future get the failure.
 *
 * @returns `undefined` if nothing waits for the message
 */
export function refusalOf(
  definition: Definition,
  envelope: Envelope,
  failure: Failure,
): Refusal | undefined {
  if (!definition.system) return { definition, envelope, discarded: failure };
  const { control } = envelope;
  if (typeof control !== "object" || control === null || Array.isArray(control)) return undefined;
  const fields = control as Readonly<Record<string, Json>>;
  const { key, ok, consumers } = fields;
  if (typeof key === "string") return { key };
  if (ok === true) {
    const payload = rejectedSettlement(failure).text;
    return { definition, envelope: { ...envelope, control: { ...fields, ok: false }, payload } };
  }
  return consumers === undefined
    ? undefined
    : { definition: unregistered, envelope, discarded: failure };
}
