import type { Definition } from "../../../core/activation/definition.ts";
import type { Run } from "../../../core/activation/meter.ts";

/** The runs of one function since the engine was started. */
export interface FunctionBill {
  readonly runs: number;
  readonly failed: number;
  readonly billedMs: number;
  readonly blockedMs: number;
}

/**
 * Sums the runs of each function in memory, including one-way messages, which belong to no flow.
 */
export class FunctionMeter {
  readonly #definitions: ReadonlyMap<string, Definition>;
  readonly #sums = new Map<
    string,
    { runs: number; failed: number; billedNs: number; blockedNs: number }
  >();

  constructor(definitions: ReadonlyMap<string, Definition>) {
    this.#definitions = definitions;
  }

  add(type: string, run: Run): void {
    let sum = this.#sums.get(type);
    if (sum === undefined)
      this.#sums.set(type, (sum = { runs: 0, failed: 0, billedNs: 0, blockedNs: 0 }));
    sum.runs++;
    sum.billedNs += run.billedNs;
    sum.blockedNs += run.blockedNs;
    if (run.failed) sum.failed++;
  }

  /** Reads the sums of a function by its name, or a former one. */
  read(type: string): FunctionBill {
    const current = this.#definitions.get(type)?.type ?? type;
    const { runs, failed, billedNs, blockedNs } = this.#sums.get(current) ?? {
      runs: 0,
      failed: 0,
      billedNs: 0,
      blockedNs: 0,
    };
    return { runs, failed, billedMs: billedNs / 1e6, blockedMs: blockedNs / 1e6 };
  }
}
