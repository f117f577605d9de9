import type { CrashPoint } from "./crash.ts";
import type { Decisions, Fate } from "./decisions.ts";

/**
 * All decisions of a simulated world, as data. Omitted decisions mean no faults and natural order,
 * so `{}` is the run without faults. A schedule can be kept, printed and shrunk.
 */
export interface Schedule {
  /** Seed of `ctx.random()` and tokens; default 0. */
  readonly seed?: number;
  /** Points at which processes crash. */
  readonly crashes?: readonly CrashPoint[];
  /**
   * Indexes of the next thing to happen, in turn, modulo the number of candidates; after the last:
   * the first in order.
   */
  readonly choices?: readonly number[];
  /**
   * Durations of commits in ms, in turn; after the last: no time. If the number is odd, readers see
   * the commit early.
   */
  readonly commitMs?: readonly number[];
  /** Client requests that are sent twice, counted from 1. */
  readonly repeats?: readonly number[];
}

/** Decides as a schedule says. */
export class ScheduledDecisions implements Decisions {
  readonly #schedule: Schedule;
  readonly #crashes: CrashPoint[];
  #choices = 0;
  #commits = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#crashes = [...(schedule.crashes ?? [])];
  }

  choose(count: number): number {
    if (count < 2) return 0;
    return (this.#schedule.choices?.[this.#choices++] ?? 0) % count;
  }

  commit(commit: number): Fate {
    const takesMs = this.#schedule.commitMs?.[this.#commits++] ?? 0;
    const at = this.#crashes.findIndex((crash) => crash.commit === commit);
    const [crash] = at < 0 ? [] : this.#crashes.splice(at, 1);
    return {
      takesMs,
      seenEarly: takesMs % 2 === 1,
      ...(crash !== undefined && { crash: crash.how }),
    };
  }

  crashesAtStart(): boolean {
    return false;
  }

  downtimeMs(): number {
    return 0;
  }

  repeats(request: number): boolean {
    return this.#schedule.repeats?.includes(request) === true;
  }
}
