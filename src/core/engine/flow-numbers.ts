/** Bits of the parts of a number: seconds, then the process, then a counter. */
const PROCESS_BITS = 16n;
const COUNTER_BITS = 16n;
const DIGITS = 16;

/**
 * Numbers of flows that processes draw without asking each other: the second in which the process
 * began to count, a random number of the process, and a counter. When the counter is full, the next
 * second begins, even if it lies ahead. Two processes that start in one second and draw the same
 * random number meet in one of 65,536 cases.
 */
export class FlowNumbers {
  readonly #process: bigint;
  #second: bigint;
  #count = 0n;

  /** @param random - returns a number in [0, 1) */
  constructor(nowMs: number, random: () => number) {
    this.#process = BigInt(Math.floor(random() * 2 ** Number(PROCESS_BITS)));
    this.#second = BigInt(Math.floor(nowMs / 1_000));
  }

  /** Returns the next number, larger than all before it in this process, as 16 hex digits. */
  next(): string {
    if (this.#count >> COUNTER_BITS > 0n) {
      this.#second++;
      this.#count = 0n;
    }
    const head = (this.#second << PROCESS_BITS) | this.#process;
    const number = (head << COUNTER_BITS) | this.#count++;
    return number.toString(16).padStart(DIGITS, "0");
  }
}
