import { setImmediate } from "../../machine/real-time.ts";

let last: Promise<void> = Promise.resolve();

/**
 * Waits for a turn of the event loop of one's own: of all that call this, one goes on in each turn.
 * So other requests and timers come in between.
 */
export function ownTurn(): Promise<void> {
  last = last.then(() => {
    const { promise, resolve } = Promise.withResolvers<void>();
    setImmediate(resolve);
    return promise;
  });
  return last;
}
