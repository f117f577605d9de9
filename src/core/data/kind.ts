import { isDate, isMap, isNativeError, isSet, isUint8Array } from "node:util/types";

/**
 * Tells what a value is, also if it was made in another realm: by another global object, such as
 * that of a `vm` context. Tests in Jest run in one, with classes of their own.
 *
 * KI1. A built-in object is known by its internal slots, which no other object can have. `instanceof`
 * compares with this realm's classes only.
 * KI2. An object is exactly of a class if its prototype is the class's own, in its realm. An object
 * of a derived class is not.
 */

/** Tells whether `value` is a plain object: without a class, or without a prototype. */
export function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype || prototype === null || isPrototypeOf(prototype, "Object", 1)
  );
}

/** Tells whether `value` is a Date, or of a class derived from it. */
export function isAnyDate(value: unknown): value is Date {
  return isDate(value);
}

/** Tells whether `value` is a Map, or of a class derived from it. */
export function isAnyMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return isMap(value);
}

/** Tells whether `value` is a Set, or of a class derived from it. */
export function isAnySet(value: unknown): value is ReadonlySet<unknown> {
  return isSet(value);
}

/** Tells whether `value` is a Uint8Array, or of a class derived from it, such as Buffer. */
export function isBytes(value: unknown): value is Uint8Array {
  return isUint8Array(value);
}

/** Tells whether `value` is an array, and not of a derived class. */
export function isExactArray(value: object): value is readonly unknown[] {
  return Array.isArray(value) && isExactly(value, Array, "Array", 2);
}

/** Tells whether `value` is a Date, and not of a derived class other than that of fake timers. */
export function isExactDate(value: object): value is Date {
  return isDate(value) && (isExactly(value, Date, "Date", 2) || isMadeByFakeTimers(value));
}

/** Dates made under the fake timers of a test outlive these. Their class adds nothing to Date. */
function isMadeByFakeTimers(value: Date): boolean {
  const constructor = (Object.getPrototypeOf(value) as object | null)?.constructor;
  return typeof constructor === "function" && Reflect.get(constructor, "isFake") === true;
}

/** Tells whether `value` is a Map, and not of a derived class. */
export function isExactMap(value: object): value is ReadonlyMap<unknown, unknown> {
  return isMap(value) && isExactly(value, Map, "Map", 2);
}

/** Tells whether `value` is a Set, and not of a derived class. */
export function isExactSet(value: object): value is ReadonlySet<unknown> {
  return isSet(value) && isExactly(value, Set, "Set", 2);
}

/** Tells whether `value` is a Uint8Array, and not of a derived class such as Buffer. */
export function isExactBytes(value: object): value is Uint8Array {
  return isUint8Array(value) && isExactly(value, Uint8Array, "Uint8Array", 3);
}

/** Tells whether `value` is an Error, or of a class derived from it. */
export function isError(value: unknown): value is Error {
  // oxlint-disable-next-line typescript/no-deprecated -- Node 22 has no Error.isError
  return isNativeError(value);
}

/** Tells whether `value` is a promise, or another object or function with a `then` method. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function isExactly(
  value: object,
  kind: { readonly prototype: object },
  name: string,
  depth: number,
): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === kind.prototype || isPrototypeOf(prototype, name, depth);
}

/**
 * Tells whether `prototype` is that of the built-in class `name` in another realm: `depth` steps
 * from the end of its chain, with a native constructor of this name.
 */
function isPrototypeOf(prototype: unknown, name: string, depth: number): boolean {
  let above: unknown = prototype;
  for (let step = 0; step < depth; step++) {
    if (typeof above !== "object" || above === null) return false;
    above = Object.getPrototypeOf(above);
  }
  if (above !== null || typeof prototype !== "object" || prototype === null) return false;
  const own: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return (
    typeof own === "function" &&
    own.prototype === prototype &&
    Function.prototype.toString.call(own) === `function ${name}() { [native code] }`
  );
}
