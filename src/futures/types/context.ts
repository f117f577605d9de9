import type { FlowAttribute } from "../../core/engine/flow-index.ts";
import type { Address } from "../../core/message/address.ts";
import type { Duration } from "../../core/validation/duration.ts";
import type { Log } from "../../core/host/log.ts";
import type {
  AnyInvokable,
  AnyInvokableWithoutInput,
  FutureOf,
  InputOf,
  Invokable,
  WithoutId,
} from "./function.ts";
import type { FlowStatus } from "./flow-status.ts";
import type { Future, PromiseFuture, Settlement, ValueOf } from "./future.ts";
import type { FutureHandle } from "./handle.ts";
import type { StateId, WithId } from "./new-state.ts";
import type { Leaf, Resolvable } from "./resolvable.ts";
import type { Resolved } from "./resolved.ts";
import type { RunEnding } from "./run-ending.ts";

declare global {
  /**
   * The part of Node's `AbortSignal` that handlers use. It merges with the type of `@types/node` or
   * of the library `dom`, and stands alone in a project that has neither.
   */
  interface AbortSignal {
    readonly aborted: boolean;
    // oxlint-disable-next-line typescript/no-explicit-any -- merged declarations must be the same
    readonly reason: any;
    throwIfAborted(): void;
  }
}

/** The state of a stateless function: none. */
export type NoState = object;

/** Options of `ctx.invoke`. */
export interface InvokeOptions {
  /**
   * Id of a stateful function's state, 1 to 1,024 bytes. Default: a new state, as `NEW_STATE` says.
   * For a stateless function it is an address only: calls with the same id run one at a time, and
   * each of them runs.
   */
  readonly id?: StateId;
  /**
   * Futures to wait for, without their values. If one rejects, the function is not called and the
   * rejection passes on.
   */
  readonly after?: readonly Future<unknown>[];
  /**
   * The `ctx.idempotencyKey` of the called function, if it acts for an earlier call: 1 to 256
   * characters. Default: a key of its own.
   */
  readonly idempotencyKey?: string;
  /** The `ctx.cancelledRun` of the called function, if it cleans up after canceled work. */
  readonly cancelledRun?: RunEnding;
  /**
   * `"fail"`: the caller deals with a failure, so neither the called function nor the functions that
   * it calls in turn pause when they fail. Default: as each function says.
   */
  readonly whenFailed?: "fail";
}

/** Options of `ctx.onComplete`. */
export type ContinueOptions = Pick<InvokeOptions, "id">;

/** Options of `ctx.onSettled`. */
export interface SettleOptions extends ContinueOptions {
  /**
   * If the future is rejected and that cancels work whose handlers are running, as a timeout does,
   * wait until they have ended. A duration limits the time of each; after it, the effects of a
   * handler are dropped. `true`: as long as each of the functions may take. Default: do not wait.
   */
  readonly awaitRuns?: true | Duration;
}

/** Options of `ctx.send`. */
export interface SendOptions {
  /**
   * Id of a stateful function's state, 1 to 1,024 bytes, or `NEW_STATE`. An operation of a stateful
   * function needs it.
   */
  readonly id?: StateId;
  /** Time before which the message is not delivered. Default: 0. */
  readonly delay?: Duration;
  /**
   * Names the delayed message for `ctx.cancelSend`. Unique per sending address while it is pending.
   */
  readonly token?: string;
  /**
   * The function and id that get the receiver's reply. Default: the sending operation, at its own
   * address.
   */
  readonly replyTo?: { readonly function: AnyInvokable; readonly id: string };
}

/** Options of a message to a function by its type. */
export interface MessageOptions extends Pick<SendOptions, "delay" | "token"> {
  /**
   * The function and id that get the receiver's reply. Default: the sender, which receives the reply
   * as a message that names its type.
   */
  readonly replyTo?: NonNullable<SendOptions["replyTo"]>;
}

/**
 * Limits of `ctx.wait`. The first one reached ends the wait, and so do settlements of all futures.
 */
