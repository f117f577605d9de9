import type {
  FlowAttribute,
  FlowAttributeChanges,
  FlowAttributes,
} from "../../core/engine/flow-index.ts";
import { MOST_ATTRIBUTES } from "./attributes.ts";

/**
 * Returns the attributes of a flow after a change, in the order of their names. Those that would be
 * too many are left out, the last names first; attributes that were there before stay.
 */
export function changedAttributes(
  before: FlowAttributes | undefined,
  changes: FlowAttributeChanges,
): FlowAttributes | undefined {
  const after = new Map<string, FlowAttribute>(before ?? []);
  for (const [name, value] of changes) if (value === null) after.delete(name);
  for (const [name, value] of changes.toSorted(byAttributeName))
    if (value !== null && (after.has(name) || after.size < MOST_ATTRIBUTES)) after.set(name, value);
  return after.size === 0 ? undefined : [...after].toSorted(byAttributeName);
}

function byAttributeName(
  [one]: readonly [string, unknown],
  [other]: readonly [string, unknown],
): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
