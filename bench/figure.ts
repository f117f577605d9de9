import type { EngineName } from "./subject.ts";

/** One thing that was measured once. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Name of what it is compared to: `baseline`, `fsync`, or another figure of the same engine. */
  readonly of: string;
  /** What the value is multiplied by for the ratio; default 1. A chain of three steps is four activations. */
  readonly weight?: number;
}

/** One benchmark: makes its figures anew each time it is measured, with an engine and a store of its own. */
export interface Bench {
  readonly name: string;
  /** Measures for about so many seconds. */
  measure(engine: EngineName, seconds: number): Promise<readonly Figure[]>;
}