export interface WaitOptions {
  /** Number of settlements to wait for, 0 to the number of futures. Default: all. */
  readonly count?: number;
  /** Longest wait. Default: none. */
  readonly timeout?: Duration;
}

/**
 * The result of `ctx.wait`: the settlements so far, and handles of the other futures, each with its
 * index.
 */
export interface Waited<T> {
  readonly ready: readonly ({ readonly index: number } & Settlement<T>)[];
  readonly pending: readonly { readonly index: number; readonly handle: FutureHandle<T> }[];
}

/** The environment of a handler. */
export interface HandlerEnvironment {
  /** Returns the current instant, in ms since the epoch. */
  now(): number;
  /** Returns a number in [0, 1). It differs with each call, and when the handler runs again. */
  random(): number;
  /** Address of this function. */
  readonly self: Address;
  /** Address of the function that sent the message. `undefined` if it came from outside. */
  readonly caller: Address | undefined;
  /**
   * Number of this attempt under the retry policy, from 1. A run after a crash is the same attempt.
   */
  readonly attempt: number;
  /**
   * The same for every attempt and every run of this message. Pass it to outside systems so that
   * they act once.
   */
  readonly idempotencyKey: string;
  /**
   * The trace context with which the flow was started, as W3C writes it: the header `traceparent` of
   * calls to other systems. `undefined`: it was started without one.
   */
  readonly traceparent: string | undefined;
  /**
   * How the work ended that was canceled before this call: for `onTimeout` of `withTimeout`, and for
   * calls with the option `cancelledRun`. Else `undefined`.
   */
  readonly cancelledRun: RunEnding | undefined;
  /** A log for the handler. `console` works too. */
  readonly log: Log;
  /**
   * Aborted when this run is canceled, which is durable by then, or exceeds its timeout. Pass it to
   * slow operations. A canceled run that ends within its grace keeps its state and one-way messages.
   * Only clean-up gets its result, and its futures do not start. A listener that throws ends the process, as in
   * all of Node.
   */
  readonly signal: AbortSignal;
}

/** The context of a query: its environment, and read-only state. */
export interface QueryContext<State = NoState> extends HandlerEnvironment {
  /** This address's named values. @throws `READ_ONLY` on a write. */
  readonly state: DeepReadonly<State>;
}

/**
 * The context of a handler: the state of its address, and methods that make futures, send messages,
 * and read the environment.
 *
 * Futures inside inputs, `args`, messages and the handler's result are resolved before the value
 * arrives. Handles arrive as they are. All effects are committed when the handler ends and undone
 * when it throws. A handler runs in the asynchronous context in which its engine was opened, so a
 * caller's `AsyncLocalStorage` values are absent. After the handler has ended, every method that
 * reads or changes state, makes a future or sends throws `CONTEXT_CLOSED`, or `STALE_ATTEMPT` if
 * its attempt was abandoned.
 */
export interface Context<out State = NoState> extends HandlerEnvironment {
  /**
   * This address's named values, to read and to change in place. `delete` brings back the initial
   * value (TypeScript allows it on optional names only: `delete (ctx.state as Partial<typeof
   * ctx.state>).count`).
   * @throws `UNKNOWN_VALUE` for an undeclared name; the handler fails with `FUTURE_IN_STATE` or
   * `UNSERIALIZABLE` at its end.
   */
  readonly state: State;

  /**
   * Invokes a function with an input that may hold futures. Returns a future of its result.
   *
   * A stateful function without `id` gets a new state, which `future.stateId` names at once.
   * @throws `UNKNOWN_FUNCTION`, `INVALID_KEY`, `INVALID_OPTIONS`, `UNSERIALIZABLE`, `TOO_DEEP`,
   * `PAYLOAD_TOO_LARGE`, `NOT_DURABLE`, `FOREIGN_FUTURE`, `FOREIGN_HANDLE`
   */
  invoke<Function extends AnyInvokableWithoutInput>(f: Function): FutureOf<Function>;
  invoke<Function extends AnyInvokable>(
    f: Function,
    input: Resolvable<InputOf<Function>>,
    options?: InvokeOptions,
  ): FutureOf<Function>;

