import { logFacts } from "../../../core/errors/log-facts.ts";
import type { Clock } from "../../../core/host/clock.ts";
import { guardedLog } from "../../../core/host/guarded-log.ts";
import type { Log } from "../../../core/host/log.ts";
import { invalidOption } from "../../../core/validation/options.ts";
import { checkedClock } from "./checked-clock.ts";
import { consoleLog } from "./console-log.ts";

/** The parts of an engine's host that a user may bring. */
export interface Host {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Returns a user's log, clock and randomness as ones that keep their contracts, whatever the user's
 * do. A fault is reported once.
 *
 * @param subject - names the owner of the options in messages, such as `embedded`
 * @throws `INVALID_OPTIONS` if the clock gives no time now
 */
export function guardedHost<Used extends Host>(subject: string, used: Used): Used {
  const log = guardedLog(used.log, (reason) => {
    consoleLog.error("the log of an engine failed, and its line is lost", logFacts(reason));
  });
  const clock = checkedClock(subject, used.clock, (fault) =>
    log.error(`the clock of the engine is faulty: ${fault}; the time is estimated meanwhile`),
  );
  return { ...used, log, clock, random: checkedRandom(subject, used.random) };
}

function checkedRandom(subject: string, random: () => number): () => number {
  if (random === Math.random) return random;
  return () => {
    const value: unknown = random();
    if (typeof value === "number" && value >= 0 && value < 1) return value;
    throw invalidOption(`the result of random of ${subject}`, "a number in [0, 1)", value);
  };
}
