import type { EngineStats } from "../core/engine/engine-stats.ts";
import type { InputOf, OutputOf } from "../futures/types/function.ts";
import type { FunctionAt, TargetIn } from "./types/functions.ts";
import type { Plain } from "./types/plain.ts";
import type {
  RemoteFlow,
  RemoteItem,
  RemoteSignalOptions,
  RemoteStartOptions,
  RemoteStatus,
  RemoteStreamOptions,
  RequestOptions,
} from "./types/remote-flow.ts";

/** The input and the options of a start. An input that may be `undefined` may be left out. */
export type StartArguments<Input> = undefined extends Input
  ? [input?: Input, options?: RemoteStartOptions]
  : [input: Input, options?: RemoteStartOptions];

type InputAt<Functions, Target> = InputOf<FunctionAt<Functions, Target>>;
type OutputAt<Functions, Target> = Plain<OutputOf<FunctionAt<Functions, Target>>>;

/** Starts flows on a server of `asyncHttp`, and follows them. */
export interface RemoteClient<Functions> {
  /**
   * Starts a flow. Once the promise resolves, the flow is durable and will run to its end.
   *
   * @param f - the name of a function, or the function itself
   * @throws `INVALID_NAME`, `UNKNOWN_FUNCTION`, `INVALID_INPUT` with `issues` in its details,
   * `INVALID_KEY`, `INVALID_IDEMPOTENCY_KEY`, `IDEMPOTENCY_CONFLICT`, `UNSERIALIZABLE`, `TOO_DEEP`,
   * `PAYLOAD_TOO_LARGE`, `FORBIDDEN`, `OVERLOADED`; `SERVER_UNAVAILABLE` if the patience is over;
   * `UNEXPECTED_ANSWER`; the reason of the signal
   */
  start<Target extends TargetIn<Functions>>(
    f: Target,
    ...rest: StartArguments<InputAt<Functions, Target>>
  ): Promise<RemoteFlow<OutputAt<Functions, Target>>>;
  /** Starts a flow and waits for its result. @throws as `start` and `result` */
  call<Target extends TargetIn<Functions>>(
    f: Target,
    ...rest: StartArguments<InputAt<Functions, Target>>
  ): Promise<OutputAt<Functions, Target>>;
  /** Returns the flow of an id, without asking the server. @throws `INVALID_KEY` */
  flow<Output = unknown>(id: string): RemoteFlow<Output>;
  /**
   * Waits for the outcome of a flow, however long that takes. It asks again after a lost connection.
   *
   * @throws the failure of the flow, by default `FUNCTION_FAILED` with its description in `failure`;
   * `CANCELLED`; `NOT_FOUND`, `FORBIDDEN`, `SERVER_UNAVAILABLE`, `UNEXPECTED_ANSWER`; the reason of
   * the signal
   */
  result<Output>(flow: string | RemoteFlow<Output>, options?: RequestOptions): Promise<Output>;
  /**
   * Returns the status of a flow.
   * @throws `NOT_FOUND`, `FORBIDDEN`, `SERVER_UNAVAILABLE`, `UNEXPECTED_ANSWER`; the reason of the
   * signal
   */
  status<Output>(
    flow: string | RemoteFlow<Output>,
    options?: RequestOptions,
  ): Promise<RemoteStatus<Output>>;
  /**
   * Returns figures about the engine of the server: work that waits, handler slots, commits, and
   * lines of the log. The server needs its options `operator` and `stats`.
   * @throws as `status`; `UNSUPPORTED`
   */
  stats(options?: RequestOptions): Promise<EngineStats>;
  /**
   * Follows what a flow emits to a channel, until it ends: all items so far, then new ones. After a
   * lost connection it goes on with the next item, so no item is lost and none comes twice.
   *
   * @throws as `status`; `INVALID_NAME`, `INVALID_CURSOR`, `UNSUPPORTED`
   */
  stream<Value = unknown>(
    flow: string | RemoteFlow,
    channel: string,
    options?: RemoteStreamOptions,
  ): AsyncGenerator<RemoteItem<Value>, void, void>;
  /**
   * Sends an event to a flow. With a `key` it counts once, so it is sent again if its answer is
   * lost.
   * @throws as `status`; `INVALID_NAME`, `INVALID_IDEMPOTENCY_KEY`, `UNSERIALIZABLE`, `FLOW_OVER`,
   * `IDEMPOTENCY_CONFLICT`, `OVERLOADED`
   */
  signal(
    flow: string | RemoteFlow,
    event: string,
    value?: unknown,
    options?: RemoteSignalOptions,
  ): Promise<void>;
  /** Cancels a flow. Resolves to false if it has ended. It is sent once. @throws as `status` */
  cancel(flow: string | RemoteFlow, options?: RequestOptions): Promise<boolean>;
  /**
   * Deletes the record of an ended flow. Resolves to false if it is pending. It is sent once.
   * @throws as `status`
   */
  purge(flow: string | RemoteFlow, options?: RequestOptions): Promise<boolean>;
}
