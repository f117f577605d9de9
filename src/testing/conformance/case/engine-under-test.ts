import type { Clock } from "../../../core/host/clock.ts";
import type { Client } from "../../../futures/client/client.ts";
import type { DeadLetterReport } from "../../../futures/client/dead-letter.ts";
import type { Sink } from "../../../futures/run/egress.ts";

/** What an engine under test is to host, and where. */
export interface MakeOptions {
  /** Functions to host. They keep things of the test at hand, so they run in this process. */
  readonly functions: readonly object[];
  /**
   * Where time comes from: a `VirtualClock`, whose `hold` an engine calls that works where the event loop does not show it, or the
   * machine's for an engine that cannot do with `virtualTime`.
   */
  readonly clock: Clock;
  /** What chance may follow from, for engines that have any; from 1. */
  readonly seed: number;
  /** Where `ctx.egress` goes, by type. */
  readonly egress: Readonly<Record<string, Sink>>;
  /** How long what has settled is kept, in ms. */
  readonly retentionMs: number;
}

/** A running engine with nothing in it, as the suite sees it. */
export interface EngineUnderTest {
  readonly client: Pick<Client, keyof Client>;
  /** Messages that failed, oldest first (`deadLetters`). */
  readonly deadLetters?: () => readonly DeadLetterReport[] | Promise<readonly DeadLetterReport[]>;
  /** How many values are stored that have not expired, at all addresses, the library's own included (`storedValues`). */
  readonly stored?: () => number | Promise<number>;
}
