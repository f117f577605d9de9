import type { Cursor } from "./cursor.ts";

/** Options of `handle.stream`. */
export interface StreamOptions {
  /** The cursor of an item: the items after it are read. Default: all items. */
  readonly after?: Cursor | undefined;
  /** Ends the reading when it is aborted: the iterator rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** An item that a handler emitted with `ctx.emit`. */
export interface StreamItem<out T = unknown> {
  /** The place of the item. A reader that starts `after` it goes on with the next one. */
  readonly cursor: Cursor;
  /** The call that emitted it: the same for all attempts and runs of the call. */
  readonly run: string;
  /**
   * Tells the runs of one call apart. A run after a crash, a failure or a timeout has a larger
   * epoch, and emits again what the earlier one had emitted.
   */
  readonly epoch: number;
  readonly value: T;
}
