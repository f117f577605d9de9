import { invalidOption } from "./options.ts";

/** Version, trace id, parent id, and flags. Later versions may add more. */
const TRACEPARENT =
  /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;
const NO_TRACE = "0".repeat(32);
const NO_PARENT = "0".repeat(16);

/**
 * Checks the text of a trace context, which W3C calls `traceparent`. @throws `INVALID_OPTIONS`
 *
 * Source: W3C Trace Context, https://www.w3.org/TR/trace-context/
 */
export function checkTraceparent(value: unknown, name: string): string {
  const [text, version, trace, parent, rest] =
    typeof value === "string" ? (TRACEPARENT.exec(value) ?? []) : [];
  const isKnown = version !== "ff" && (version !== "00" || rest === undefined);
  if (text !== undefined && isKnown && trace !== NO_TRACE && parent !== NO_PARENT) return text;
  throw invalidOption(name, 'a traceparent as "00-<32 hex digits>-<16 hex digits>-01"', value);
}
