import { fn } from "../../src/index.ts";
import type { Fn } from "../../src/index.ts";

/** A function that sleeps until an instant, in ms since the epoch, and tells when it has said so. */
export function sleeper(tell: () => void): Fn<number, void> {
  return fn("bench/sleeper", (ctx, until: number) => {
    tell();
    return ctx.sleepUntil(until);
  });
}
