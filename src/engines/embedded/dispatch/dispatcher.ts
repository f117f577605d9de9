/**
 * The port that runs the engine's work in turns of the event loop. Each room that adds work wakes
 * it; it alone decides when batches are committed, replies delivered and handlers started.
 */
export interface Dispatcher {
  /**
   * Tells whether the next turn starts handlers or delivers replies, which add to the current
   * batch.
   */
  readonly hasMoreToRun: boolean;
  /** Schedules a turn if one would do something. */
  wake(): void;
  /** Starts the handlers that are ready, then schedules a turn for the rest. */
  dispatch(): void;
}

/** The handlers, as the dispatcher uses them. */
export interface HandlerStarter {
  /** Tells whether a mailbox is ready and a handler slot is free for it. */
  readonly canStart: boolean;
  /** Starts the handlers that are ready, within the limits of one turn. */
  start(): void;
}
