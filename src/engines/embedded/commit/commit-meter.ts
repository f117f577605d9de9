import type { CommitStats } from "../../../core/engine/engine-stats.ts";
import type { Clock } from "../../../core/host/clock.ts";

/** Number of recent commits that are measured. */
const RECENT = 1_000;
const NS_PER_MS = 1e6;

/**
 * Measures commits: their number, size and time. A commit pays for two readings of the clock and
 * two numbers in arrays of fixed size.
 */
export class CommitMeter {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #timesNs = new Float64Array(RECENT);
  readonly #sizes = new Float64Array(RECENT);
  #count = 0;

  constructor(clock: Pick<Clock, "monotonicNs">) {
    this.#clock = clock;
  }

  /** Notes the begin of a commit. Returns its instant. */
  begin(): number {
    return this.#clock.monotonicNs();
  }

  /** Notes the end of a commit that began at this instant. */
  end(beganNs: number, messages: number): void {
    const at = this.#count++ % RECENT;
    this.#timesNs[at] = this.#clock.monotonicNs() - beganNs;
    this.#sizes[at] = messages;
  }

  read(): CommitStats {
    const recent = Math.min(this.#count, RECENT);
    const times = this.#timesNs.slice(0, recent).toSorted();
    const within = (share: number): number =>
      (times[Math.ceil(share * recent) - 1] ?? 0) / NS_PER_MS;
    const messages = this.#sizes.slice(0, recent).reduce((sum, size) => sum + size, 0);
    return {
      count: this.#count,
      batchSize: messages / Math.max(1, recent),
      p50Ms: within(0.5),
      p99Ms: within(0.99),
    };
  }
}
