import type { ErrorCode } from "./error-codes.ts";
import { ERROR_CODES } from "./error-codes.ts";
import type { Json } from "../data/json.ts";

const BRAND = Symbol.for("handback.HandbackError");

/** The parts of a {@link HandbackError} beside its message. */
export interface ErrorParts {
  readonly details?: Readonly<Record<string, Json | undefined>>;
  readonly cause?: unknown;
  /** The failure of a user's function that this error reports, as data. */
  readonly failure?: Json;
}

/**
 * The one error class of the library: a stable `code`, a message that names the thing, and
 * `details` to act on.
 *
 * Recognize it with {@link HandbackError.is} or `instanceof`. Both work across copies of the package.
 *
 * @example
 * import { fn, HandbackError } from "handback";
 *
 * try {
 *   fn("no-namespace", () => 1);
 * } catch (error) {
 *   if (!HandbackError.is(error, "INVALID_NAME")) throw error;
 * }
 */
export class HandbackError extends Error {
  override readonly name = "HandbackError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, Json | undefined>>;
  /**
   * The failure of a user's function that this error reports, as data. Absent for the library's own
   * errors.
   */
  readonly failure: Json | undefined;

  constructor(code: ErrorCode, message: string, parts: ErrorParts = {}) {
    super(`${code}: ${message}`, parts.cause === undefined ? undefined : { cause: parts.cause });
    Object.defineProperty(this, BRAND, { value: true });
    this.code = code;
    this.details = parts.details ?? {};
    this.failure = parts.failure;
  }

  /** True if the same call may succeed later, unchanged. */
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  /** Tells whether `value` is an instance, also if another copy of the package made it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return this === HandbackError
      ? HandbackError.is(value)
      : Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /**
   * Tells whether `error` is a HandbackError, and has one of the `codes` if any are given. Takes any
   * value, and never throws.
   */
  static is(error: unknown, ...codes: readonly ErrorCode[]): error is HandbackError {
    if (typeof error !== "object" || error === null) return false;
    // A proxy may throw.
    try {
      if (!(BRAND in error) || !("code" in error)) return false;
      const { code } = error;
      return codes.length === 0 || codes.some((wanted) => wanted === code);
    } catch {
      return false;
    }
  }
}
