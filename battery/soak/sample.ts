/** Resources of a process at one moment, at rest and after garbage collection. Sizes in bytes. */
export interface Sample {
  /** Time since the start of the work, in ms. */
  readonly atMs: number;
  /** Operations done by then. */
  readonly operations: number;
  /** JavaScript heap of its main thread. */
  readonly heap: number;
  /**
   * JavaScript heaps of its other threads, without garbage collection. Absent: Node before 22.16
   * cannot measure them.
   */
  readonly otherHeaps?: number;
  /** Memory of the process. */
  readonly resident: number;
  readonly descriptors: number;
  /** Resources that keep its event loop alive: sockets, timers, requests. */
  readonly handles: number;
  readonly threads: number;
  /** File of the store. */
  readonly file: number;
  /** Its log, which keeps its size until it is truncated. */
  readonly log: number;
}

/** A line of output. */
export type Line =
  | { readonly what: "sample"; readonly sample: Sample }
  /** An operation had a wrong outcome. */
  | { readonly what: "wrong"; readonly said: string }
  | { readonly what: "done" };

/** Orders for the process. */
export interface Orders {
  readonly path: string;
  readonly seed: number;
  /** Duration, in ms. */
  readonly ms: number;
  /** Part of it before the first sample, which the others are compared to. */
  readonly warmUpMs: number;
  /** Time between two samples. */
  readonly everyMs: number;
  /** Operations begun per second. */
  readonly rate: number;
}
