import type { Sink } from "../../../futures/run/egress.ts";
import type { TestedCapability } from "./capability.ts";
import type { EngineUnderTest } from "./engine-under-test.ts";
import type { Time } from "./time.ts";

/** How a case wants its engine. */
export interface StartOptions {
  readonly egress?: Readonly<Record<string, Sink>>;
  /** How long what has settled is kept, in ms; default 7 days. */
  readonly retentionMs?: number;
}

/** An engine that a case has started. What it may lack is there: a case that uses it names the capability as a need. */
export type Running = Required<EngineUnderTest>;

/** What a case works with: engines, which end with it, and time. */
export interface Trial {
  readonly start: (functions: readonly object[], options?: StartOptions) => Promise<Running>;
  readonly time: Time;
}

/** One behaviour, the same on every engine. */
export interface Case {
  /** A sentence about it. */
  readonly title: string;
  readonly needs?: readonly TestedCapability[];
  readonly run: (trial: Trial) => Promise<void>;
}
