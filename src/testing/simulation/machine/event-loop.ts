// Kept here, since tests may put false ones in their place.
const { setImmediate } = globalThis;

/** One turn of the real event loop, with all promises that settle in consequence. */
export function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}
