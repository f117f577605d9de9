import { crc32 } from "node:zlib";

/** What spreads the bits of a number, so that one that changes changes about half of them. Odd, so that none are lost. */
const SPREAD = 0x9e3779b1;
const WORD = 2 ** 32;

/**
 * A checksum of a row: of its texts, joined, and of its numbers, which are whole; the lengths of texts belong to them, but for the last, so
 * that it is known where each ends. It finds what a disk does to a row, not what somebody does on purpose.
 *
 * @returns a whole number of 32 bits, with a sign, as SQLite keeps it in four bytes
 */
export function checksum(text: string, numbers: readonly number[]): number {
  let seed = numbers.length;
  for (const number of numbers) {
    seed = Math.imul(seed ^ number, SPREAD);
    seed = Math.imul(seed ^ (seed >>> 15) ^ Math.floor(number / WORD), SPREAD);
  }
  return crc32(text, seed >>> 0) | 0;
}
