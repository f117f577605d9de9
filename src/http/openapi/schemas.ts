import type { JsonSchema } from "./input-schema.ts";

const text = { type: "string" };
const instant = { type: "string", format: "date-time" };

/** The schemas of the answers: those of reports and problems. */
export const ANSWER_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  FlowReport: {
    type: "object",
    required: ["id", "function", "status", "startedAt"],
    properties: {
      id: text,
      function: text,
      stateId: text,
      status: { enum: ["pending", "completed", "failed", "cancelled"] },
      custom: { description: "The last value that the flow set with ctx.setStatus." },
      output: { description: "The output of a completed flow." },
      error: { description: "The description of the failure of a failed flow." },
      startedAt: instant,
      settledAt: instant,
      statusUrl: text,
      eventUrl: { ...text, description: "A template: {name} is the name of the event." },
      cancelUrl: text,
      purgeUrl: text,
    },
  },
  Problem: {
    type: "object",
    description: "A problem document (RFC 9457).",
    required: ["type", "title", "status", "code"],
    properties: {
      type: text,
      title: text,
      status: { type: "integer" },
      code: text,
      path: text,
      issues: {
        type: "array",
        items: {
          type: "object",
          required: ["path", "message"],
          properties: { path: text, message: text },
        },
      },
      errorId: text,
    },
  },
};

const problem = { $ref: "#/components/schemas/Problem" };
const report = { $ref: "#/components/schemas/FlowReport" };

/** The answer to every request that is refused. */
export const PROBLEM_ANSWER = {
  description: "A problem.",
  content: { "application/problem+json": { schema: problem } },
};

/** Returns an answer with the report of a flow. */
export function reportAnswer(description: string): JsonSchema {
  return { description, content: { "application/json": { schema: report } } };
}

/** An answer with server-sent events. */
export const EVENTS_ANSWER = {
  description: "Server-sent events. Last-Event-ID goes on after an event.",
  content: { "text/event-stream": { schema: { type: "string" } } },
};

const number = { type: "number" };
const integer = { type: "integer" };
const counts = { type: "object", additionalProperties: integer };
const commits = { count: integer, batchSize: number, p50Ms: number, p99Ms: number };

/** The answer with the figures of an engine. */
export const STATS_ANSWER = {
  description: "The figures of the engine.",
  content: {
    "application/json": {
      schema: {
        type: "object",
        properties: {
          activations: integer,
          queued: integer,
          oldestQueuedMs: number,
          slots: counts,
          commits: { type: "object", properties: commits },
          parked: integer,
          deadLetters: integer,
          timersDue: integer,
          lines: { ...counts, description: "Number of events by kind of line in the log." },
        },
      },
    },
  },
};
