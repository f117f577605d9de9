import type { Json } from "../../core/data/json.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { messageOf, readProperty } from "../../core/errors/thrown.ts";
import type { SchemaResult } from "../../core/validation/standard-schema.ts";

/** Most issues that an error lists. */
const MAX_ISSUES = 50;
/** Characters of one issue that an error shows. */
const MAX_LENGTH = 300;
const MAX_STEPS = 20;

/**
 * Reads the result of a schema, which is user code and may return anything. @throws
 * `INVALID_OPTIONS` if it is no result
 */
export function readResult(returned: unknown, what: string): SchemaResult<unknown> {
  if (typeof returned === "object" && returned !== null) {
    const { issues } = returned as { readonly issues?: unknown };
    if (Array.isArray(issues)) return { issues };
    if (issues === undefined && "value" in returned) return { value: returned.value };
  }
  const expected = "expected a result with a value or issues";
  throw new HandbackError(
    "INVALID_OPTIONS",
    `schema for the ${what}: ${expected}, got ${show(returned)}`,
  );
}

/** Describes the first issues that a schema found, one line each. Takes anything as an issue. */
export function describeIssues(issues: readonly unknown[]): readonly string[] & Json {
  const shown = Array.from(issues.slice(0, MAX_ISSUES), describeIssue);
  const more = issues.length - shown.length;
  return more > 0 ? [...shown, `${more} more`] : shown;
}

function describeIssue(issue: unknown): string {
  const path = pathOfIssue(issue);
  const text = path === "" ? messageOf(issue) : `${path}: ${messageOf(issue)}`;
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

/** Returns the path of an issue, joined with dots. Empty: it concerns the whole value. */
export function pathOfIssue(issue: unknown): string {
  const path =
    typeof issue === "object" && issue !== null ? readProperty(issue, "path") : undefined;
  try {
    return Array.isArray(path) ? path.slice(0, MAX_STEPS).map(showStep).join(".") : "";
  } catch {
    return "";
  }
}

function showStep(step: unknown): string {
  const key = typeof step === "object" && step !== null ? readProperty(step, "key") : step;
  return typeof key === "string" || typeof key === "number" || typeof key === "symbol"
    ? String(key)
    : show(key);
}
