/** The kind of a violation. `wrong` covers all kinds without a word of their own. */
export type Breach = "lost" | "duplicated" | "reordered" | "early" | "stuck" | "wrong";

/** A broken promise. */
export interface Violation {
  readonly what: Breach;
  /** Key of the operation, or another subject. */
  readonly operation: string;
  readonly said: string;
}

/** The judgment of a ledger's history. */
export interface Verdict {
  /** Requests of clients: answered, unanswered at the end of the process, rejected. */
  readonly requests: {
    readonly acknowledged: number;
    readonly indeterminate: number;
    readonly failed: number;
  };
  /** Empty if all is well. */
  readonly violations: readonly Violation[];
  /**
   * Times in ms from the start of a process to its first answer, one for each process that
   * answered.
   */
  readonly recoveriesMs: readonly number[];
}
