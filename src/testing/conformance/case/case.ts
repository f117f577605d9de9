import type { Sink } from "../../../futures/run/egress.ts";
import type { TestedCapability } from "./capability.ts";
import type { EngineUnderTest } from "./engine-under-test.ts";
import type { Time } from "./time.ts";

/** Options with which a case starts its engine. */
export interface StartOptions {
  readonly egress?: Readonly<Record<string, Sink>>;
  /** Time for which settled flows and futures are kept, in ms; default 7 days. */
  readonly retentionMs?: number;
}

/**
 * A running engine that a case has started. All optional members are present: a case that uses one
 * lists the capability in `needs`.
 */
export type Running = Required<EngineUnderTest>;

/** The tools of a case: it starts engines, which end with the case, and lets time pass. */
export interface Trial {
  readonly start: (functions: readonly object[], options?: StartOptions) => Promise<Running>;
  readonly time: Time;
}

/** One behavior, the same on every engine. */
export interface Case {
  /** A sentence that states the behavior. */
  readonly title: string;
  readonly needs?: readonly TestedCapability[];
  readonly run: (trial: Trial) => Promise<void>;
}
