import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { readProperty } from "../../core/errors/thrown.ts";
import { checkFunctionType, checkName } from "../../core/validation/names.ts";
import {
  checkedBy,
  durationMs,
  invalidOption,
  list,
  nested,
  numberBetween,
  oneOf,
  optional,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { Option, OptionTable, ReadOptions } from "../../core/validation/options.ts";
import type { StandardSchemaV1 } from "../../core/validation/standard-schema.ts";
import type { HandlingOptions, RetryPolicy } from "../types/define.ts";
import { historyDetail } from "./history-option.ts";
import { specOf } from "./spec.ts";
import type { FunctionSpec, OperationSpec } from "./spec.ts";

const RETRY_OPTIONS = {
  maxAttempts: wholeNumber({ from: 1 }),
  initialDelay: withDefault("1s", durationMs()),
  factor: withDefault(2, numberBetween(1)),
  maxDelay: withDefault("5m", durationMs()),
} satisfies OptionTable<RetryPolicy>;

/** The options that every function takes. */
export const HANDLING_OPTIONS = {
  retry: optional(nested<typeof RETRY_OPTIONS, RetryPolicy>(RETRY_OPTIONS)),
  timeout: optional(durationMs()),
  grace: optional(durationMs()),
  concurrency: optional(wholeNumber({ from: 1 })),
  history: optional(historyDetail),
  whenFailed: optional(oneOf("fail", "pause")),
  aliases: withDefault([], list<string>()),
  parts: withDefault([], checkedBy(readParts)),
  events: optional(list<string>()),
} satisfies OptionTable<HandlingOptions>;

function readParts(value: unknown, name: string): readonly object[] {
  if (!Array.isArray(value)) throw invalidOption(name, "a list", value);
  const parts = value as readonly unknown[];
  const stranger = parts.find((part) => specOf(part) === undefined);
  if (stranger === undefined) return parts as readonly object[];
  throw invalidOption(name, "functions made by fn() or stateful()", stranger);
}

/**
 * Makes the part of a function's spec that comes from its handling options. @throws `INVALID_NAME`
 */
export function handlingSpec({
  retry,
  timeout,
  grace,
  whenFailed,
  aliases,
  parts,
  events,
  concurrency,
  history,
}: ReadOptions<typeof HANDLING_OPTIONS>): Pick<
  FunctionSpec,
  | "aliases"
  | "parts"
  | "events"
  | "retry"
  | "timeoutMs"
  | "graceMs"
  | "concurrency"
  | "history"
  | "whenFailed"
> {
  return {
    aliases: aliases.map(checkFunctionType),
    parts,
    ...(events !== undefined && { events: events.map((name) => checkName(name, "event")) }),
    ...(retry !== undefined && {
      retry: {
        maxAttempts: retry.maxAttempts,
        factor: retry.factor,
        initialDelayMs: retry.initialDelay,
        maxDelayMs: retry.maxDelay,
      },
    }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(grace !== undefined && { graceMs: grace }),
    ...(concurrency !== undefined && { concurrency }),
    ...(history !== undefined && { history }),
    ...(whenFailed !== undefined && { whenFailed }),
  };
}

/** A Standard Schema. */
export function standardSchema<Raw, Input>(): Option<StandardSchemaV1<Raw, Input>> {
  return checkedBy((value, name) => {
    const standard = isObjectOrFunction(value) ? readProperty(value, "~standard") : undefined;
    if (isObjectOrFunction(standard) && typeof readProperty(standard, "validate") === "function")
      return value as StandardSchemaV1<Raw, Input>;
    throw invalidOption(name, "a Standard Schema", value);
  });
}

/** Some libraries' schemas are functions. */
function isObjectOrFunction(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

/** Checks that a value can be a handler: a plain or async function. @throws `INVALID_HANDLER` */
export function handlerSpec(what: string, handler: unknown, readOnly = false): OperationSpec {
  if (typeof handler !== "function")
    throw new HandbackError(
      "INVALID_HANDLER",
      `${what}: expected a function, got ${show(handler)}`,
    );
  const kind = Object.prototype.toString.call(handler);
  if (kind === "[object GeneratorFunction]" || kind === "[object AsyncGeneratorFunction]") {
    throw new HandbackError(
      "INVALID_HANDLER",
      `${what}: expected a plain or async function, got a generator; futures need no yield`,
    );
  }
  if (/^class\b/.test(Function.prototype.toString.call(handler))) {
    throw new HandbackError(
      "INVALID_HANDLER",
      `${what}: expected a plain or async function, got a class`,
    );
  }
  return { handler: handler as OperationSpec["handler"], readOnly };
}
