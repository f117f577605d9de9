import { HandbackError } from "../../core/errors/errors.ts";
import { isJsonObject } from "./server-error.ts";

/**
 * Writes the path of a route.
 *
 * @param segments - decoded
 * @throws `INVALID_KEY` for a segment that no path can carry
 */
export function routePath(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeSegment(segment)}`).join("");
}

/** Returns the path of the function that a target names. @throws `INVALID_NAME` */
export function functionPath(target: unknown): string {
  const name = typeof target === "string" ? target : targetName(target);
  const parts = name?.split("/") ?? [];
  if (parts.length >= 2 && parts.length <= 3 && parts.every((part) => part !== ""))
    return routePath("functions", ...parts);
  throw new HandbackError(
    "INVALID_NAME",
    'start: expected a function, or its name such as "shop/checkout" or "shop/cart/add"',
  );
}

function targetName(f: unknown): string | undefined {
  if (!isJsonObject(f) || typeof f["type"] !== "string") return undefined;
  const { type, operation } = f;
  return typeof operation === "string" ? `${type}/${operation}` : type;
}

function encodeSegment(segment: unknown): string {
  // A URL has no way to write the segments "." and "..".
  if (typeof segment !== "string" || ["", ".", ".."].includes(segment))
    throw new HandbackError("INVALID_KEY", 'expected a text other than "", "." and ".."');
  try {
    return encodeURIComponent(segment);
  } catch (cause) {
    throw new HandbackError("INVALID_KEY", "expected a text without lone surrogates", { cause });
  }
}
