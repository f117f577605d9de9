import { isThenable } from "../../core/data/kind.ts";
import { invalidOption } from "../../core/validation/options.ts";
import type {
  SchemaIssue,
  SchemaResult,
  StandardSchemaV1,
} from "../../core/validation/standard-schema.ts";
import { showString } from "../../core/errors/show.ts";
import type { TypedMessage } from "../types/message.ts";
import { standardSchema } from "./options.ts";
import { readResult } from "./schema-result.ts";

type Schema = StandardSchemaV1<unknown, unknown>;

/** Key of the schema for all types of messages that have none of their own. */
const ANY_TYPE = "*";

/** Reads the option `accepts`. @throws `INVALID_OPTIONS` */
export function readAccepts(value: unknown, name: string): ReadonlyMap<string, Schema> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidOption(name, "schemas by type of message", value);
  const schemas = new Map<string, Schema>();
  for (const [type, schema] of Object.entries(value))
    schemas.set(type, standardSchema<unknown, unknown>().read(schema, `${name}.${type}`));
  if (schemas.size === 0) throw invalidOption(name, "at least one type of message", value);
  return schemas;
}

/** Makes a schema of messages `{ type, value }` whose type selects the schema of the value. */
export function messageSchema(schemas: ReadonlyMap<string, Schema>): Schema {
  const validate = (message: unknown): SchemaResult<unknown> | Promise<SchemaResult<unknown>> => {
    if (!isTypedMessage(message)) return refusal("expected a message { type, value }");
    const { type, value } = message;
    const schema = schemas.get(type) ?? schemas.get(ANY_TYPE);
    if (schema === undefined) return refusal(unknownType(type, schemas), ["type"]);
    const result = schema["~standard"].validate(value);
    const finish = (returned: unknown): SchemaResult<unknown> => {
      const checked = readResult(returned, `message ${showString(type)}`);
      return checked.issues === undefined
        ? { value: { type, value: checked.value } }
        : { issues: checked.issues.map(insideValue) };
    };
    return isThenable(result) ? Promise.resolve(result).then(finish) : finish(result);
  };
  return { "~standard": { version: 1, vendor: "handback", validate } };
}

/** Tells whether a value is a message with the name of its type. */
export function isTypedMessage(value: unknown): value is TypedMessage {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    "value" in value
  );
}

function unknownType(type: string, schemas: ReadonlyMap<string, Schema>): string {
  return `unknown type of message ${showString(type)}: expected ${[...schemas.keys()].join(", ")}`;
}

function refusal(message: string, path?: SchemaIssue["path"]): SchemaResult<unknown> {
  return { issues: [{ message, ...(path !== undefined && { path }) }] };
}

function insideValue({ message, path = [] }: SchemaIssue): SchemaIssue {
  return { message, path: ["value", ...path] };
}
