/** In which way something is wrong; `wrong` is all that has no word of its own. */
export type Breach = "lost" | "duplicated" | "reordered" | "early" | "stuck" | "wrong";

/** Something that is not as it was promised. */
export interface Violation {
  readonly what: Breach;
  /** Key of the operation, or what else it is about. */
  readonly operation: string;
  readonly said: string;
}

/** What a ledger's history comes to. */
export interface Verdict {
  /** Requests of clients: answered, not answered before the process ended, refused. */
  readonly requests: {
    readonly acknowledged: number;
    readonly indeterminate: number;
    readonly failed: number;
  };
  /** Empty: all is well. */
  readonly violations: readonly Violation[];
  /** Times in ms from the start of a process to its first answer, one for each process that gave one. */
  readonly recoveriesMs: readonly number[];
}
