import type { Sizes } from "./sizes.ts";
import type { EngineName } from "./subject.ts";

/** One thing that was measured once. */
export interface Figure {
  readonly name: string;
  /** `NaN` for what could not be measured; then `note` says why. */
  readonly value: number;
  readonly unit: string;
  /** Name of what it is compared to: `baseline`, `fsync`, or another figure of the same engine; empty for nothing. */
  readonly of: string;
  /** What the value is multiplied by for the ratio; default 1. A chain of three steps is four activations. */
  readonly weight?: number;
  /** What it is compared to, when the bench has measured that itself, right beside it. */
  readonly reference?: number;
  readonly note?: string;
}

/** One benchmark: makes its figures anew each time it is measured, with an engine and a store of its own. */
export interface Bench {
  readonly name: string;
  /** How often it is measured; default 5. */
  readonly rounds?: number;
  /** Measures for about so many seconds, or with such sizes. */
  measure(engine: EngineName, seconds: number, sizes: Sizes): Promise<readonly Figure[]>;
}
