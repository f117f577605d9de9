import { randomFillSync } from "node:crypto";

/**
 * Bytes fetched from the system at once: one call costs ten times as much as the bytes of one
 * secret.
 */
const POOL_SIZE = 4_096;

const pool = new Uint8Array(POOL_SIZE);
let left = 0;

/**
 * Returns fresh bytes from the system's cryptographic generator, and erases its own copy of them.
 */
export function secret(bytes: number): Uint8Array {
  if (bytes > POOL_SIZE) return randomFillSync(new Uint8Array(bytes));
  if (bytes > left) {
    randomFillSync(pool);
    left = POOL_SIZE;
  }
  const taken = pool.slice(left - bytes, left);
  pool.fill(0, left - bytes, left);
  left -= bytes;
  return taken;
}
