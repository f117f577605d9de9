import type {
  FlowAttribute,
  FlowAttributeChanges,
  FlowAttributes,
} from "../../core/engine/flow-index.ts";
import { MOST_ATTRIBUTES } from "./attributes.ts";

/** The attributes of a flow after a change. */
export interface ChangedAttributes {
  /** In the order of their names. */
  readonly attributes: FlowAttributes | undefined;
  /** Names of those that were left out, because the flow would have too many. */
  readonly dropped: readonly string[];
}

/**
 * Changes the attributes of a flow. Those that would be too many are left out, the last names first;
 * attributes that were there before stay.
 */
export function changedAttributes(
  before: FlowAttributes | undefined,
  changes: FlowAttributeChanges,
): ChangedAttributes {
  const dropped: string[] = [];
  const after = new Map<string, FlowAttribute>(before ?? []);
  for (const [name, value] of changes) if (value === null) after.delete(name);
  for (const [name, value] of changes.toSorted(byAttributeName))
    if (value === null) continue;
    else if (after.has(name) || after.size < MOST_ATTRIBUTES) after.set(name, value);
    else dropped.push(name);
  return {
    attributes: after.size === 0 ? undefined : [...after].toSorted(byAttributeName),
    dropped,
  };
}

function byAttributeName(
  [one]: readonly [string, unknown],
  [other]: readonly [string, unknown],
): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
