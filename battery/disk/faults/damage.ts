import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";

/** A way to damage a file. */
export type Harm = "a flipped bit" | "a sector of zeros" | "a cut" | "emptied";

const SECTOR = 512;

/** Damages a file somewhere before `limit`. Returns a description of the damage and its place. */
export function damage(
  file: string,
  {
    harm,
    limit,
    random,
  }: { readonly harm: Harm; readonly limit: number; readonly random: SeededRandom },
): string {
  const descriptor = openSync(file, "r+");
  try {
    const at = harm === "emptied" ? 0 : random.below(limit);
    if (harm === "a flipped bit") flip(descriptor, at, random.below(8));
    else if (harm === "a sector of zeros")
      writeSync(descriptor, new Uint8Array(SECTOR), 0, undefined, at - (at % SECTOR));
    else ftruncateSync(descriptor, at);
    return `${harm} at ${at}`;
  } finally {
    closeSync(descriptor);
  }
}

function flip(descriptor: number, at: number, bit: number): void {
  const byte = new Uint8Array(1);
  readSync(descriptor, byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ (1 << bit);
  writeSync(descriptor, byte, 0, 1, at);
}
