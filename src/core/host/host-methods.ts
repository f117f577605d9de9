import type { Methods } from "../validation/options.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

/** The methods that an option which holds a log must have. */
export const LOG_METHODS: Methods<Log> = { debug: true, info: true, warn: true, error: true };

/** The methods that an option which holds a clock must have. */
export const CLOCK_METHODS: Methods<Clock> = { now: true, monotonicNs: true, setTimer: true };
