import type { Clock } from "../../../core/host/clock.ts";
import type { Client } from "../../../futures/client/client.ts";
import type { DeadLetterReport } from "../../../futures/client/stored/dead-letter.ts";
import type { Sink } from "../../../futures/run/egress.ts";

/** Options for the engine that a test needs. */
export interface MakeOptions {
  /** Functions to host. They share variables with the test, so they must run in this process. */
  readonly functions: readonly object[];
  /**
   * The source of time: a `VirtualClock`, or the machine's clock for an engine without
   * `virtualTime`. An engine whose work does not show in the event loop, such as work in a thread,
   * wraps it in the `hold` of the virtual clock.
   */
  readonly clock: Clock;
  /** Seed of the random choices, for engines that make any; counts from 1. */
  readonly seed: number;
  /** Sinks of `ctx.egress`, by type. */
  readonly egress: Readonly<Record<string, Sink>>;
  /** Time for which settled flows and futures are kept, in ms. */
  readonly retentionMs: number;
}

/** A running engine with an empty store, as the suite sees it. */
export interface EngineUnderTest {
  /** Read again after each `redeploy`. */
  readonly client: Pick<Client, keyof Client>;
  /** Lists the messages that failed, oldest first (capability `deadLetters`). */
  readonly deadLetters?: () => readonly DeadLetterReport[] | Promise<readonly DeadLetterReport[]>;
  /**
   * Counts the stored values that have not expired, at all addresses, including the library's own
   * (capability `storedValues`). Leave out those of `_sys/process`: a cluster keeps the number of
   * its last process.
   */
  readonly stored?: () => number | Promise<number>;
  /**
   * Replaces the hosted functions, as a deploy of new code does. All that is stored stays
   * (capability `redeploy`).
   */
  readonly redeploy?: (functions: readonly object[]) => void | Promise<void>;
}
