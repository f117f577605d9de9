import { show } from "./show.ts";

/**
 * Reads values that user code threw. They may be anything: a string, a revoked proxy, an object
 * whose properties throw. Nothing here throws.
 */

/** Reads a property. Returns `undefined` if that throws. */
export function readProperty(object: object, name: PropertyKey): unknown {
  try {
    return Reflect.get(object, name) as unknown;
  } catch {
    return undefined;
  }
}

/** Returns the names of an object's own properties, also of hidden ones, except symbols. */
export function ownNames(object: object): readonly string[] {
  try {
    return Reflect.ownKeys(object).filter((name) => typeof name === "string");
  } catch {
    return [];
  }
}

/** Returns the message of a thrown value, or a few words about a value without one. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === "string") return thrown;
  const isObject = (typeof thrown === "object" && thrown !== null) || typeof thrown === "function";
  const message = isObject ? readProperty(thrown, "message") : undefined;
  return typeof message === "string" ? message : `thrown: ${show(thrown)}`;
}
