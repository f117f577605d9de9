/** Tells whether `value` is a plain object: without a class, or without a prototype. */
export function isRecord(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Tells whether `value` is of `kind` itself and not of a class that extends it. */
export function isExactly<Kind extends object>(
  value: object,
  kind: { readonly prototype: Kind },
): value is Kind {
  return Object.getPrototypeOf(value) === kind.prototype;
}
