import { HandbackError } from "../../core/errors/errors.ts";

/** The server refuses deeper values. */
const MAX_DEPTH = 500;

/**
 * Writes a value as JSON. `undefined` is an empty text, as a body without a value is.
 *
 * `JSON.stringify` changes many values silently: a `NaN` becomes `null`, a Map becomes `{}`, a
 * function disappears. Here all of these are refused.
 *
 * @throws `UNSERIALIZABLE`, `TOO_DEEP`
 */
export function jsonText(value: unknown, root: string): string {
  return value === undefined ? "" : writeJson(value, { path: root, around: [] });
}

/** The place of a value, and the objects around it. */
interface Place {
  readonly path: string;
  readonly around: readonly object[];
}

function writeJson(value: unknown, place: Place): string {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) throw refusedAt(place, `${value}`);
      return Object.is(value, -0) ? "-0" : String(value);
    case "object":
      return value === null ? "null" : objectText(value, place);
    default:
      throw refusedAt(place, `a value of type ${typeof value}`);
  }
}

function objectText(value: object, { path, around }: Place): string {
  if (around.includes(value)) throw refusedAt({ path, around }, "a cycle");
  if (around.length >= MAX_DEPTH)
    throw new HandbackError("TOO_DEEP", `${path}: nested deeper than ${MAX_DEPTH} levels`, {
      details: { path },
    });
  const inside = [...around, value];
  if (Array.isArray(value)) {
    const items = Array.from(value, (item, at) =>
      writeJson(item, { path: `${path}[${at}]`, around: inside }),
    );
    return `[${items.join(",")}]`;
  }
  if (!isPlainData(value)) throw refusedAt({ path, around }, `a ${classOf(value)}`);
  const members = Object.entries(value).flatMap(([name, item]: [string, unknown]) =>
    item === undefined
      ? []
      : `${JSON.stringify(name)}:${writeJson(item, { path: `${path}.${name}`, around: inside })}`,
  );
  return `{${members.join(",")}}`;
}

/** Returns true for an object that JSON describes in full, also for one of another realm. */
function isPlainData(value: object): boolean {
  if ("toJSON" in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function classOf(value: object): string {
  const { name } = value.constructor as { readonly name?: unknown };
  return typeof name === "string" && name !== "" ? name : "object with a class";
}

function refusedAt({ path }: Place, what: string): HandbackError {
  return new HandbackError("UNSERIALIZABLE", `${path}: JSON cannot carry ${what}`, {
    details: { path },
  });
}
