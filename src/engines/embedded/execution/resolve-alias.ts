import type { Definition } from "../../../core/activation/definition.ts";
import type { Envelope } from "../../../core/message/envelope.ts";

/** A message to the present name of its function, if it was sent to a former one. */
export function resolveAlias(envelope: Envelope, { type, aliases = [] }: Definition): Envelope {
  return !aliases.includes(envelope.target.type)
    ? envelope
    : { ...envelope, target: { type, id: envelope.target.id } };
}
