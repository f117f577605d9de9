import { setImmediate } from "../../machine/real-time.ts";

let last: Promise<void> = Promise.resolve();

/**
 * Waits for the caller's own turn of the event loop. One caller continues in each turn, so other
 * requests and timers run in between.
 */
export function ownTurn(): Promise<void> {
  last = last.then(() => {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    return promise;
  });
  return last;
}
