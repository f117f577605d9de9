import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { isError } from "../../core/data/kind.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { messageOf } from "../../core/errors/thrown.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";
import { CommandError } from "./exit-codes.ts";

/** What a person can do about an error. */
const HINTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  NOT_FOUND: "handback ls lists the flows; ids of ended flows are kept for the retention time",
  UNKNOWN_FUNCTION:
    "the server serves the functions of its module; is the name complete, as in shop/checkout?",
  FORBIDDEN: "give the token of the server with --token or HANDBACK_TOKEN",
  SERVER_UNAVAILABLE:
    "start it with: handback serve <module>; or name another with --url or HANDBACK_URL",
  IDEMPOTENCY_CONFLICT: "the key belongs to another function or input; use another --key",
  FLOW_OVER: "handback show <flow> tells how it ended",
  STORE_LOCKED: "end the process that has the store open, or name another file with --store",
  STORE_CORRUPT: "docs/backups.md of the package tells how to restore a copy",
  UNSUPPORTED: "handback serve turns the history and the index of flows on",
};

/** An issue that the input schema of a function found. */
interface Issue {
  readonly path?: unknown;
  readonly message?: unknown;
}

/** Writes an error for a person: what is wrong, where, and what to do next. */
export function renderError(error: unknown, paint: Paint): string {
  const { code, message, hint, issues } = describeError(error);
  return [
    `${paint("red", "error:")} ${safeText(message)}${code === undefined ? "" : paint("dim", ` (${code})`)}`,
    ...issues.map((issue) => `  ${safeText(`${pathText(issue.path)}: ${String(issue.message)}`)}`),
    ...(hint === undefined ? [] : [paint("dim", `hint: ${hint}`)]),
  ].join("\n");
}

/** Describes an error for a program. */
export function errorReport(error: unknown): Readonly<Record<string, unknown>> {
  const { code, message, details, failure } = describeError(error);
  return { error: { code: code ?? "COMMAND", message, details, failure } };
}

function describeError(error: unknown): {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly details?: unknown;
  readonly failure?: unknown;
  readonly issues: readonly Issue[];
} {
  if (error instanceof CommandError)
    return { message: error.message, hint: error.hint, issues: [] };
  if (!HandbackError.is(error)) return { message: messageOf(error), issues: [] };
  const { code, details, failure } = error;
  const why = code === "SERVER_UNAVAILABLE" ? deepestCause(error) : undefined;
  const message = [error.message.replace(`${code}: `, ""), why].filter(Boolean).join(": ");
  const issues = Array.isArray(details["issues"]) ? (details["issues"] as readonly Issue[]) : [];
  return { code, message, hint: HINTS[code], details, failure, issues };
}

/** Returns the first cause of all, such as `connect ECONNREFUSED 127.0.0.1:4280`. */
function deepestCause({ cause }: Error): string | undefined {
  if (!isError(cause)) return undefined;
  return deepestCause(cause) ?? messageOf(cause);
}

function pathText(path: unknown): string {
  const text = Array.isArray(path) ? path.join(".") : typeof path === "string" ? path : "";
  return text === "" ? "input" : text;
}
