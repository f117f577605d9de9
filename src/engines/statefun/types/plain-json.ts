/** Depth at which a value counts as endless. */
const MAX_DEPTH = 200;

/** Tells whether JSON keeps a value without loss. A property that is `undefined` is left out. */
export function isJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  if (Object.prototype.toString.call(value) !== "[object Object]" || !isPlain(value)) return false;
  return Object.values(value).every((part) => part === undefined || isJson(part, depth + 1));
}

/** An object without a class of its own, of this realm or of another. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
