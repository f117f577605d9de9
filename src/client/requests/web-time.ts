/*
 * Timers that browsers have, too. They are kept when this file is loaded, so a fake that is installed
 * later changes nothing.
 */
const { setTimeout, clearTimeout, performance } = globalThis;

/** Calls `ring` after `ms`. The returned function takes that back. */
export function setTimer(ms: number, ring: () => void): () => void {
  const timer = setTimeout(ring, ms);
  return () => clearTimeout(timer);
}

/** Returns a monotonic reading in ms. */
export function monotonicMs(): number {
  return performance.now();
}