  /**
   * Sends a one-way message to a function by its type. The receiver may be served by another
   * program, if the engine knows it. A message of several types names its type: `{ type, value }`.
   * @throws `UNKNOWN_FUNCTION`, `INVALID_NAME`, `INVALID_KEY`, and as below
   */
  send(type: string, id: string, message: unknown, options?: MessageOptions): void;
  /**
   * Sends a one-way message, now or after a delay. It has no result. A failure becomes a dead
   * letter.
   *
   * An operation of a stateful function needs an `id`: nothing would ever name its new state.
   * `NEW_STATE` makes one all the same.
   * @throws as `invoke`, `INVALID_DELAY`; `INVALID_OPTIONS` for an operation without an `id`
   */
  send(f: AnyInvokableWithoutInput & WithoutId): void;
  send<Function extends AnyInvokable>(
    f: Function,
    input: Resolvable<InputOf<Function>>,
    options: WithId<SendOptions>,
  ): void;
  send<Function extends AnyInvokable & WithoutId>(
    f: Function,
    input: Resolvable<InputOf<Function>>,
    options?: SendOptions,
  ): void;

  /**
   * Cancels the delayed message that this address sent with `token`. Has no effect if it was
   * delivered or never sent.
   */
  cancelSend(token: string): void;

  /**
   * Sends a one-way message to the caller, or to the receiver that its `replyTo` named.
   * @throws `NO_CALLER`, `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE`
   */
  reply(value: unknown): void;

  /**
   * Sends a value to the egress of this type. @throws `UNKNOWN_EGRESS`, `UNSERIALIZABLE`,
   * `PAYLOAD_TOO_LARGE`
   */
  egress(type: string, value: unknown): void;

  /**
   * Continues with a named function once a future is fulfilled. Returns a future of `f(result)`, or
   * of `f({ result, args })` when `args` is given (even as `undefined`). On rejection `f` is not
   * called, and the rejection passes on. With args, the options name the state of a stateful
   * function's operation; without an id it is a new one.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`, `UNKNOWN_FUNCTION`, `INVALID_KEY`, `INVALID_OPTIONS`,
   * `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE`
   */
  onComplete<T, Output>(
    future: Future<T>,
    f: Invokable<NoInfer<T>, Output> | Invokable<void, Output>,
  ): Future<Output>;
  onComplete<T, Args, Output>(
    future: Future<T>,
    f: Invokable<{ readonly result: NoInfer<T>; readonly args: Args }, Output>,
    args: NoInfer<Resolvable<Args>>,
    options?: ContinueOptions,
  ): Future<Output>;

  /**
   * Continues with a named function once a future settles either way: `f(settlement)`, or `f({
   * result: settlement, args })`.
   *
   * Use it to clean up. If its work is canceled before its turn, it is called anyway, with a
   * rejection with `CANCELLED`, provided that the futures in `args` are known by then. If the
   * future had been fulfilled already, `fulfilled` holds its value. The result of such a call is
   * dropped, and nothing cancels the work it starts.
   * @throws as `onComplete`
   */
  onSettled<T, Output>(
    future: Future<T>,
    f: Invokable<Settlement<NoInfer<T>>, Output>,
  ): Future<Output>;
  onSettled<T, Args, Output>(
    future: Future<T>,
    f: Invokable<{ readonly result: Settlement<NoInfer<T>>; readonly args: Args }, Output>,
    args: NoInfer<Resolvable<Args>>,
    options?: SettleOptions,
  ): Future<Output>;

