import { isRecord } from "../../core/data/kind.ts";
import type { Json } from "../../core/data/json.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { copyPlainData, copyProperties, takeText } from "../../core/errors/plain-copy.ts";
import type { TextBudget } from "../../core/errors/plain-copy.ts";
import { show } from "../../core/errors/show.ts";
import { ownNames, readProperty } from "../../core/errors/thrown.ts";
import { handbackCode, isThrowable } from "./handback-code.ts";

/**
 * The reasons of rejections, as data.
 *
 * FA1. Any thrown value has a failure: a string, `undefined`, a cyclic object, a revoked proxy. User
 * code that throws while it is read counts as absent.
 * FA2. A failure is a tree of plain JSON, bounded in depth, number and size.
 * FA3. A failure describes itself: thrown again, it stays the same.
 */

/**
 * The reason of a rejection, as data: an error's content, bounded in size, and the function it came
 * from.
 *
 * A text is cut to 4,096 characters. A failure has at most 64 causes and parts, 8 levels deep, and
 * about 128,000 characters in all.
 */
export type Failure = {
  readonly name: string;
  readonly message: string;
  /**
   * The error's `code`, if it had one. It may be the code of another library: `handbackCode` tells.
   * A number becomes text here, and is kept in `data.code`.
   */
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: Failure;
  /** The parts of an AggregateError, or of another error with a list `errors`. */
  readonly errors?: readonly Failure[];
  /** Number of parts that `errors` leaves out, because there are too many. */
  readonly omittedErrors?: number;
  /** The details of a `HandbackError`. */
  readonly details?: { readonly [key: string]: Json | undefined };
  /**
   * The other own properties of the error that are plain data, such as `status` or `issues`, up to
   * 16,384 characters. Names that begin with `_` are left out.
   */
  readonly data?: { readonly [key: string]: Json | undefined };
  /** Type of the function that failed, `namespace/name`. */
  readonly function?: string;
};

const MAX_DEPTH = 8;
/** Causes and parts in all. Parts have causes and parts of their own. */
const MAX_FAILURES = 64;
const MAX_CHARACTERS = 131_072;
/** Characters of a failure's `details`, and of its `data`. */
const MAX_DATA = 16_384;

/** Fields of a failure, which are no data of the error. */
const FIELDS: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "omittedErrors"]);
/** Fields that only a `HandbackError` or a failure has. */
const OWN_FIELDS: ReadonlySet<string> = new Set(["details", "failure", "data", "function"]);

/** What may still be described, by all parts of one failure. */
interface Bounds {
  readonly text: TextBudget;
  failures: number;
}

/**
 * Turns any thrown value into data. Never throws. `where` is the function that threw it, unless the
 * value is a failure that names another one.
 */
export function toFailure(thrown: unknown, where?: string): Failure {
  const bounds: Bounds = { text: { left: MAX_CHARACTERS }, failures: MAX_FAILURES };
  return describe(thrown, bounds, MAX_DEPTH, where);
}

function describe(thrown: unknown, bounds: Bounds, depth: number, where?: string): Failure {
  // An error that carries a failure is described as that failure, also as a cause.
  const known = HandbackError.is(thrown) ? readProperty(thrown, "failure") : undefined;
  if (isFailure(known)) return describeObject(known, bounds, depth);
  if (typeof thrown === "object" && thrown !== null)
    return describeObject(thrown, bounds, depth, where);
  const shown = typeof thrown === "function" ? show(thrown) : String(thrown);
  const message = typeof thrown === "string" ? thrown : `thrown: ${shown}`;
  return {
    name: "Error",
    message: takeText(message, bounds.text),
    ...(where !== undefined && { function: where }),
  };
}

function describeObject(thrown: object, bounds: Bounds, depth: number, where?: string): Failure {
  const { text } = bounds;
  const [code, stack, cause, from] = [
    readProperty(thrown, "code"),
    readProperty(thrown, "stack"),
    readProperty(thrown, "cause"),
    isFailure(thrown) ? readProperty(thrown, "function") : undefined,
  ];
  const own = ownData(thrown, bounds);
  return {
    ...namesOf(thrown, own.data, text),
    ...codeOf(code, text),
    ...own,
    ...(typeof stack === "string" && { stack: takeText(stack, text) }),
    ...(cause !== undefined && describeCause(cause, bounds, depth)),
    ...describeParts(thrown, bounds, depth),
    ...functionOf(from ?? (isOfSystem(thrown) ? undefined : where), text),
  };
}

