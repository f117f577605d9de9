import type { Definition } from "../../../core/activation/definition.ts";
import type { Envelope } from "../../../core/message/envelope.ts";

/** Returns the message with its function's current name in place of a former one. */
export function resolveAlias(envelope: Envelope, { type, aliases = [] }: Definition): Envelope {
  return !aliases.includes(envelope.target.type)
    ? envelope
    : { ...envelope, target: { type, id: envelope.target.id }, sentTo: envelope.target.type };
}
