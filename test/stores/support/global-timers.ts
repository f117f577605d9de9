import type * as realTime from "../../../src/machine/real-time.ts";

type RealTime = typeof realTime;

/**
 * Returns the machine's time with the timers of the global object, so that fake timers reach a
 * store. For `vi.mock`.
 */
export async function withGlobalTimers(original: () => Promise<RealTime>): Promise<RealTime> {
  return {
    ...(await original()),
    setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    setInterval: (callback, ms) => globalThis.setInterval(callback, ms),
    clearInterval: (timer) => globalThis.clearInterval(timer),
  };
}
