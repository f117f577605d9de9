import { specOf } from "../../futures/define/spec.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema of a library that describes itself as JSON Schema. Source: https://standardschema.dev */
interface DescribedSchema {
  readonly jsonSchema: { readonly input: (options: { readonly target: string }) => unknown };
}

/** Keywords whose values are data, in which no reference is a reference. */
const DATA: ReadonlySet<string> = new Set(["const", "default", "enum", "example", "examples"]);

/**
 * Returns the JSON Schema of a function's input, with references that hold below `place` in another
 * document. `undefined` if the function has no schema, or its library does not describe it.
 *
 * @param place - such as `#/components/schemas/order`
 */
export function inputSchemaOf(f: AnyInvokable, place: string): JsonSchema | undefined {
  const schema = specOf(f)?.input?.["~standard"];
  if (schema === undefined || !isDescribed(schema)) return undefined;
  try {
    const described: unknown = schema.jsonSchema.input({ target: "draft-2020-12" });
    // A copy that is JSON for certain.
    const { $schema: _, $id: __, ...rest } = JSON.parse(JSON.stringify(described)) as JsonSchema;
    return movedTo(rest, place) as JsonSchema;
  } catch {
    // The library cannot describe it: a transformation, a bigint, a check of its own.
    return undefined;
  }
}

function isDescribed(schema: object): schema is DescribedSchema {
  return (
    "jsonSchema" in schema &&
    typeof schema.jsonSchema === "object" &&
    schema.jsonSchema !== null &&
    "input" in schema.jsonSchema
  );
}

/** Moves a schema to a place in another document: references to its root name the place. */
function movedTo(part: unknown, place: string): unknown {
  if (Array.isArray(part)) return part.map((item) => movedTo(item, place));
  if (typeof part !== "object" || part === null) return part;
  const members = Object.entries(part).map(([name, value]: [string, unknown]) => {
    if (name === "$ref" && typeof value === "string" && value.startsWith("#"))
      return [name, place + value.slice(1)];
    return [name, DATA.has(name) ? value : movedTo(value, place)];
  });
  return Object.fromEntries(members) as JsonSchema;
}
