import { randomFillSync } from "node:crypto";

/**
 * Bytes that are asked of the system at once: a question costs ten times as much as the bytes of
 * one secret.
 */
const POOL = 4_096;

const pool = new Uint8Array(POOL);
let left = 0;

/**
 * Bytes from the system's cryptographic generator, which nobody else has had. None of them is kept
 * here.
 */
export function secret(bytes: number): Uint8Array {
  if (bytes > POOL) return randomFillSync(new Uint8Array(bytes));
  if (bytes > left) {
    randomFillSync(pool);
    left = POOL;
  }
  const taken = pool.slice(left - bytes, left);
  pool.fill(0, left - bytes, left);
  left -= bytes;
  return taken;
}