function namesOf(
  thrown: object,
  data: Failure["data"],
  text: TextBudget,
): Pick<Failure, "name" | "message"> {
  const [name, message] = [readProperty(thrown, "name"), readProperty(thrown, "message")];
  return {
    name: typeof name === "string" ? takeText(ownName(thrown, name), text) : "Error",
    message: takeText(
      typeof message === "string" ? ownMessage(thrown, message) : describeContent(thrown, data),
      text,
    ),
  };
}

/**
 * Returns the name of an error. Only the library's errors are named HandbackError. User code that
 * passes on a failure throws it as plain data, or as an error that carries it.
 */
function ownName(thrown: object, name: string): string {
  if (name !== "HandbackError" || isData(thrown)) return name;
  return HandbackError.is(thrown) && isThrowable(thrown.code) ? name : "Error";
}

/** Describes an object without a message. */
function describeContent(thrown: object, data: Failure["data"]): string {
  const content = data ?? copyContent(thrown);
  return content === undefined
    ? "thrown: an object that cannot be shown"
    : `thrown: ${JSON.stringify(content)}`;
}

/** Copies an object without data of its own: a list, an empty object, or a failure's fields. */
function copyContent(thrown: object): Json | undefined {
  const budget = { left: MAX_DATA };
  const names = ownNames(thrown);
  if (names.length === 0 || isList(thrown)) return copyPlainData(thrown, budget);
  if (!isData(thrown)) return undefined;
  const isShown = (name: string): boolean => name !== "stack" && !isPrivate(name);
  return copyProperties(thrown, names.filter(isShown), budget);
}

/**
 * Returns a HandbackError's message without the code at its start, which has a field of its own.
 */
function ownMessage(error: object, message: string): string {
  return HandbackError.is(error) && message.startsWith(`${error.code}: `)
    ? message.slice(error.code.length + 2)
    : message;
}

function codeOf(code: unknown, text: TextBudget): Pick<Failure, "code"> {
  if (typeof code === "string") return { code: takeText(code, text) };
  return typeof code === "number" ? { code: String(code) } : {};
}

function functionOf(from: unknown, text: TextBudget): Pick<Failure, "function"> {
  return typeof from === "string" ? { function: takeText(from, text) } : {};
}

/** Copies an error's own properties that are plain data. */
function ownData(thrown: object, { text }: Bounds): Pick<Failure, "details" | "data"> {
  const isOurs = HandbackError.is(thrown) || isFailure(thrown);
  const details = isOurs
    ? withinBudget(text, (budget) => copyField(thrown, "details", budget))
    : undefined;
  const data = withinBudget(text, (budget) => {
    const known = isOurs ? copyField(thrown, "data", budget) : undefined;
    const others = copyProperties(thrown, otherNames(thrown, isOurs), budget);
    return known === undefined ? others : { ...others, ...known };
  });
  return { ...(details !== undefined && { details }), ...(data !== undefined && { data }) };
}

function otherNames(thrown: object, isOurs: boolean): readonly string[] {
  if (isList(thrown)) return [];
  const isField = (name: string): boolean =>
    FIELDS.has(name) || isFieldByValue(thrown, name) || (isOurs && OWN_FIELDS.has(name));
  const names = ownNames(thrown).filter((name) => !isField(name) && !isPrivate(name));
  // Every DOMException has its code from its class.
  const hasNumber = typeof readProperty(thrown, "code") === "number";
  return hasNumber && !names.includes("code") ? [...names, "code"] : names;
}

function isPrivate(name: string): boolean {
  return name.startsWith("_");
}

/** Tells whether a property has a field of its own in a failure, as long as it has this value. */
function isFieldByValue(thrown: object, name: string): boolean {
  if (name === "code") return typeof readProperty(thrown, name) === "string";
  return name === "errors" && listOf(readProperty(thrown, name)).list !== undefined;
}

function copyField(object: object, name: string, budget: TextBudget): Failure["data"] {
  const value = readProperty(object, name);
  if (typeof value !== "object" || value === null || !isData(value)) return undefined;
  return copyProperties(value, ownNames(value), budget);
}

/** Copies data within the limit of one field. */
function withinBudget<Copied>(text: TextBudget, copy: (budget: TextBudget) => Copied): Copied {
  const limit = Math.min(MAX_DATA, text.left);
  const budget = { left: limit };
  const copied = copy(budget);
  text.left -= limit - budget.left;
  return copied;
}

