/**
 * A hidden property of objects that every copy of the package finds, whichever copy made the
 * object. A process has several copies if some of its code imports the package and some requires
 * it, after a hot reload, and in a test runner that resets its modules.
 */
export class Brand<Value> {
  readonly #key: symbol;

  /** @param name part of a name that all versions of the package share */
  constructor(name: string) {
    this.#key = Symbol.for(`handback.${name}`);
  }

  /** Puts a value on an object that is not frozen yet, in place of an earlier one. */
  attach<Target extends object>(target: Target, value: Value): Target {
    return Object.defineProperty(target, this.#key, { value, configurable: true });
  }

  /** Returns the value on an object, and `undefined` for anything else. */
  read(target: unknown): Value | undefined {
    const isObject = typeof target === "object" || typeof target === "function";
    if (!isObject || target === null) return undefined;
    // A proxy may throw.
    try {
      return this.#key in target ? (target as Record<symbol, Value>)[this.#key] : undefined;
    } catch {
      return undefined;
    }
  }
}
