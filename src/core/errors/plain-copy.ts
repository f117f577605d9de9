import type { Json } from "../data/json.ts";
import { isError, isExactDate, isRecord } from "../data/kind.ts";
import { messageOf, readProperty } from "./thrown.ts";

/** Number of characters that may still be copied. Shared by the parts of one whole. */
export interface TextBudget {
  left: number;
}

const MAX_DEPTH = 6;
const MAX_STRING = 4096;
/** Characters that an item takes beside its name and its text. */
const ITEM = 4;

/** Takes a text from the budget, cut to 4,096 characters. */
export function takeText(text: string, budget: TextBudget): string {
  const taken = text.length <= MAX_STRING ? text : `${text.slice(0, MAX_STRING)}…`;
  budget.left -= taken.length;
  return taken;
}

/**
 * Copies the plain data in any value: text, numbers, booleans, `null`, lists and plain objects, 6
 * levels deep. Dates, bigints and non-finite numbers become text, and an error its name, message
 * and code. Leaves out other values, an object that holds itself, and anything that exceeds the
 * budget. Never throws.
 *
 * @param path the objects that hold the value
 */
export function copyPlainData(
  value: unknown,
  budget: TextBudget,
  path: readonly object[] = [],
): Json | undefined {
  switch (typeof value) {
    case "string":
      return value.length > budget.left && value.length <= MAX_STRING
        ? undefined
        : takeText(value, budget);
    case "number":
      // JSON has no -0.
      return Number.isFinite(value) ? value + 0 : String(value);
    case "boolean":
      return value;
    case "bigint":
      return takeText(String(value), budget);
    case "object":
      return value === null ? null : copyObject(value, budget, path);
    default:
      return undefined;
  }
}

/** Copies those of the named properties that are plain data. Returns none if there is no such. */
export function copyProperties(
  object: object,
  names: readonly string[],
  budget: TextBudget,
  path: readonly object[] = [],
): { readonly [key: string]: Json | undefined } | undefined {
  const copied: [string, Json][] = [];
  const inside = [...path, object];
  for (const name of names) {
    const cost = name.length + ITEM;
    if (budget.left < cost) break;
    const copy = copyPlainData(readProperty(object, name), budget, inside);
    if (copy === undefined) continue;
    budget.left -= cost;
    copied.push([name, copy]);
  }
  // Not by assignment, which would treat a property named __proto__ specially.
  return copied.length === 0 ? undefined : Object.fromEntries(copied);
}

function copyObject(value: object, budget: TextBudget, path: readonly object[]): Json | undefined {
  if (path.length > MAX_DEPTH || path.includes(value)) return undefined;
  try {
    if (Array.isArray(value)) return copyList(value, budget, [...path, value]);
    if (isExactDate(value)) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (isError(value)) return copyError(value, budget);
    return isRecord(value)
      ? (copyProperties(value, Object.keys(value), budget, path) ?? {})
      : undefined;
  } catch {
    return undefined;
  }
}

function copyList(
  list: readonly unknown[],
  budget: TextBudget,
  path: readonly object[],
): readonly Json[] {
  const copied: Json[] = [];
  for (let index = 0; index < list.length && budget.left >= ITEM; index++) {
    budget.left -= ITEM;
    copied.push(copyPlainData(readProperty(list, index), budget, path) ?? null);
  }
  return copied;
}

function copyError(error: object, budget: TextBudget): Json {
  const code = readProperty(error, "code");
  const name = readProperty(error, "name");
  return {
    ...(typeof name === "string" && { name: takeText(name, budget) }),
    message: takeText(messageOf(error), budget),
    ...(typeof code === "string" && { code: takeText(code, budget) }),
    ...(typeof code === "number" && { code }),
  };
}
