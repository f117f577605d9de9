import { checkOptions } from "../../core/validation/check-options.ts";
import { parseDuration } from "../../core/validation/duration.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import { show } from "../../core/errors/show.ts";
import type { HandlingOptions, RetryPolicy } from "../types/define.ts";
import { specOf } from "./spec.ts";
import type { FunctionSpec, OperationSpec, RetrySpec } from "./spec.ts";

/** Checks the options that every function takes. @throws `INVALID_OPTIONS`, `INVALID_NAME`, `INVALID_DELAY` */
export function handlingSpec(
  type: string,
  options: HandlingOptions,
): Pick<FunctionSpec, "aliases" | "parts" | "retry" | "timeoutMs"> {
  const { aliases = [], parts = [], retry, timeout } = options;
  if (!Array.isArray(aliases))
    throw new HandbackError(
      "INVALID_OPTIONS",
      `aliases of ${type}: expected a list, got ${show(aliases)}`,
    );
  if (!Array.isArray(parts))
    throw new HandbackError(
      "INVALID_OPTIONS",
      `parts of ${type}: expected a list, got ${show(parts)}`,
    );
  const stranger = (parts as readonly unknown[]).find((part) => specOf(part) === undefined);
  if (stranger !== undefined)
    throw new HandbackError(
      "INVALID_OPTIONS",
      `parts of ${type}: expected what fn() or stateful() gave, got ${show(stranger)}`,
    );
  return {
    aliases: aliases.map(checkFunctionType),
    parts,
    ...(retry !== undefined && { retry: retrySpec(type, retry) }),
    ...(timeout !== undefined && { timeoutMs: parseDuration(timeout, `timeout of ${type}`) }),
  };
}

function retrySpec(type: string, policy: RetryPolicy): RetrySpec {
  checkOptions(`retry of ${type}`, policy, ["maxAttempts", "initialDelay", "factor", "maxDelay"]);
  const { maxAttempts, initialDelay = "1s", factor = 2, maxDelay = "5m" } = policy;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new HandbackError(
      "INVALID_OPTIONS",
      `retry.maxAttempts of ${type}: expected a whole number from 1, got ${show(maxAttempts)}`,
    );
  }
  if (!Number.isFinite(factor) || factor < 1) {
    throw new HandbackError(
      "INVALID_OPTIONS",
      `retry.factor of ${type}: expected a number from 1, got ${show(factor)}`,
    );
  }
  const initialDelayMs = parseDuration(initialDelay, `retry.initialDelay of ${type}`);
  return {
    maxAttempts,
    factor,
    initialDelayMs,
    maxDelayMs: parseDuration(maxDelay, `retry.maxDelay of ${type}`),
  };
}

/** Refuses what does not speak Standard Schema. @throws `INVALID_OPTIONS` */
export function checkSchema(what: string, schema: unknown): void {
  const standard: unknown =
    isObject(schema) && "~standard" in schema ? schema["~standard"] : undefined;
  if (isObject(standard) && "validate" in standard && typeof standard.validate === "function")
    return;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${what}: expected a Standard Schema, got ${show(schema)}`,
  );
}

/** Schemas of some libraries are functions. */
function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

/** Checks that something can be a handler: a plain or async function. @throws `INVALID_HANDLER` */
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
