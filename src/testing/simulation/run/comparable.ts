import fc from "fast-check";

/** Ids of messages, which contain the number of their flow; a flow that is started again after a crash has another one. */
const MESSAGE_IDS = /[0-9a-f]{40}/g;

/**
 * Shows a value so that two outcomes can be compared, however they came about: keys in order, ids that are made anew by each run
 * and stacks left out.
 */
export function comparable(value: unknown): string {
  return fc.stringify(normal(value));
}

function normal(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(MESSAGE_IDS, "(id)");
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(normal);
  if (value instanceof Error)
    return entriesOf(
      Object.assign({ name: value.name, message: value.message, cause: value.cause }, value),
    );
  if (value instanceof Map)
    return sorted(Array.from(value, ([key, held]) => [normal(key), normal(held)]));
  if (value instanceof Set) return sorted(Array.from(value, normal));
  return value instanceof Date || ArrayBuffer.isView(value) ? value : entriesOf(value);
}

/** A plain object of a value's parts, in order of their names. */
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
