/** The status of a flow, as the server reports it. */
export interface RemoteStatus<out Output = unknown> {
  readonly id: string;
  /** Type of the function that was started, `namespace/name`. */
  readonly function: string;
  readonly status: "pending" | "completed" | "failed" | "cancelled";
  /** The last value that the flow set with `ctx.setStatus`. */
  readonly custom?: unknown;
  /** The output of a completed flow. Absent if it is `undefined`. */
  readonly output?: Output;
  /** The description of the failure of a failed flow. */
  readonly error?: unknown;
  /** Start and end, in ISO 8601. */
  readonly startedAt: string;
  readonly settledAt?: string;
}

/** One item of a stream. */
export interface RemoteItem<out Value = unknown> {
  /** The place to go on from: the option `after` of a later call. */
  readonly cursor: string;
  readonly value: Value;
  /** The run that emitted the item. */
  readonly run: string;
  /** The number of the attempt of that run. */
  readonly epoch: number;
}

/** Options of a request. */
export interface RequestOptions {
  /** Stops the request when it is aborted. The promise rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** Options of a start. */
export interface RemoteStartOptions extends RequestOptions {
  /** Id of the state, for an operation of a stateful function. Default: a new state. */
  readonly id?: string;
  /**
   * A key of 1 to 256 characters. A second start with the same key, function and input attaches to
   * the first. Default: a random key, so that a start whose answer was lost is sent again and counts
   * once.
   */
  readonly key?: string;
}

/** Options of a signal. */
export interface RemoteSignalOptions extends RequestOptions {
  /** A key of 1 to 256 characters under which the signal counts once. Default: none. */
  readonly key?: string;
}

/** Options of the reader of a stream. */
export interface RemoteStreamOptions extends RequestOptions {
  /** The cursor of the last item that the reader has. Default: from the first item. */
  readonly after?: string | undefined;
}

/** A flow on the server. */
export interface RemoteFlow<out Output = unknown> {
  readonly id: string;
  /** Id of the state that an operation of a stateful function was started on. */
  readonly stateId: string | undefined;
  /** Waits for the outcome. @throws as `client.result` */
  result(options?: RequestOptions): Promise<Output>;
  /** Returns the status. @throws as `client.status` */
  status(options?: RequestOptions): Promise<RemoteStatus<Output>>;
  /** Follows what the flow emits to a channel. @throws as `client.stream` */
  stream<Value = unknown>(
    channel: string,
    options?: RemoteStreamOptions,
  ): AsyncGenerator<RemoteItem<Value>, void, void>;
}
