import { FLOW_DIGITS } from "../../../core/message/message-id.ts";

/** Hex digits of a flow number that hold the store's generation. The remaining ones count. */
const GENERATION_DIGITS = 6;

/** Returns the number of the first flow that an opening of the store starts. */
export function firstFlowOf(generation: number): string {
  return new FlowNumbers(generation).next();
}

/** Numbers new flows: the store's generation, which grows with each opening, and a counter. */
export class FlowNumbers {
  readonly #generation: string;
  #count = 0;

  /** @param generation how many times the store has been opened, this time included */
  constructor(generation: number) {
    this.#generation = generation.toString(16).padStart(GENERATION_DIGITS, "0");
  }

  /** Returns a number above all earlier ones, as 16 hex digits. */
  next(): string {
    const counted = (this.#count++).toString(16);
    return this.#generation + counted.padStart(FLOW_DIGITS - GENERATION_DIGITS, "0");
  }
}
