import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";

/** Problems with a request itself. All others have the code of an error. */
const REQUEST_PROBLEMS = {
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: "The method is not allowed here. The Allow header lists the allowed ones.",
  },
  CROSS_SITE: { status: 403, title: "The request comes from a page of another origin." },
  WRONG_HOST: {
    status: 421,
    title: "The server does not answer under this host. Its option hosts lists those that it does.",
  },
  MALFORMED_JSON: { status: 400, title: "The body is not JSON in UTF-8." },
  BODY_INCOMPLETE: { status: 400, title: "The body is incomplete, or was read before." },
  BODY_ALREADY_READ: {
    status: 500,
    title:
      "The server is set up wrong: a body parser in front of the app has read the body and kept nothing of it.",
  },
  MALFORMED_PATH: { status: 400, title: "The path is not UTF-8 text, or contains '..'." },
  REPEATED_PARAMETER: { status: 400, title: "A query parameter is repeated." },
  MALFORMED_WAIT: { status: 400, title: "The wait parameter is not a number of seconds." },
  MALFORMED_FILTER: {
    status: 400,
    title: "A query parameter is unknown, or its value is not valid.",
  },
  MALFORMED_OPTIONS: {
    status: 400,
    title: "The body has an unknown option or one that is not valid, or lacks one.",
  },
  NOT_REDRIVEN: {
    status: 409,
    title: "The dead letter has no message that can be sent again.",
  },
  BODY_TOO_LARGE: { status: 413, title: "The body is larger than the limit." },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    title: "The body is not of type application/json, or is encoded.",
  },
  STILL_PENDING: { status: 409, title: "The flow has not ended. Cancel it first." },
  NO_ROUTE: { status: 404, title: "There is no such route." },
  WRONG_MOUNT: {
    status: 404,
    title:
      "There is no such route. The server may be set up wrong: the path has a prefix at which the app is not mounted.",
  },
  TOO_BUSY: {
    status: 503,
    title: "Too many requests are waiting, or too many large bodies are being read.",
  },
  INTERNAL: {
    status: 500,
    title: "The server failed. Its log has the details under the error id.",
  },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

/** A code in a problem document: the code of an error, or of a problem with the request itself. */
export type ProblemCode = ErrorCode | keyof typeof REQUEST_PROBLEMS;

/**
 * A problem document (RFC 9457). It contains no flow ids, which give access to flows, and no data
 * of the request.
 */
export interface Problem {
  /** `urn:handback:` and the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  /** Path of the invalid value in the input, if known. */
  readonly path?: string;
  /** The problems that the function's input schema found, at most 100. */
  readonly issues?: readonly InputIssue[];
  /** Id under which the log has the details. */
  readonly errorId?: string;
}

/** One problem that a function's input schema found. */
export interface InputIssue {
  /** Steps to the value, joined with dots, such as `lines.0.count`. Empty: the whole input. */
  readonly path: string;
  readonly message: string;
}

/** The members of a problem document that its code does not give. */
export type ProblemDetails = Pick<Problem, "path" | "issues" | "errorId"> & {
  /** In place of the status of the code. */
  readonly status?: number;
};

/** An error that is answered with a problem document and these headers. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;
  readonly more: ProblemDetails;

  constructor(
    code: ProblemCode,
    headers: Readonly<Record<string, string>> = {},
    more: ProblemDetails = {},
  ) {
    super(code);
    this.code = code;
    this.headers = headers;
    this.more = more;
  }
}

/** HTTP status of the errors that concern the request. All others are `INTERNAL`. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  INVALID_NAME: 400,
  INVALID_KEY: 400,
  INVALID_IDEMPOTENCY_KEY: 400,
  INVALID_INPUT: 400,
  UNSERIALIZABLE: 400,
  TOO_DEEP: 400,
  INVALID_CURSOR: 400,
  FORBIDDEN: 403,
  UNKNOWN_FUNCTION: 404,
  NOT_FOUND: 404,
  IDEMPOTENCY_CONFLICT: 409,
  NOT_RESTARTABLE: 409,
  NOT_PAUSED: 409,
  FLOW_OVER: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED: 501,
  OVERLOADED: 503,
  STORE_FULL: 503,
  STORE_BUSY: 503,
  STORE_FENCED: 503,
  CLUSTER_UNAVAILABLE: 503,
  CLOSED: 503,
};

/** Makes the problem document of a code. */
export function problemOf(code: ProblemCode, more: ProblemDetails = {}): Problem {
  const { status, title } = isRequestProblem(code)
    ? REQUEST_PROBLEMS[code]
    : { status: STATUS[code] ?? 500, title: titleOf(code) };
  return { type: `urn:handback:${code}`, title, status, code, ...more };
}

/**
 * Returns the meaning of a code, without the part about error details, which clients do not get.
 */
export function titleOf(code: ErrorCode): string {
  return ERROR_CODES[code].meaning.replace(/[;,] [^;,]*`.*$/, ".");
}

/** Returns the code of an error that concerns the request, or `undefined` for internal errors. */
export function codeOf(error: unknown): ErrorCode | undefined {
  return HandbackError.is(error) && STATUS[error.code] !== undefined ? error.code : undefined;
}

function isRequestProblem(code: ProblemCode): code is keyof typeof REQUEST_PROBLEMS {
  return code in REQUEST_PROBLEMS;
}