  /**
   * Joins futures: all values in order, or the first rejection. `all([])` is `[]`.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  all<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
  ): Future<{ -readonly [Index in keyof Futures]: ValueOf<Futures[Index]> }>;

  /**
   * Joins futures however they end: all settlements in order. Never rejects.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  allSettled<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
  ): Future<{ -readonly [Index in keyof Futures]: Settlement<ValueOf<Futures[Index]>> }>;

  /**
   * Waits for some of the futures. Returns a future of the settlements so far, and of handles of
   * the pending ones. Cancels nothing and never rejects.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`, `INVALID_OPTIONS`, `INVALID_DELAY`
   */
  wait<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
    options?: WaitOptions,
  ): Future<Waited<ValueOf<Futures[number]>>>;

  /**
   * Races futures: the first one that is fulfilled. The others are canceled. If all reject, it
   * rejects with an `AggregateError` of all failures, as `cause` of a `FUNCTION_FAILED`. `any([])`
   * does so at once.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  any<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
  ): Future<ValueOf<Futures[number]>>;

  /**
   * Races futures: the first one that settles, either way. The others are canceled.
   * @throws `EMPTY_RACE` for an empty list; `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  race<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
  ): Future<ValueOf<Futures[number]>>;

  /**
   * Races futures: the first `count` that are fulfilled, in the order of their fulfillment. The
   * others are canceled. As soon as fewer than `count` can be fulfilled, it rejects with an
   * `AggregateError` of the failures so far, as `cause` of a `FUNCTION_FAILED`.
   * @throws `INVALID_OPTIONS` for a count that is not from 0 to the number of futures;
   * `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  first<const Futures extends readonly Future<unknown>[]>(
    count: number,
    futures: Futures,
  ): Future<ValueOf<Futures[number]>[]>;

  /**
   * Limits the time of a future. If it has not settled `duration` from now, it is canceled and the
   * result rejects with `TIMEOUT`.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`, `INVALID_DELAY`
   */
  timeout<T>(future: Future<T>, duration: Duration): Future<T>;

  /**
   * Cancels a future and all work that only it needs. It rejects with `CANCELLED` unless it has
   * settled before. Its parked work ends at once, continuations of `onSettled` still run, and
   * running handlers see `ctx.signal`.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  cancel(future: Future<unknown>): void;

  /**
   * Returns a future of a known value. Futures inside it are resolved. @throws `UNSERIALIZABLE`,
   * `PAYLOAD_TOO_LARGE`
   */
  resolved<T>(value: T): Future<Resolved<T>>;

  /**
   * Returns a rejected future, of an error, a {@link Failure}, or any other value that can be
   * thrown.
   */
  rejected(error: unknown): Future<never>;

  /**
   * Makes a handle a future again. A handle past its retention rejects with `EXPIRED`.
   * @throws `INVALID_ID`, `FOREIGN_HANDLE`
   */
  future<T>(handle: FutureHandle<T>): Future<T>;

  /**
   * Starts a durable timer. Returns a future that is fulfilled no earlier than `duration` from now.
   * @throws `INVALID_DELAY`
   */
  sleep(duration: Duration): Future<void>;

  /**
   * Starts a durable timer. Returns a future that is fulfilled no earlier than an instant (a Date,
   * or ms since the epoch). @throws `INVALID_DELAY`
   */
  sleepUntil(instant: Date | number): Future<void>;

  /** Returns a future that is settled from outside, once, by its `token`. */
  promise<T = unknown>(): PromiseFuture<T>;

  /**
   * Returns a future of this flow's next event of that name, first in, first out. Events that
   * arrive before the wait are buffered.
   * @throws `INVALID_NAME`
   */
  event<T = unknown>(name: string): Future<T>;

  /**
   * Sets the flow's custom status, which `client.status` returns. The last one stays. @throws
   * `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE`
   */
  setStatus(value: unknown): void;

  /**
   * Sets attributes of the flow: up to 8 small values by which `client.flows` finds it, such as
   * `{ customer: "c-7" }`. Others stay, and `undefined` removes one. A value is a text of at most
   * 256 characters, a finite number, or a boolean. If the flow has too many, the last new names are
   * left out.
   * @throws `INVALID_OPTIONS`, `INVALID_NAME`; `NOT_FOUND` in the handler of a one-way message
   */
  setAttributes(attributes: Readonly<Record<string, FlowAttribute | undefined>>): void;

  /**
   * Adds a value to a stream of the flow, for `handle.stream(channel)`: progress, or the tokens of
   * a text. It leaves at once, not when the handler ends, so nothing undoes it: a run after a crash
   * or a failure emits again, with a larger `epoch`.
   *
   * The promise resolves when the value is durable, and need not be awaited. It rejects if the
   * engine stops before. Values share commits, so thousands of small ones cost little.
   * @throws `INVALID_NAME`, `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE`; `NOT_FOUND` in a
   * one-way message, which belongs to no flow; `OVERLOADED` if too many values of this run are not
   * durable yet; `CANCELLED` if the run was canceled; `UNSUPPORTED`
   * @example
   * import { embedded, fn, memory } from "handback";
   *
   * const count = fn("docs/emit", (ctx, to: number) => {
   *   for (let n = 1; n <= to; n++) void ctx.emit("numbers", n);
   * });
   * const engine = await embedded({ functions: [count], store: memory() });
   * const flow = await engine.client.start(count, 3);
   * const numbers: number[] = [];
   * for await (const { value } of flow.stream<number>("numbers")) numbers.push(value);
   * console.log(numbers); // [ 1, 2, 3 ]
   * await engine.close();
   */
  emit(channel: string, value: unknown): Promise<void>;

  /**
   * Blocks until a future is settled, and is **billed while it waits**. Prefer `onComplete`, or
   * hand back the future.
   *
   * Commits the messages sent so far, but not the state. Keeps the address. Gives back the handler
   * slot, and takes one again before it returns. A handler counts as blocked while any of its gets
   * is open.
   * @throws the future's rejection; `UNSUPPORTED`, `DEADLOCK`, `REENTRANT_CALL`, `OVERLOADED`,
   * `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  get<T>(future: Future<T>): Promise<T>;

  /**
   * Sets the age-out time: this state is deleted that long after its last message. @throws
   * `INVALID_DELAY`
   */
  expireAfter(duration: Duration): void;

  /** Deletes this state when the handler ends. */
  terminate(): void;

  /**
   * Asks how another flow stands, by its key: what `client.status` answers. The question waits for
   * nothing. The future is rejected with `NOT_FOUND` if there is no such flow, and with
   * `PAYLOAD_TOO_LARGE` if the answer does not fit into a message.
   * @throws `INVALID_IDEMPOTENCY_KEY`, `INVALID_KEY`
   * @example
   * import { embedded, fn, memory } from "handback";
   * import type { FlowStatus } from "handback";
   *
   * const order = fn("docs/asked-order", (ctx) => ctx.event("paid"));
   * const look = fn("docs/look", (ctx, id: string) =>
   *   ctx.onComplete(ctx.status(id), tell),
   * );
   * const tell = fn("docs/tell", (_, { status }: FlowStatus) => `it is ${status}`);
   * const engine = await embedded({ functions: [order, look, tell], store: memory() });
   * await engine.client.start(order, undefined, { key: "order-1" });
   * console.log(await engine.client.call(look, "order-1")); // it is pending
   * await engine.close();
   */
  status(flow: string | { readonly id: string }): Future<FlowStatus>;

  /**
   * Deletes a state of another function, or another state of this one: after the messages that wait
   * for it. The future is rejected with `NOT_FOUND` if there is no such state.
   * @throws `UNKNOWN_FUNCTION`, `INVALID_KEY`
   */
  terminateState(f: object, id: string): Future<void>;

  /**
   * Sets the age-out time of a state of another function, or of another state of this one, after the
   * messages that wait for it. The future is rejected with `NOT_FOUND` if there is no such state.
   * @throws `UNKNOWN_FUNCTION`, `INVALID_KEY`, `INVALID_DELAY`
   */
  expireStateAfter(f: object, id: string, duration: Duration): Future<void>;
}

/** `T`, read-only at every depth. */
export type DeepReadonly<T> = unknown extends T
  ? T
  : T extends ReadonlyMap<infer Key, infer Value>
    ? ReadonlyMap<Key, DeepReadonly<Value>>
    : T extends ReadonlySet<infer Item>
      ? ReadonlySet<DeepReadonly<Item>>
      : T extends Leaf
        ? T
        : { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
