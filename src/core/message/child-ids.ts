import { digest } from "../crypto/digest.ts";
import { HEX } from "../crypto/hex.ts";
import { flowOf } from "./message-id.ts";
import type { MessageId } from "./message-id.ts";

const WORD_DIGITS = 8;
/**
 * 2^32 divided by the golden ratio. It is odd, so no two numbers below 2^32 have the same multiple.
 */
const GOLDEN = 0x9e3779b9;

/**
 * Ids of the messages that one message causes in one retry epoch, by number. One digest serves all
 * of them: each id mixes its words differently. No two numbers give one id, and a handler that runs
 * again makes the same ones.
 */
export class ChildIds {
  readonly #flow: string;
  readonly #high: number;
  readonly #middle: number;
  readonly #low: number;

  constructor(parent: MessageId, epoch: number) {
    const seed = digest(`${parent}/${epoch}`);
    const word = (index: number): number =>
      Number.parseInt(seed.slice(index * WORD_DIGITS, (index + 1) * WORD_DIGITS), 16);
    this.#flow = flowOf(parent);
    this.#high = word(0);
    this.#middle = word(1);
    this.#low = word(2);
  }

  /** @param ordinal - below 2^32 */
  at(ordinal: number): MessageId {
    const step = Math.imul(ordinal, GOLDEN);
    return (
      this.#flow +
      hex(mix(this.#high + step)) +
      hex(mix(this.#middle + step)) +
      hex(mix(this.#low + step))
    );
  }
}

/** Spreads the bits of a 32-bit number, one to one (source: the last step of MurmurHash3). */
function mix(bits: number): number {
  let word = bits;
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

/**
 * Writes 32 bits as 8 hex digits. Six times as fast as `toString(16)`, which is slow above 2^31.
 */
function hex(word: number): string {
  return `${HEX[word >>> 24]}${HEX[(word >>> 16) & 0xff]}${HEX[(word >>> 8) & 0xff]}${HEX[word & 0xff]}`;
}
