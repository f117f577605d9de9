import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Json } from "../../core/data/json.ts";
import { handbackCode, isThrowable } from "./handback-code.ts";

/**
 * The reason of a rejection, as data: an error's content, bounded in size, and the function it came
 * from.
 */
export type Failure = {
  readonly name: string;
  readonly message: string;
  /**
   * The error's `code`, if it had one. It may be the code of another library: `handbackCode` tells.
   */
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: Failure;
  /** The parts of an AggregateError. */
  readonly errors?: readonly Failure[];
  readonly details?: { readonly [key: string]: Json | undefined };
  /** Type of the function that failed, `namespace/name`. */
  readonly function?: string;
};

const MAX_TEXT = 4096;
const MAX_DETAILS = 16_384;
const MAX_CAUSES = 8;
const MAX_PARTS = 16;
/** Causes and parts in all. Parts have causes and parts of their own. */
const MAX_FAILURES = 64;

/**
 * Turns any thrown value into data: an Error, a string, `undefined`, a frozen or cyclic object.
 * Never throws.
 */
export function toFailure(thrown: unknown, where?: string): Failure {
  try {
    if (HandbackError.is(thrown) && isFailure(thrown.failure)) return thrown.failure;
    return describe(thrown, { depth: MAX_CAUSES, left: { failures: MAX_FAILURES } }, where);
  } catch {
    return {
      name: "Error",
      message: "an error that throws when it is read",
      ...(where !== undefined && { function: where }),
    };
  }
}

/** Makes the failure of work that the system itself ends. */
export function systemFailure(
  code: ErrorCode,
  message: string,
  { details, ...more }: Pick<Failure, "details" | "function" | "cause"> = {},
): Failure {
  const bounded = details === undefined ? undefined : boundedDetails(details);
  return {
    name: "HandbackError",
    message: cut(message),
    code,
    ...(bounded !== undefined && { details: bounded }),
    ...more,
  };
}

/** Limits of a description: its remaining depth, and the remaining number of failures. */
interface Bounds {
  readonly depth: number;
  readonly left: { failures: number };
}

function describe(thrown: unknown, { depth, left }: Bounds, where?: string): Failure {
  if (typeof thrown !== "object" || thrown === null) {
    return {
      name: "Error",
      message: cut(describePrimitive(thrown)),
      ...(where !== undefined && { function: where }),
    };
  }
  const { name, message, code, stack, cause } = thrown as Partial<
    Record<"name" | "message" | "code" | "stack" | "cause", unknown>
  >;
  // A value that is a failure already, such as the reason of a settlement, is kept whole.
  const known = thrown instanceof Error ? undefined : (thrown as Partial<Failure>);
  const from = typeof known?.function === "string" ? known.function : where;
  const named = from === undefined ? {} : { function: cut(from) };
  const { errors: several }: { readonly errors?: unknown } =
    thrown instanceof AggregateError ? thrown : (known ?? {});
  const parts: readonly unknown[] | undefined = Array.isArray(several) ? several : undefined;
  const inner = (part: unknown): readonly Failure[] =>
    depth > 0 && left.failures-- > 0 ? [describe(part, { depth: depth - 1, left })] : [];
  const details = HandbackError.is(thrown)
    ? thrown.details
    : isFailure(known)
      ? known.details
      : undefined;
  const bounded = typeof details === "object" ? boundedDetails(details) : undefined;
  const [causeFailure] = cause === undefined ? [] : inner(cause);
  const errors = depth > 0 ? parts?.slice(0, MAX_PARTS).flatMap(inner) : undefined;
  return {
    name: typeof name === "string" ? cut(ownName(thrown, name)) : "Error",
    message: typeof message === "string" ? cut(ownMessage(thrown, message)) : cut(safeJson(thrown)),
    ...(typeof code === "string" && { code: cut(code) }),
    ...(bounded !== undefined && { details: bounded }),
    ...(typeof stack === "string" && { stack: cut(stack) }),
    ...(causeFailure !== undefined && { cause: causeFailure }),
    ...(errors !== undefined && { errors }),
    ...named,
  };
}

/**
 * Copies an error's details, which may come from any code. Returns none if they are too large,
 * empty, or no JSON.
 */
function boundedDetails(details: Readonly<Record<string, Json | undefined>>): Failure["details"] {
  try {
    const text = JSON.stringify(details);
    return text === "{}" || text.length > MAX_DETAILS
      ? undefined
      : (JSON.parse(text) as NonNullable<Failure["details"]>);
  } catch {
    return undefined;
  }
}

/**
 * Returns the name of an error. Only the library's errors are named HandbackError. User code that
 * passes on a failure throws it as plain data, or as an error that carries it.
 */
function ownName(thrown: object, name: string): string {
  if (name !== "HandbackError" || !(thrown instanceof Error)) return name;
  const isOurs =
    HandbackError.is(thrown) && (isFailure(thrown.failure) || isThrowable(thrown.code));
  return isOurs ? name : "Error";
}

/**
 * Returns a HandbackError's message without the code at its start, which has a field of its own.
 */
function ownMessage(error: object, message: string): string {
  return HandbackError.is(error) && message.startsWith(`${error.code}: `)
    ? message.slice(error.code.length + 2)
    : message;
}

function describePrimitive(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : `thrown: ${String(thrown)}`;
}

function safeJson(thrown: object): string {
  try {
    return `thrown: ${JSON.stringify(thrown)}`;
  } catch {
    return "thrown: an object that cannot be shown";
  }
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

function isFailure(data: unknown): data is Failure {
  return typeof data === "object" && data !== null && "message" in data && "name" in data;
}

/**
 * Makes the error that a caller catches. The library's own errors keep their code. An error of a
 * user's function becomes `FUNCTION_FAILED`, with the original as `cause`. Thrown again, it turns
 * back into the same failure.
 */
export function toError(failure: Failure): HandbackError {
  const parts = { details: failure.details ?? {}, failure };
  const code = handbackCode(failure);
  if (code !== undefined) {
    return new HandbackError(
      code,
      failure.message,
      failure.cause === undefined ? parts : { ...parts, cause: toCause(failure.cause) },
    );
  }
  const where = failure.function === undefined ? "" : `${failure.function} failed: `;
  return new HandbackError("FUNCTION_FAILED", `${where}${failure.message}`, {
    ...parts,
    cause: toCause(failure),
  });
}

function toCause(failure: Failure): Error {
  const cause = failure.cause === undefined ? {} : { cause: toCause(failure.cause) };
  const error =
    failure.errors === undefined
      ? new Error(failure.message, cause)
      : new AggregateError(failure.errors.map(toCause), failure.message, cause);
  error.name = failure.name;
  if (failure.stack !== undefined) error.stack = failure.stack;
  return failure.code === undefined ? error : Object.assign(error, { code: failure.code });
}
