import type { ExposedFunction } from "../requests/exposed-functions.ts";
import { describeStart, KEY, STATUS_PARAMETERS } from "./flow-paths.ts";
import type { JsonSchema } from "./input-schema.ts";
import {
  ANSWER_SCHEMAS,
  EVENTS_ANSWER,
  PROBLEM_ANSWER,
  reportAnswer,
  STATS_ANSWER,
} from "./schemas.ts";

/** A path of the app, such as `/flows/:flow`, and its methods. */
export type ServedPaths = Readonly<Record<string, readonly string[]>>;

/** Routes that say more than the rest. All others answer with JSON or nothing. */
const KNOWN: Readonly<Record<string, JsonSchema>> = {
  "GET /flows/:flow": {
    summary: "Returns the report of a flow.",
    parameters: STATUS_PARAMETERS,
    responses: { 200: reportAnswer("The flow has ended."), 202: reportAnswer("It is pending.") },
  },
  "DELETE /flows/:flow": { summary: "Deletes the record of a flow that has ended." },
  "POST /flows/:flow/events/:event": {
    summary: "Sends an event to a flow.",
    parameters: [KEY],
    requestBody: { content: { "application/json": { schema: {} } } },
  },
  "POST /flows/:flow/pause": { summary: "Pauses a flow." },
  "POST /flows/:flow/restart": {
    summary: "Runs a flow again from its start, if it has failed or was canceled.",
    requestBody: {
      content: {
        "application/json": {
          schema: {
            type: "object",
            properties: { keys: { enum: ["same", "new"] } },
            required: ["keys"],
          },
        },
      },
    },
  },
  "POST /flows/:flow/cancel": { summary: "Cancels a flow." },
  "GET /flows/:flow/streams/:channel": {
    summary: "Follows a stream of a flow.",
    responses: { 200: EVENTS_ANSWER },
  },
  "GET /flows/:flow/history": {
    summary: "Follows the history of a flow.",
    responses: { 200: EVENTS_ANSWER },
  },
  "GET /stats": {
    summary: "Returns figures about the engine.",
    responses: { 200: STATS_ANSWER },
  },
  "GET /events": {
    summary: "Follows the starts and ends of flows.",
    responses: { 200: EVENTS_ANSWER },
  },
};

/**
 * Describes an app as an OpenAPI 3.1 document. Functions have paths of their own.
 *
 * @param paths - the paths of the app, except those that start functions
 */
export function openApiDocument(
  functions: readonly ExposedFunction[],
  paths: ServedPaths,
): JsonSchema {
  const starts = functions.map((f, at) => describeStart(f, nameIn(functions, at)));
  const others = Object.entries(paths).map(([path, methods]) => [
    path.replaceAll(/:(\w+)/g, "{$1}"),
    { parameters: parametersOf(path), ...itemOf(path, methods) },
  ]);
  return {
    openapi: "3.1.0",
    info: { title: "Flows over HTTP", version: "1" },
    paths: {
      ...Object.fromEntries(starts.map(({ path, item }) => [path, withProblems(item)] as const)),
      ...(Object.fromEntries(others) as JsonSchema),
    },
    components: {
      schemas: Object.assign({}, ANSWER_SCHEMAS, ...starts.map((s) => s.schemas)) as JsonSchema,
    },
  };
}

/** Names a function for references: two functions may differ in characters that these lack. */
function nameIn(functions: readonly ExposedFunction[], at: number): string {
  const nameAt = (index: number): string => {
    const { type = "", operation } = functions[index] ?? {};
    const whole = operation === undefined ? type : `${type}/${operation}`;
    return whole.replaceAll("/", ".").replaceAll(/[^\w.-]/g, "_");
  };
  const name = nameAt(at);
  const isTaken = name in ANSWER_SCHEMAS || functions.some((_, i) => i < at && nameAt(i) === name);
  return isTaken ? `${name}-${at}` : name;
}

function parametersOf(path: string): readonly JsonSchema[] {
  return Array.from(path.matchAll(/:(\w+)/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function itemOf(path: string, methods: readonly string[]): JsonSchema {
  const operations = methods.map((method) => {
    const known = KNOWN[`${method} ${path}`] ?? {};
    const operationId = `${method.toLowerCase()}${path.replaceAll(/[/:]+/g, "-")}`;
    const responses = { "2XX": { description: "Done." } };
    return [method.toLowerCase(), { operationId, tags: ["flows"], responses, ...known }];
  });
  return withProblems(Object.fromEntries(operations) as JsonSchema);
}

/** Adds the answer to refused requests to every operation of a path. */
function withProblems(item: JsonSchema): JsonSchema {
  const operations = Object.entries(item).map(([method, operation]) => {
    const { responses, ...rest } = operation as { readonly responses: JsonSchema };
    return [method, { ...rest, responses: { ...responses, default: PROBLEM_ANSWER } }];
  });
  return Object.fromEntries(operations) as JsonSchema;
}
