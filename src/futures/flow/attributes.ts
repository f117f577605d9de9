import type { FlowAttribute, FlowAttributeChanges } from "../../core/engine/flow-index.ts";
import { isRecord } from "../../core/data/kind.ts";
import { checkName } from "../../core/validation/names.ts";
import { invalidOption } from "../../core/validation/options.ts";

/** The most attributes of a flow. */
export const MOST_ATTRIBUTES = 8;
const LONGEST_TEXT = 256;

/** Checks the value of an attribute. @throws `INVALID_OPTIONS` */
export function checkAttribute(value: unknown, name: string): FlowAttribute {
  if (typeof value === "boolean") return value;
  // The text of -0 is that of 0.
  if (typeof value === "number" && Number.isFinite(value)) return value + 0;
  if (typeof value === "string" && value.length <= LONGEST_TEXT && !/[\p{Cs}\0]/u.test(value))
    return value;
  const expected = `a text of at most ${LONGEST_TEXT} characters, a finite number, or a boolean`;
  throw invalidOption(name, expected, value);
}

/** Checks attributes to set; `undefined` removes one. @throws `INVALID_OPTIONS`, `INVALID_NAME` */
export function checkAttributes(attributes: unknown): FlowAttributeChanges {
  if (typeof attributes !== "object" || attributes === null || !isRecord(attributes))
    throw invalidOption("ctx.setAttributes", "an object", attributes);
  const entries = Object.entries(attributes);
  if (entries.length > MOST_ATTRIBUTES)
    throw invalidOption(
      "ctx.setAttributes",
      `at most ${MOST_ATTRIBUTES} attributes`,
      entries.length,
    );
  return entries.map(([name, value]) => [
    checkName(name, "attribute name"),
    value === undefined ? null : checkAttribute(value, `attribute ${name}`),
  ]);
}
