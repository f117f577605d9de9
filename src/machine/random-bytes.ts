const POOL_BYTES = 4_096;

const pool = new Uint8Array(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Returns random bytes from a secure source, at most 4,096. They come from a pool, because each
 * request for new ones takes some microseconds. The pool forgets those it has given.
 */
export function randomBytes(count: number): Uint8Array {
  if (used + count > POOL_BYTES) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const given = pool.slice(used, used + count);
  pool.fill(0, used, used + count);
  used += count;
  return given;
}
