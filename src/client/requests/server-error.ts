import { ERROR_CODES } from "../../core/errors/error-codes.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Json } from "../../core/data/json.ts";

/** Codes of the errors for problems that only a server has. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  CROSS_SITE: "FORBIDDEN",
  WRONG_HOST: "FORBIDDEN",
  BODY_TOO_LARGE: "PAYLOAD_TOO_LARGE",
  TOO_BUSY: "OVERLOADED",
  MALFORMED_FILTER: "INVALID_OPTIONS",
};
/** Codes of the errors for answers that are no problem document, as proxies and hooks send. */
const CODES_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "FORBIDDEN",
  403: "FORBIDDEN",
  413: "PAYLOAD_TOO_LARGE",
  429: "OVERLOADED",
  502: "SERVER_UNAVAILABLE",
  503: "SERVER_UNAVAILABLE",
  504: "SERVER_UNAVAILABLE",
};
/** Members of a problem document that the error has among its details. */
const DETAILS = ["path", "issues", "errorId"];

/** The parts of a refusal that make an error. */
export interface Refused {
  readonly status: number;
  /** The problem document, if the answer has one. */
  readonly body: unknown;
  readonly retryAfter: string | null;
}

/** Makes the error for an answer other than 2xx. */
export function errorOfAnswer({ status, body, retryAfter }: Refused): HandbackError {
  const problem: Readonly<Record<string, unknown>> = isJsonObject(body) ? body : {};
  const { code: given, title } = problem;
  const named = typeof given === "string" ? codeNamed(given) : undefined;
  const code = named ?? CODES_OF_STATUS[status] ?? "UNEXPECTED_ANSWER";
  const seconds = Number(retryAfter ?? Number.NaN);
  const kept = DETAILS.flatMap((name) => (name in problem ? [[name, problem[name]]] : []));
  return new HandbackError(
    code,
    typeof title === "string" ? title : `the server answered with status ${status}`,
    {
      details: {
        status,
        ...(typeof given === "string" && { problem: given }),
        ...(seconds >= 0 && { retryAfterMs: 1_000 * seconds }),
        ...(Object.fromEntries(kept) as Readonly<Record<string, Json>>),
      },
    },
  );
}

/** Makes the error for a request without an answer. */
export function noAnswer(cause: unknown): HandbackError {
  const why = "no answer came, or only a part of it";
  return new HandbackError("SERVER_UNAVAILABLE", why, { cause, details: { definite: false } });
}

/** Makes the error for an answer that is not one of a server of flows. */
export function unexpectedAnswer(status: number, why: string): HandbackError {
  return new HandbackError("UNEXPECTED_ANSWER", why, { details: { status } });
}

/** Makes the error of a flow that failed, from its description in the report. */
export function errorOfFlow(flow: string, described: unknown): HandbackError {
  const { code, title, message }: Readonly<Record<string, unknown>> = isJsonObject(described)
    ? described
    : {};
  const known = typeof code === "string" && Object.hasOwn(ERROR_CODES, code);
  const text = [title, message].find((each) => typeof each === "string") ?? "the flow failed";
  return new HandbackError(known ? (code as ErrorCode) : "FUNCTION_FAILED", text, {
    details: { flow },
    // It comes from JSON.
    failure: (described ?? null) as Json,
  });
}

/** Returns true if the same request may succeed a moment later. */
export function isPassing(error: unknown): error is HandbackError {
  if (!HandbackError.is(error)) return false;
  const { status } = error.details;
  return error.code === "SERVER_UNAVAILABLE" || status === 503 || status === 429;
}

/** Returns true for an object that is no list. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads JSON. Returns `undefined` for other text. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function codeNamed(problem: string): ErrorCode | undefined {
  if (Object.hasOwn(ERROR_CODES, problem)) return problem as ErrorCode;
  return Object.hasOwn(CODES, problem) ? CODES[problem] : undefined;
}
