import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";

/** What is wrong with a request itself; all else has the code of an error. */
const REQUEST_PROBLEMS = {
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "The method is not allowed here; the header Allow says which are.",
  },
  FORBIDDEN: { status: 403, title: "The request is not allowed." },
  CROSS_SITE: { status: 403, title: "The request comes from a page of another origin." },
  MALFORMED_JSON: { status: 400, title: "The body is not JSON in UTF-8." },
  BODY_INCOMPLETE: { status: 400, title: "The body ended before all of it was there." },
  MALFORMED_PATH: { status: 400, title: "The path is not text in UTF-8, or leads upwards." },
  REPEATED_PARAMETER: { status: 400, title: "A parameter of the query comes more than once." },
  MALFORMED_WAIT: { status: 400, title: "The parameter wait is not a number of seconds." },
  BODY_TOO_LARGE: { status: 413, title: "The body is larger than the limit." },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The body is not of type application/json, or is encoded.",
  },
  STILL_PENDING: { status: 409, title: "The flow has not ended; cancel it first." },
  NO_ROUTE: { status: 404, title: "There is nothing here." },
  INTERNAL: {
    status: 500,
    title: "The request failed here; the log has more, under the error's id.",
  },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** A code in a problem document: that of an error, or what is wrong with a request itself. */
export type ProblemCode = ErrorCode | keyof typeof REQUEST_PROBLEMS;

/** A problem document, as RFC 9457 has it. It names neither flows nor what was sent: ids are all that it takes to reach a flow. */
export interface Problem {
  /** `urn:handback:` and the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  /** Which value of the input was at fault, where that is known. */
  readonly path?: string;
  /** Under what the log has more. */
  readonly errorId?: string;
}

/** What answers a request in place of what it asked for: a problem, with headers that belong to it. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, headers: Readonly<Record<string, string>> = {}) {
    super(code);
    this.code = code;
    this.headers = headers;
  }
}

/** Codes of errors that say something about the request. All others are `INTERNAL`. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_NAME: 400,
  INVALID_KEY: 400,
  INVALID_IDEMPOTENCY_KEY: 400,
  INVALID_INPUT: 400,
  UNSERIALIZABLE: 400,
  TOO_DEEP: 400,
  UNKNOWN_FUNCTION: 404,
  NOT_FOUND: 404,
  IDEMPOTENCY_CONFLICT: 409,
  FLOW_OVER: 410,
  PAYLOAD_TOO_LARGE: 413,
  OVERLOADED: 503,
  STORE_FULL: 503,
  CLOSED: 503,
};

/** Makes the problem document of a code. */
export function problemOf(
  code: ProblemCode,
  more: Pick<Problem, "path" | "errorId"> = {},
): Problem {
  const { status, title } = isRequestProblem(code)
    ? REQUEST_PROBLEMS[code]
    : { status: STATUS[code] ?? 500, title: titleOf(code) };
  return { type: `urn:handback:${code}`, title, status, code, ...more };
}

/** What a code means, without the part that points into an error: those outside do not have it. */
export function titleOf(code: ErrorCode): string {
  return ERROR_CODES[code].meaning.replace(/[;,] [^;,]*`.*$/, ".");
}

/** The code of an error that says something about the request; `undefined` for what went wrong here. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return HandbackError.is(error) && STATUS[error.code] !== undefined ? error.code : undefined;
}

function isRequestProblem(code: ProblemCode): code is keyof typeof REQUEST_PROBLEMS {
  return code in REQUEST_PROBLEMS;
}
