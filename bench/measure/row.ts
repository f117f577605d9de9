/**
 * One line of the result: the medians of all rounds. The names are stable, for programs that read
 * them.
 */
export interface Row {
  readonly bench: string;
  readonly engine: string;
  /** `NaN`, in JSON `null`, if it could not be measured; `note` then gives the reason. */
  readonly value: number;
  readonly unit: string;
  /**
   * The value (times its weight) divided by that of the row named `of`; `null` if that was not
   * measured.
   */
  readonly ratio: number | null;
  /** The row of the reference: of the same engine, or of the engine `raw`; empty for none. */
  readonly of: string;
  readonly note?: string;
}
