import { FLOW_DIGITS } from "../message/message-id.ts";

/** Hex digits of a flow number that hold the number of the process. The remaining ones count. */
const PROCESS_DIGITS = 8;
const COUNTER_DIGITS = FLOW_DIGITS - PROCESS_DIGITS;
const MOST = 16 ** COUNTER_DIGITS;

/**
 * Numbers of flows on a cluster: a number that this process has claimed, which no other process has
 * or had, and a counter. So no two processes give a flow the same number.
 */
export class ClaimedFlowNumbers {
  readonly #claim: () => Promise<number>;
  readonly #most: number;
  #claimed: string | undefined;
  #count = 0;
  #claiming: Promise<void> | undefined;

  /**
   * @param claim - claims a number for this process: a whole number that is given once
   * @param most - flows that one claimed number serves
   */
  constructor(claim: () => Promise<number>, most = MOST) {
    this.#claim = claim;
    this.#most = most;
  }

  /**
   * Returns the next number, as 16 hex digits. The first call claims a number for the process, and so
   * does one that finds the counter full. @throws the error of a claim; the next call tries again
   */
  next(): string | Promise<string> {
    return this.#claimed === undefined || this.#count >= this.#most
      ? this.#nextAfterClaim()
      : this.#take(this.#claimed);
  }

  async #nextAfterClaim(): Promise<string> {
    this.#claiming ??= this.#claimProcess();
    await this.#claiming;
    return this.next();
  }

  async #claimProcess(): Promise<void> {
    try {
      const number = await this.#claim();
      this.#claimed = number.toString(16).padStart(PROCESS_DIGITS, "0");
      this.#count = 0;
    } finally {
      this.#claiming = undefined;
    }
  }

  #take(claimed: string): string {
    return claimed + (this.#count++).toString(16).padStart(COUNTER_DIGITS, "0");
  }
}
