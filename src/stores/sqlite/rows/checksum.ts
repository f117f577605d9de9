import { crc32 } from "node:zlib";
import type { Column } from "./columns.ts";

/**
 * Multiplier that spreads a change of one bit over half of the bits. Odd, so that no bits are lost.
 */
const SPREAD = 0x9e3779b1;
const WORD = 2 ** 32;

/**
 * Returns the checksum of a row: of its texts, joined, and of its numbers, which are whole. The
 * lengths of all texts but the last belong to the numbers, so that a shifted boundary is detected.
 * The checksum finds damage by a disk, not manipulation.
 *
 * @returns a signed whole number of 32 bits, as SQLite keeps it in four bytes
 */
export function checksum(text: string, numbers: readonly number[]): number {
  let seed = numbers.length;
  for (const number of numbers) {
    seed = Math.imul(seed ^ number, SPREAD);
    seed = Math.imul(seed ^ (seed >>> 15) ^ Math.floor(number / WORD), SPREAD);
  }
  return crc32(text, seed >>> 0) | 0;
}

/** The length that the checksum takes for a text that is NULL. */
export const NULL_LENGTH = -1;

/** @throws if the checksum of a row is not the one that was written with it */
export function verifyChecksum(stored: Column, computed: number): void {
  if (stored !== computed) throw new Error("its checksum does not match");
}
