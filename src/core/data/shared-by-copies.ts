/**
 * Returns the object that all copies of the package share on `host`, a global object or `process`.
 * The first copy makes it. `name` belongs to its shape: a shape that changes needs another name.
 */
export function sharedByCopies<Shared extends object>(
  host: object,
  name: string,
  make: () => Shared,
): Shared {
  const key = Symbol.for(`handback.${name}`);
  const known = (host as Readonly<Record<symbol, Shared | undefined>>)[key];
  if (known !== undefined) return known;
  const made = make();
  Object.defineProperty(host, key, { value: made });
  return made;
}
