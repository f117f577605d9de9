import type { CrashPoint } from "./crash.ts";
import type { Decisions, Fate } from "./decisions.ts";

/**
 * What a simulated world decides, as data: what is not said happens without faults and in order, so `{}` is the calm run.
 * It can be kept, printed, and shrunk.
 */
export interface Schedule {
  /** Feeds `ctx.random()` and tokens; default 0. */
  readonly seed?: number;
  /** Where processes end. */
  readonly crashes?: readonly CrashPoint[];
  /** Which of several things is next, in turn, modulo how many there are; after the last: the first in order. */
  readonly choices?: readonly number[];
  /** How long commits take, in ms, in turn; after the last: no time. Of an odd number, readers see the commit early. */
  readonly commitMs?: readonly number[];
  /** Which requests of clients are sent twice, counted from 1. */
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
