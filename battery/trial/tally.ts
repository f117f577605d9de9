import type { Verdict, Violation } from "../history/verdict.ts";

/** The results of all trials. */
export class Tally {
  readonly requests = { acknowledged: 0, indeterminate: 0, failed: 0 };
  readonly recoveriesMs: number[] = [];
  readonly violations: Violation[] = [];
  /** Failures beside verdicts. */
  readonly failures: string[] = [];
  /** Other lines for the report. */
  readonly notes: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #peaks = new Map<string, number>();

  /** Counts an event of a trial. */
  add(count: string, times = 1): void {
    this.#counts.set(count, this.count(count) + times);
  }

  /** Returns a count. */
  count(count: string): number {
    return this.#counts.get(count) ?? 0;
  }

  /** Records a measurement. The report shows the largest one. */
  reach(peak: string, value: number): void {
    this.#peaks.set(peak, Math.max(value, this.peak(peak) ?? value));
  }

  /** Returns the largest measurement; `undefined` if there is none. */
  peak(peak: string): number | undefined {
    return this.#peaks.get(peak);
  }

  /** Adds a line to the report. */
  note(line: string): void {
    this.notes.push(line);
  }

  /**
   * Adds the verdict of one ledger. Call it once for each, because a verdict covers the whole
   * ledger.
   */
  judge({ requests, violations, recoveriesMs }: Verdict): void {
    for (const name of ["acknowledged", "indeterminate", "failed"] as const)
      this.requests[name] += requests[name];
    this.recoveriesMs.push(...recoveriesMs);
    this.violations.push(...violations);
  }

  /** Records a failure that no verdict contains. */
  fail(message: string): void {
    this.failures.push(message);
  }

  /** True if anything was wrong. */
  get isRed(): boolean {
    return this.violations.length + this.failures.length > 0;
  }

  /** Adds the counts of another tally. */
  merge(other: Tally): void {
    this.judge(other);
    this.failures.push(...other.failures);
    this.notes.push(...other.notes);
    for (const [count, times] of other.#counts) this.add(count, times);
    for (const [peak, value] of other.#peaks) this.reach(peak, value);
  }
}
