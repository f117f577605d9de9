import type { Definition } from "../../../core/activation/definition.ts";
import type { Envelope } from "../../../core/message/envelope.ts";

/** The functions that an engine hosts, by type. A former type leads to the same definition. */
export type Definitions = ReadonlyMap<string, Definition>;

/**
 * Finds the function for a message. `undefined` if its type is not registered, or if the registered
 * version of the function has no such operation.
 */
export function findDefinition(
  definitions: Definitions,
  { target, name }: Pick<Envelope, "target" | "name">,
): Definition | undefined {
  const definition = definitions.get(target.type);
  return definition?.handles?.(name) === false ? undefined : definition;
}

/** Names what is missing for a message: a function type, or `type/operation`. */
export function missingFunction(definitions: Definitions, { target, name }: Envelope): string {
  return definitions.has(target.type) ? `${target.type}/${name}` : target.type;
}
