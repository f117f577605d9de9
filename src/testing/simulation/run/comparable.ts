import { isAnyDate, isAnyMap, isAnySet, isError } from "../../../core/data/kind.ts";
import fc from "fast-check";

/**
 * Message ids contain the number of their flow, which changes if the flow is started again after a
 * crash.
 */
const MESSAGE_IDS = /[0-9a-f]{40}/g;

/**
 * Renders a value so that outcomes of two runs can be compared: keys in order, without generated
 * ids and stacks.
 */
export function comparable(value: unknown): string {
  return fc.stringify(normal(value));
}

function normal(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(MESSAGE_IDS, "(id)");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(normal);
  if (isError(value))
    return entriesOf(
      Object.assign({ name: value.name, message: value.message, cause: value.cause }, value),
    );
  if (isAnyMap(value))
    return sorted(Array.from(value, ([key, held]) => [normal(key), normal(held)]));
  if (isAnySet(value)) return sorted(Array.from(value, normal));
  return isAnyDate(value) || ArrayBuffer.isView(value) ? value : entriesOf(value);
}

/** Returns a plain object of a value's parts, ordered by name. */
function entriesOf(value: object): unknown {
  const entries = Object.entries(value).filter(
    ([name, held]) => name !== "stack" && held !== undefined,
  );
  const normalized = entries.map(([name, held]) => [normal(name), normal(held)] as const);
  return Object.fromEntries(
    normalized.toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
  );
}

function sorted(items: readonly unknown[]): readonly unknown[] {
  return items.toSorted((one, other) => (fc.stringify(one) < fc.stringify(other) ? -1 : 1));
}
