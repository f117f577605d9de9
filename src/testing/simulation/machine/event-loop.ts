import { setImmediate } from "../../../machine/real-time.ts";

/** Waits for one turn of the real event loop, in which all promises that can settle do. */
export function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}
