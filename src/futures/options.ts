import { parseDuration } from "../core/duration.ts";
import { HandbackError } from "../core/errors.ts";
import { checkFunctionType } from "../core/names.ts";
import type { HandlingOptions, RetryPolicy } from "./define.ts";
import type { FunctionSpec, OperationSpec, RetrySpec } from "./spec.ts";

/** Checks the options that every function takes. @throws `INVALID_OPTIONS`, `INVALID_NAME`, `INVALID_DELAY` */
export function handlingSpec(type: string, options: HandlingOptions): Pick<FunctionSpec, "aliases" | "retry" | "timeoutMs"> {
  return {
    aliases: (options.aliases ?? []).map(checkFunctionType),
    ...(options.retry !== undefined && { retry: retrySpec(type, options.retry) }),
    ...(options.timeout !== undefined && { timeoutMs: parseDuration(options.timeout, `timeout of ${type}`) }),
  };
}

function retrySpec(type: string, { maxAttempts, initialDelay = "1s", factor = 2, maxDelay = "5m" }: RetryPolicy): RetrySpec {
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw new HandbackError("INVALID_OPTIONS", `retry.maxAttempts of ${type}: expected a whole number from 1, got ${String(maxAttempts)}`);
  }
  if (!Number.isFinite(factor) || factor < 1) {
    throw new HandbackError("INVALID_OPTIONS", `retry.factor of ${type}: expected a number from 1, got ${String(factor)}`);
  }
  const initialDelayMs = parseDuration(initialDelay, `retry.initialDelay of ${type}`);
  return { maxAttempts, factor, initialDelayMs, maxDelayMs: parseDuration(maxDelay, `retry.maxDelay of ${type}`) };
}

/** Refuses options that nobody reads. @throws `INVALID_OPTIONS` */
export function checkOptionNames(what: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw new HandbackError("INVALID_OPTIONS", `${what}: unknown option ${JSON.stringify(name)}; known are ${known.join(", ")}`);
  }
}

/** Checks that something can be a handler: a plain or async function. @throws `INVALID_HANDLER` */
export function handlerSpec(what: string, handler: unknown, readOnly = false): OperationSpec {
  if (typeof handler !== "function")
    throw new HandbackError("INVALID_HANDLER", `${what}: expected a function, got ${handler === null ? "null" : typeof handler}`);
  const kind = Object.prototype.toString.call(handler);
  if (kind === "[object GeneratorFunction]" || kind === "[object AsyncGeneratorFunction]") {
    throw new HandbackError("INVALID_HANDLER", `${what}: expected a plain or async function, got a generator; futures need no yield`);
  }
  if (/^class\b/.test(Function.prototype.toString.call(handler))) {
    throw new HandbackError("INVALID_HANDLER", `${what}: expected a plain or async function, got a class`);
  }
  return { handler: handler as OperationSpec["handler"], readOnly };
}
