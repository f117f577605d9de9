import type { Clock } from "../../src/index.ts";
import { closeSync, openSync, readSync } from "node:fs";

/**
 * A clock that runs `factor` times too fast. Durations are real, so runs are billed their real
 * time.
 */
export class FastClock implements Clock {
  readonly #factor: number;
  readonly #start = Date.now();

  constructor(factor: number) {
    this.#factor = factor;
  }

  now(): number {
    return Math.floor(this.#start + (Date.now() - this.#start) * this.#factor);
  }

  monotonicNs(): number {
    return Math.round(performance.now() * 1e6);
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, Math.ceil(delayMs / this.#factor));
    return () => clearTimeout(timer);
  }
}

/** Pages of a SQLite file, from its header: as of the last checkpoint of the log. */
export interface Pages {
  readonly total: number;
  /** Empty pages, which wait for reuse or truncation. */
  readonly free: number;
}

const HEADER_BYTES = 100;
const TOTAL_AT = 28;
const FREE_AT = 36;

/** Reads the header of a SQLite file without a lock, because SQLite writes it as a whole. */
export function readPages(path: string): Pages {
  const header = new Uint8Array(HEADER_BYTES);
  const file = openSync(path, "r");
  try {
    readSync(file, header);
  } finally {
    closeSync(file);
  }
  return parsePages(header);
}

/** Finds the counts of pages in the header of a SQLite file. */
export function parsePages(header: Uint8Array): Pages {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  return { total: view.getUint32(TOTAL_AT), free: view.getUint32(FREE_AT) };
}
