import { definitionFor } from "../../../core/activation/definition.ts";
import type { Definition } from "../../../core/activation/definition.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import { patternOfStage } from "../../../core/message/stage-type.ts";

/** The functions that an engine hosts, by type. A former type leads to the same definition. */
export type Definitions = ReadonlyMap<string, Definition>;

/** The parts of a message that choose its function and operation. */
type Message = Pick<Envelope, "target" | "name" | "payload">;

/**
 * Finds the function for a message. `undefined` if its type is not registered, or if the registered
 * version of the function has no such operation.
 */
export function findDefinition(
  definitions: Definitions,
  { target, name, payload }: Message,
): Definition | undefined {
  return definitionFor(definitions, target.type, name, payload);
}

/** Says why there is no function for a message. */
export function whyMissing(definitions: Definitions, { target, name, payload }: Message): string {
  const operation = definitions.get(target.type)?.missingOperation?.(name, payload);
  if (operation !== undefined) return `it has no operation ${operation}`;
  return changedShape(definitions, target.type) ?? "not registered";
}

/**
 * Says that a type which is not registered is a stage of a pattern whose shape has changed.
 * `undefined` if it is not.
 */
export function changedShape(definitions: Definitions, type: string): string | undefined {
  const pattern = patternOfStage(type);
  if (pattern === undefined || !definitions.has(pattern) || definitions.has(type)) return undefined;
  return `SHAPE_CHANGED: ${pattern} is registered with another shape`;
}

/** Names what is missing for a message: a function type, or `type/operation`. */
export function missingFunction(
  definitions: Definitions,
  { target, name, payload }: Message,
): string {
  const operation = definitions.get(target.type)?.missingOperation?.(name, payload);
  return operation === undefined ? target.type : `${target.type}/${operation}`;
}
