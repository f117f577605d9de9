import type { Clock } from "../../src/index.ts";
import { closeSync, openSync, readSync } from "node:fs";

/** A clock of the machine that runs so many times too fast. Durations are real, so that runs are billed what they take. */
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

/** Pages of a SQLite file, as its header tells them: as of the last time that the log was written back into it. */
export interface Pages {
  readonly total: number;
  /** Those that hold nothing, and wait to be used anew or given back. */
  readonly free: number;
}

const HEADER_BYTES = 100;
const TOTAL_AT = 28;
const FREE_AT = 36;

/** Reads the header of a SQLite file, without a lock: of what is read, SQLite writes the whole at once. */
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
