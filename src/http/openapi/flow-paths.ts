import type { ExposedFunction } from "../requests/exposed-functions.ts";
import { inputSchemaOf } from "./input-schema.ts";
import type { JsonSchema } from "./input-schema.ts";
import { reportAnswer } from "./schemas.ts";

const WAIT = {
  name: "wait",
  in: "query",
  description: "Seconds to wait for the end of the flow.",
  schema: { type: "number", minimum: 0 },
};
/** The header under which a request counts once. */
export const KEY = {
  name: "Idempotency-Key",
  in: "header",
  description: "A key under which the request counts once.",
  schema: { type: "string", minLength: 1, maxLength: 256 },
};
const STATE_ID = {
  name: "id",
  in: "query",
  description: "Id of the state. Default: a new state.",
  schema: { type: "string" },
};
const UNTYPED =
  "The function has no schema that describes itself as JSON Schema, so its input is untyped here.";

/** A path of the document, and the schema of the input that it adds to the components. */
export interface FunctionPath {
  readonly path: string;
  readonly item: JsonSchema;
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/**
 * Describes the route that starts a function.
 *
 * @param name - a name for the function that no other has, of letters, digits and `_.-`
 */
export function describeStart({ type, operation, f }: ExposedFunction, name: string): FunctionPath {
  const segments = [...type.split("/"), ...(operation === undefined ? [] : [operation])];
  const schema = inputSchemaOf(f, `#/components/schemas/${name}`);
  const content =
    schema === undefined
      ? { schema: { description: UNTYPED } }
      : { schema: { $ref: `#/components/schemas/${name}` } };
  const start = {
    operationId: `start-${name}`,
    summary: `Starts ${segments.join("/")}.`,
    tags: ["functions"],
    parameters: [KEY, WAIT, ...(f.operation === undefined ? [] : [STATE_ID])],
    requestBody: { content: { "application/json": content } },
    responses: {
      200: reportAnswer("The flow has ended in time."),
      202: reportAnswer("The flow is started and pending."),
    },
  };
  return {
    path: `/functions/${segments.map(encodeURIComponent).join("/")}`,
    item: { post: start },
    schemas: schema === undefined ? {} : { [name]: schema },
  };
}

/** The query parameter of a status. */
export const STATUS_PARAMETERS = [WAIT];
