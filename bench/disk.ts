import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeScratch } from "./scratch.ts";
import { quantile } from "./statistics.ts";

const PAGE = 4_096;
const PAGES = 256;

/** How long this disk takes to make one write last, in ms. */
export interface Disk {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Measures a write of one page and its fsync. Pages that exist are written over, which is the cheapest case: appending
 * also changes the file's size. So what is told in units of it looks worse rather than better.
 */
export function measureDisk(): Disk {
  const scratch = makeScratch();
  const file = openSync(join(scratch.path, "page"), "w");
  try {
    const page = new Uint8Array(PAGE).fill(1);
    writeSync(file, new Uint8Array(PAGE * PAGES));
    fsyncSync(file);
    const times = Array.from({ length: PAGES }, (_, place) => {
      const start = performance.now();
      writeSync(file, page, 0, PAGE, place * PAGE);
      fsyncSync(file);
      return performance.now() - start;
    });
    return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
  } finally {
    closeSync(file);
    scratch.remove();
  }
}
