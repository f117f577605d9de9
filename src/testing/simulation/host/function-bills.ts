import type { FunctionBill } from "../../../engines/embedded/execution/function-meter.ts";
import type { Host } from "./host.ts";

/**
 * The bills of functions, summed over processes. An engine keeps its bills in memory, so they are
 * lost with its process.
 */
export class FunctionBills {
  readonly #sums: Map<string, FunctionBill>;

  constructor(sums: Iterable<readonly [string, FunctionBill]> = []) {
    this.#sums = new Map(sums);
  }

  /** Adds the bills of a process that still runs. */
  add({ engine, specs }: Host): void {
    for (const type of engine === undefined ? [] : specs.keys()) {
      const bill = engine?.meter.function(type);
      if (bill === undefined || bill.runs === 0) continue;
      const sum = this.#sums.get(type) ?? { runs: 0, failed: 0, billedMs: 0, blockedMs: 0 };
      this.#sums.set(type, {
        runs: sum.runs + bill.runs,
        failed: sum.failed + bill.failed,
        billedMs: sum.billedMs + bill.billedMs,
        blockedMs: sum.blockedMs + bill.blockedMs,
      });
    }
  }

  /** Returns the sums so far plus the bills of a running process. */
  with(host: Host | undefined): ReadonlyMap<string, FunctionBill> {
    const all = new FunctionBills(this.#sums);
    if (host !== undefined) all.add(host);
    return all.#sums;
  }
}
