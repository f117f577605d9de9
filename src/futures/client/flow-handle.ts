import { anything, wholeNumber, withDefault } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { abortSignal } from "./journal/abort-signal.ts";
import type { HistoryEntry, ReadHistoryOptions } from "./journal/history-entry.ts";
import type { StreamItem, StreamOptions } from "./journal/stream-item.ts";
import type { StateId } from "../types/new-state.ts";
import type { FlowStatus } from "../types/flow-status.ts";

export type { FlowStatus } from "../types/flow-status.ts";

/** The address and the key of a new flow. */
export interface StartOptions {
  /**
   * Id of a stateful function's state, or `NEW_STATE`. An operation of a stateful function needs it.
   * For a stateless function and for an approval it is the flow's key too, unless `key` is given.
   */
  readonly id?: StateId;
  /**
   * The flow's key, of at most 256 characters. A second start with the same key, function and input
   * attaches to the first.
   */
  readonly key?: string;
  /**
   * The trace of the caller, as W3C writes it: `00-<trace id>-<parent id>-01`. Every call of the flow
   * has it as `ctx.traceparent`, also after a restart.
   */
  readonly traceparent?: string;
}

/** Options of `client.signal`. */
export interface SignalOptions {
  /**
   * A key of 1 to 256 characters under which this signal counts once, however often it is sent.
   * Keys belong to their flow, and live as long as it. A flow keeps 10,000 keys.
   */
  readonly key?: string;
}

/** Options of `handle.result`. */
export interface ResultOptions {
  /**
   * Stops the wait when it is aborted. The promise rejects with its reason, and the flow goes on.
   */
  readonly signal?: AbortSignal;
}

/** The checks of {@link SignalOptions}. */
export const SIGNAL_OPTIONS = { key: anything() } satisfies OptionTable<SignalOptions>;

/** The checks of {@link ResultOptions}. */
export const RESULT_OPTIONS = {
  signal: abortSignal,
} satisfies OptionTable<ResultOptions>;

/** Options of `client.waits`. */
export interface WaitsOptions {
  /** Largest number of messages, and of futures, to read. A whole number from 1. Default: 100. */
  readonly limit?: number;
}

/** The checks of {@link WaitsOptions}. */
export const WAITS_OPTIONS = {
  limit: withDefault(100, wholeNumber({ from: 1 })),
} satisfies OptionTable<WaitsOptions>;

/** A flow as seen from outside. It is durable, and its id finds it again. */
export interface FlowHandle<out Output> {
  /** The flow's key, given or generated. */
  readonly id: string;
  /** Id of the state that a stateful function was started on. */
  readonly stateId: string | undefined;
  /**
   * Waits for the outcome, and rejects if the flow did. Can be called again, also after a restart.
   * @throws `NOT_FOUND`, `CLOSED`; in a handler, which blocks as with `ctx.get`, also `DEADLOCK`,
   * `REENTRANT_CALL`, `OVERLOADED`
   */
  result(options?: ResultOptions): Promise<Output>;
  /** Returns the flow's status. @throws `NOT_FOUND` */
  status(): Promise<FlowStatus>;
  /**
   * Follows the history of the flow: all entries so far, then new ones as they become durable. Ends
   * when the flow has ended. A reader goes on later, also after a restart, with the cursor of its
   * last entry.
   * @throws as `client.history`
   */
  changes(options?: ReadHistoryOptions): AsyncGenerator<HistoryEntry, void, void>;
  /**
   * Reads what the flow's handlers emit to a channel with `ctx.emit`: all items so far, then new
   * ones as they become durable. Ends when the flow has ended. A reader that stops can go on later,
   * also after a restart, with the cursor of its last item. A slow reader holds nothing.
   * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `INVALID_CURSOR` also for the cursor of another
   * stream, `UNSUPPORTED`; the iterator rejects with `NOT_FOUND`, `CLOSED`, or the reason of the signal
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const spell = fn("docs/stream", (ctx, word: string) => {
   *   for (const letter of word) void ctx.emit("letters", letter);
   * });
   * const engine = await embedded({ functions: [spell], store: memory() });
   * const flow = await engine.client.start(spell, "abc");
   * let cursor: string | undefined;
   * for await (const item of flow.stream<string>("letters")) {
   *   cursor = item.cursor;
   *   if (item.value === "b") break;
   * }
   * for await (const { value } of flow.stream("letters", { after: cursor })) console.log(value); // c
   * await engine.close();
   */
  stream<T = unknown>(
    channel: string,
    options?: StreamOptions,
  ): AsyncGenerator<StreamItem<T>, void, void>;
}
