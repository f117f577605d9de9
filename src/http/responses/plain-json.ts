import { isAnyDate, isAnyMap, isAnySet, isBytes } from "../../core/data/kind.ts";
import { toBase64 } from "../../core/codec/base64.ts";
import { isHandle } from "../../futures/types/handle.ts";

/**
 * Makes plain JSON from a value of a flow: dates in ISO 8601, bigints and non-finite numbers as
 * text, Maps as lists of pairs, Sets as lists, bytes in base64. Handles are left out, because
 * clients cannot use them.
 */
export function plainJson(value: unknown): unknown {
  switch (typeof value) {
    case "bigint":
      return value.toString();
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "object":
      return value === null ? null : plainObject(value);
    default:
      return value;
  }
}

function plainObject(value: object): unknown {
  if (isAnyDate(value)) return value.toISOString();
  if (isAnyMap(value)) return Array.from(value, ([key, item]) => [plainItem(key), plainItem(item)]);
  if (isAnySet(value)) return Array.from(value, plainItem);
  if (isBytes(value)) return toBase64(value);
  if (Array.isArray(value)) return value.map(plainItem);
  if (isHandle(value)) return undefined;
  return plainRecord(value as Readonly<Record<string, unknown>>);
}

/** Most objects are plain JSON already. To copy a wide one takes as long as to decode it. */
function plainRecord(record: Readonly<Record<string, unknown>>): unknown {
  const keys = Object.keys(record);
  const items = keys.map((key) => plainJson(record[key]));
  if (items.every((item, at) => item === record[keys[at] as string])) return record;
  // Not by assignment, which would treat a property named __proto__ specially.
  return Object.fromEntries(keys.map((key, at) => [key, items[at]]));
}

/** An item without a value becomes `null`, because JSON lists have no gaps. */
function plainItem(item: unknown): unknown {
  return plainJson(item) ?? null;
}
