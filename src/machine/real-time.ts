import { performance } from "node:perf_hooks";
import * as timers from "node:timers";
import { runInNewContext } from "node:vm";
import { HandbackError } from "../core/errors/errors.ts";

/*
 * The machine's time: its timers, its monotonic clock and its wall clock. Test tools put fakes in
 * place of the global functions, of those of the module `node:timers`, and of `Date`. With them an
 * engine would stand still, so it uses the functions of this file.
 *
 * MT1 The functions are kept when this file is loaded. A fake that is installed later changes
 *     nothing, and `Date.now` and `performance.now` are real even if it was installed before.
 * MT2 Timers that were faked before have no other source. Then an engine
 *     refuses to open instead of standing still.
 */

/** Node's `setTimeout`. */
export const setTimeout: (callback: () => void, ms: number) => NodeJS.Timeout = timers.setTimeout;
/** Node's `clearTimeout`. */
export const clearTimeout: (timer: NodeJS.Timeout | undefined) => void = timers.clearTimeout;
/** Node's `setInterval`. */
export const setInterval: (callback: () => void, ms: number) => NodeJS.Timeout = timers.setInterval;
/** Node's `clearInterval`. */
export const clearInterval: (timer: NodeJS.Timeout | undefined) => void = timers.clearInterval;
/** Node's `setImmediate`. */
export const setImmediate: (callback: () => void) => NodeJS.Immediate = timers.setImmediate;
/** Node's `clearImmediate`. */
export const clearImmediate: (immediate: NodeJS.Immediate | undefined) => void =
  timers.clearImmediate;

/** Waits for `ms`. */
export function sleep(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}

const faked = Object.entries({ setTimeout, setImmediate }).flatMap(([name, timer]) =>
  sourceOf(timer).startsWith(`function ${name}(`) ? [] : name,
);

/** Checks that the timers of this file are real. @throws `UNSUPPORTED` */
export function requireRealTimers(what: string): void {
  if (faked.length === 0) return;
  throw new HandbackError(
    "UNSUPPORTED",
    `${what}: ${faked.join(" and ")} had been replaced by fakes when handback was loaded, ` +
      "and would stand still; load handback before the fake timers are installed",
  );
}

/** Wall-clock instant, in ms since the epoch. */
export const wallClockMs: () => number =
  sourceOf(Date.now) === "function now() { [native code] }"
    ? Date.now
    : (runInNewContext("Date.now") as () => number);

/** Monotonic reading for durations, in ms. Fakes are set on the object, not on its prototype. */
export const monotonicMs: () => number = (
  Object.getPrototypeOf(performance) as Pick<typeof performance, "now">
).now.bind(performance);

function sourceOf(implementation: unknown): string {
  return Function.prototype.toString.call(implementation);
}
