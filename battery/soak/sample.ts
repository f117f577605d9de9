/** What a process has in use at one moment, at rest and after garbage was collected. Sizes in bytes. */
export interface Sample {
  /** Time since the process began its work, in ms. */
  readonly atMs: number;
  /** Operations it had done by then. */
  readonly operations: number;
  /** JavaScript heap of its main thread. */
  readonly heap: number;
  /** JavaScript heaps of its other threads, in which garbage was not collected. */
  readonly otherHeaps: number;
  /** Memory of the process. */
  readonly resident: number;
  readonly descriptors: number;
  /** What keeps its event loop alive: sockets, timers, requests. */
  readonly handles: number;
  readonly threads: number;
  /** The file of the store. */
  readonly file: number;
  /** Its log, which keeps the size that it once had until it is cut back. */
  readonly log: number;
}

/** A line of what the process says. */
export type Line =
  | { readonly what: "sample"; readonly sample: Sample }
  /** An operation came to something else than it should. */
  | { readonly what: "wrong"; readonly said: string }
  | { readonly what: "done" };

/** What the process is to do. */
export interface Orders {
  readonly path: string;
  readonly seed: number;
  /** How long, in ms. */
  readonly ms: number;
  /** How much of that goes by before the first sample, which the others are held against. */
  readonly warmUpMs: number;
  /** Time between two samples. */
  readonly everyMs: number;
  /** Operations begun per second. */
  readonly rate: number;
}
