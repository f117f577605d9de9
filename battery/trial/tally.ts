import type { Verdict, Violation } from "../history/verdict.ts";

/** What all trials came to. */
export class Tally {
  readonly requests = { acknowledged: 0, indeterminate: 0, failed: 0 };
  readonly recoveriesMs: number[] = [];
  readonly violations: Violation[] = [];
  /** What is wrong beside verdicts. */
  readonly failures: string[] = [];
  /** What else is worth a line of the report. */
  readonly notes: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #peaks = new Map<string, number>();

  /** Counts something that a trial did. */
  add(count: string, times = 1): void {
    this.#counts.set(count, this.count(count) + times);
  }

  /** How often it was counted. */
  count(count: string): number {
    return this.#counts.get(count) ?? 0;
  }

  /** Measures something; of several measurements the report shows the largest. */
  reach(peak: string, value: number): void {
    this.#peaks.set(peak, Math.max(value, this.peak(peak) ?? value));
  }

  /** The largest that was measured; `undefined`: nothing was. */
  peak(peak: string): number | undefined {
    return this.#peaks.get(peak);
  }

  /** Says something that the report is to repeat. */
  note(line: string): void {
    this.notes.push(line);
  }

  /** Adds up what became of one ledger; once for each, since a verdict is of all that its ledger has heard. */
  judge({ requests, violations, recoveriesMs }: Verdict): void {
    for (const name of ["acknowledged", "indeterminate", "failed"] as const)
      this.requests[name] += requests[name];
    this.recoveriesMs.push(...recoveriesMs);
    this.violations.push(...violations);
  }

  /** Notes something wrong that no verdict tells. */
  fail(message: string): void {
    this.failures.push(message);
  }

  /** Whether something was not as it should be. */
  get isRed(): boolean {
    return this.violations.length + this.failures.length > 0;
  }

  /** Takes over what another one counted. */
  merge(other: Tally): void {
    this.judge(other);
    this.failures.push(...other.failures);
    this.notes.push(...other.notes);
    for (const [count, times] of other.#counts) this.add(count, times);
    for (const [peak, value] of other.#peaks) this.reach(peak, value);
  }
}