function describeCause(cause: unknown, bounds: Bounds, depth: number): Pick<Failure, "cause"> {
  if (depth === 0 || !mayDescribe(bounds)) return {};
  return { cause: describe(cause, bounds, depth - 1) };
}

function describeParts(
  thrown: object,
  bounds: Bounds,
  depth: number,
): Pick<Failure, "errors" | "omittedErrors"> {
  const { list, length } = listOf(readProperty(thrown, "errors"));
  if (list === undefined) return {};
  const errors: Failure[] = [];
  const reachable = depth > 0 ? length : 0;
  for (let index = 0; index < reachable && mayDescribe(bounds); index++)
    errors.push(describe(readProperty(list, index), bounds, depth - 1));
  const before = readProperty(thrown, "omittedErrors");
  const omitted = length - errors.length + (isCount(before) ? before : 0);
  return { errors, ...(omitted > 0 && { omittedErrors: omitted }) };
}

/** Takes one failure from the bounds. Returns false if none is left. */
function mayDescribe(bounds: Bounds): boolean {
  if (bounds.failures === 0 || bounds.text.left <= 0) return false;
  bounds.failures--;
  return true;
}

function listOf(value: unknown): { readonly list?: object; readonly length: number } {
  // `Array.isArray` throws for a revoked proxy.
  try {
    if (!Array.isArray(value)) return { length: 0 };
    const { length } = value as readonly unknown[];
    return isCount(length) ? { list: value, length } : { length: 0 };
  } catch {
    return { length: 0 };
  }
}

function isList(value: object): boolean {
  return listOf(value).list !== undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Tells whether a value is a failure already, such as the reason of a settlement. */
function isFailure(value: unknown): value is { readonly [name: string]: Json } {
  return (
    typeof value === "object" &&
    value !== null &&
    isData(value) &&
    typeof readProperty(value, "name") === "string" &&
    typeof readProperty(value, "message") === "string"
  );
}

/**
 * Tells whether a value is a failure of the system itself, such as a `TIMEOUT`. A function that
 * passes it on has not failed.
 */
function isOfSystem(value: object): boolean {
  const [name, code] = [readProperty(value, "name"), readProperty(value, "code")];
  return isFailure(value) && typeof name === "string" && handbackCode({ name, code }) !== undefined;
}

function isData(value: object): boolean {
  try {
    return isRecord(value);
  } catch {
    return false;
  }
}

/** Makes the failure of work that the system itself ends. */
export function systemFailure(
  code: ErrorCode,
  message: string,
  { details, ...more }: Pick<Failure, "details" | "function" | "cause"> = {},
): Failure {
  const budget = { left: MAX_DATA };
  const bounded =
    details === undefined ? undefined : copyProperties(details, Object.keys(details), budget);
  return {
    name: "HandbackError",
    message: takeText(message, budget),
    code,
    ...(bounded !== undefined && { details: bounded }),
    ...more,
  };
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
      withFunction(failure, code),
      failure.cause === undefined ? parts : { ...parts, cause: toCause(failure.cause) },
    );
  }
  return new HandbackError("FUNCTION_FAILED", withFunction(failure), {
    ...parts,
    cause: toCause(failure),
  });
}

/** Returns the message of a failure with the function that failed, unless it names it already. */
function withFunction(failure: Failure, code: ErrorCode = "FUNCTION_FAILED"): string {
  const { message, function: where } = failure;
  if (where === undefined) return message;
  if (code === "FUNCTION_FAILED") return `${where} failed: ${message}`;
  return message.includes(where) ? message : `${where}: ${message}`;
}

function toCause(failure: Failure): Error {
  const cause = failure.cause === undefined ? {} : { cause: toCause(failure.cause) };
  const error =
    failure.errors === undefined
      ? new Error(failure.message, cause)
      : new AggregateError(failure.errors.map(toCause), failure.message, cause);
  error.name = failure.name;
  if (failure.stack !== undefined) error.stack = failure.stack;
  for (const name of ["code", "details", "omittedErrors"] as const)
    if (failure[name] !== undefined) setOwn(error, name, failure[name]);
  // Last, because they hold a code that is a number.
  for (const [name, value] of Object.entries(failure.data ?? {})) setOwn(error, name, value);
  return error;
}

/** Sets an own property. A plain assignment to `__proto__` would set the prototype instead. */
function setOwn(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
