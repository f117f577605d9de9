import type { Address } from "../../core/message/address.ts";
import type { Duration } from "../../core/validation/duration.ts";
import type { Log } from "../../core/host/log.ts";
import type {
  AnyInvokable,
  AnyInvokableWithoutInput,
  FutureOf,
  InputOf,
  Invokable,
} from "./function.ts";
import type { Future, PromiseFuture, Settlement, ValueOf } from "./future.ts";
import type { FutureHandle } from "./handle.ts";
import type { Leaf, Resolvable } from "./resolvable.ts";
import type { Resolved } from "./resolved.ts";

/** The state of a stateless function: none. */
export type NoState = object;

/** How `ctx.invoke` invokes. */
export interface InvokeOptions {
  /** Address of a stateful function's state, or flow key of a stateless one. 1 to 1,024 bytes. */
  readonly id?: string;
  /** Completions to wait for, without their values. A rejection among them passes on, and the function is not called. */
  readonly after?: readonly Future<unknown>[];
}

/** How `ctx.onComplete` and `ctx.onSettled` continue. */
export type ContinueOptions = Pick<InvokeOptions, "id">;

/** How `ctx.send` sends. */
export interface SendOptions {
  /** Address of a stateful function's state. 1 to 1,024 bytes. */
  readonly id?: string;
  /** Time before which the message is not delivered; default 0. */
  readonly delay?: Duration;
  /** Names the delayed message for `ctx.cancelSend`; unique per sending address while it is pending. */
  readonly token?: string;
  /** Which function, at which id, gets what the receiver replies; default: the operation that sends, at its own address. */
  readonly replyTo?: { readonly function: AnyInvokable; readonly id: string };
}

/** When `ctx.wait` stops waiting: whatever comes first, and once all are settled in any case. */
export interface WaitOptions {
  /** Number of settlements to wait for, 0 to the number of futures; default: all. */
  readonly count?: number;
  /** Longest wait; default: none. */
  readonly timeout?: Duration;
}

/** What `ctx.wait` gives: settlements so far with the future's index, and handles of the others, both by index. */
export interface Waited<T> {
  readonly ready: readonly ({ readonly index: number } & Settlement<T>)[];
  readonly pending: readonly { readonly index: number; readonly handle: FutureHandle<T> }[];
}

/** What a handler can know of its surroundings. */
export interface HandlerEnvironment {
  /** The present instant, in ms since the epoch. */
  now(): number;
  /** A number in [0, 1); another one each time, and when the handler is run again. */
  random(): number;
  /** Address of this function. */
  readonly self: Address;
  /** Address of the function that sent the message; `undefined` when it came from outside. */
  readonly caller: Address | undefined;
  /** Which attempt this is under the retry policy, from 1. A run after a crash is the same attempt. */
  readonly attempt: number;
  /** The same for every attempt and every run of this message: give it to the outside world so that it acts once. */
  readonly idempotencyKey: string;
  /** Where to say things; `console` works too. */
  readonly log: Log;
  /**
   * Aborted when this run is no longer wanted: its work was cancelled, which is on disk by then, or it ran longer than its timeout. Give it
   * to what takes time. A cancelled run that ends all the same keeps its state and one-way messages; its result goes nowhere, and futures
   * it made are not begun. A listener that throws ends the process, as Node has it.
   */
  readonly signal: AbortSignal;
}

/** What a query gets: its surroundings, and state it cannot change. */
export interface QueryContext<State = NoState> extends HandlerEnvironment {
  /** This address's named values. @throws `READ_ONLY` on a write. */
  readonly state: DeepReadonly<State>;
}

/**
 * What a handler gets: the state of its address, and ways to make futures, send, and look around.
 *
 * Futures inside inputs, `args`, messages and what the handler returns are resolved before the value arrives; handles
 * arrive as they are. All effects are committed when the handler ends, and are undone when it throws.
 * A handler runs in the asynchronous context in which its engine was opened: what a caller keeps in an `AsyncLocalStorage` is not there.
 * After the handler has ended, what reads or changes state, or makes or sends anything, throws `CONTEXT_CLOSED`, and
 * `STALE_ATTEMPT` after its attempt was abandoned.
 */
export interface Context<out State = NoState> extends HandlerEnvironment {
  /**
   * This address's named values, to read and to change in place. `delete` brings back the initial value (TypeScript
   * allows it on optional names only: `delete (ctx.state as Partial<typeof ctx.state>).count`).
   * @throws `UNKNOWN_VALUE` for an undeclared name; the handler fails with `FUTURE_IN_STATE` or `UNSERIALIZABLE` at its end.
   */
  readonly state: State;

  /**
   * Invokes a function with an input that may hold futures: a future of its result.
   *
   * For a stateful function without `id` a new state is made; `future.stateId` names it at once.
   * @throws `UNKNOWN_FUNCTION`, `INVALID_KEY`, `INVALID_OPTIONS`, `UNSERIALIZABLE`, `TOO_DEEP`, `PAYLOAD_TOO_LARGE`, `NOT_DURABLE`, `FOREIGN_FUTURE`, `FOREIGN_HANDLE`
   */
  invoke<Function extends AnyInvokableWithoutInput>(f: Function): FutureOf<Function>;
  invoke<Function extends AnyInvokable>(
    f: Function,
    input: Resolvable<InputOf<Function>>,
    options?: InvokeOptions,
  ): FutureOf<Function>;

  /**
   * Sends a one-way message, now or after a delay. Nobody gets its result; a failure is recorded.
   * @throws as `invoke`, and `INVALID_DELAY`
   */
  send(f: AnyInvokableWithoutInput): void;
  send<Function extends AnyInvokable>(
    f: Function,
    input: Resolvable<InputOf<Function>>,
    options?: SendOptions,
  ): void;

  /** Cancels a delayed message this address sent with `token`. One that was delivered, or never sent: nothing happens. */
  cancelSend(token: string): void;

  /**
   * Sends a one-way message to the caller, or to whom its `replyTo` named.
   * @throws `NO_CALLER`, `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE`
   */
  reply(value: unknown): void;

  /** Hands a value to the egress of this type. @throws `UNKNOWN_EGRESS`, `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE` */
  egress(type: string, value: unknown): void;

  /**
   * Continues with a named function once a future is fulfilled: a future of `f(result)`, or of `f({ result, args })`
   * when `args` is given (even as `undefined`). On rejection `f` is not called, and the rejection passes on.
   * With args, the options say which state an operation of a stateful function is called at; without an id it is a new one.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`, `UNKNOWN_FUNCTION`, `INVALID_KEY`, `INVALID_OPTIONS`, `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE`
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
   * Continues with a named function however a future ends: `f(settlement)`, or `f({ result: settlement, args })`.
   *
   * It cleans up, too: when the work it belongs to is cancelled before its turn has come, it is called all the same, with a rejection with
   * `CANCELLED`, provided that futures in `args` are known by then; with `fulfilled`, which has the value, if the future had been fulfilled
   * already. Nobody waits for its result then, and nothing cancels what it starts.
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
    options?: ContinueOptions,
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
   * Waits for some of the futures: settlements so far, and handles of those still pending. Cancels nothing, never rejects.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`, `INVALID_OPTIONS`, `INVALID_DELAY`
   */
  wait<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
    options?: WaitOptions,
  ): Future<Waited<ValueOf<Futures[number]>>>;

  /**
   * Races futures: the first that is fulfilled. The others are cancelled. Rejects with an `AggregateError` of all failures,
   * as `cause` of a `FUNCTION_FAILED`, when every one rejects; `any([])` does so at once.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  any<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
  ): Future<ValueOf<Futures[number]>>;

  /**
   * Races futures: the first that settles, either way. The others are cancelled.
   * @throws `EMPTY_RACE` when there are none; `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  race<const Futures extends readonly Future<unknown>[]>(
    futures: Futures,
  ): Future<ValueOf<Futures[number]>>;

  /**
   * The same future, or a rejection with `TIMEOUT` if it has not settled `duration` from now; then it is cancelled.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`, `INVALID_DELAY`
   */
  timeout<T>(future: Future<T>, duration: Duration): Future<T>;

  /**
   * Cancels a future, and all work that only it needs: it rejects with `CANCELLED`, unless it has settled before. What is
   * parked for it is gone at once, continuations of `onSettled` still run, and running handlers see `ctx.signal`.
   * @throws `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  cancel(future: Future<unknown>): void;

  /** A future of a value that is known; futures inside it are resolved. @throws `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE` */
  resolved<T>(value: T): Future<Resolved<T>>;

  /** A future that is rejected, with an error, a {@link Failure}, or anything else one can throw. */
  rejected(error: unknown): Future<never>;

  /**
   * Makes a handle a future again. One that is past its retention rejects with `EXPIRED`.
   * @throws `INVALID_ID`, `FOREIGN_HANDLE`
   */
  future<T>(handle: FutureHandle<T>): Future<T>;

  /** A durable timer: a future that is fulfilled no earlier than `duration` from now. @throws `INVALID_DELAY` */
  sleep(duration: Duration): Future<void>;

  /** A durable timer: a future that is fulfilled no earlier than an instant (a Date, or ms since the epoch). @throws `INVALID_DELAY` */
  sleepUntil(instant: Date | number): Future<void>;

  /** A future that someone outside settles once, by its `token`. */
  promise<T = unknown>(): PromiseFuture<T>;

  /**
   * A future of this flow's next event of that name, first in, first out; events that came before the wait are buffered.
   * @throws `INVALID_NAME`
   */
  event<T = unknown>(name: string): Future<T>;

  /** Sets the flow's custom status, for whoever asks. The last one stays. @throws `UNSERIALIZABLE`, `PAYLOAD_TOO_LARGE` */
  setStatus(value: unknown): void;

  /**
   * Blocks until a future is settled, and is **billed while it waits**: prefer `onComplete`, or to return the future.
   *
   * Commits what was sent so far, but not the state; keeps the address and its handler slot.
   * @throws what the future rejects with; `UNSUPPORTED`, `DEADLOCK`, `REENTRANT_CALL`, `NOT_A_FUTURE`, `FOREIGN_FUTURE`
   */
  get<T>(future: Future<T>): Promise<T>;

  /** Sets how long after its last message this state is forgotten. @throws `INVALID_DELAY` */
  expireAfter(duration: Duration): void;

  /** Deletes this state when the handler ends. */
  terminate(): void;
}

/** `T` with nothing in it that can be changed. */
export type DeepReadonly<T> = unknown extends T
  ? T
  : T extends ReadonlyMap<infer Key, infer Value>
    ? ReadonlyMap<Key, DeepReadonly<Value>>
    : T extends ReadonlySet<infer Item>
      ? ReadonlySet<DeepReadonly<Item>>
      : T extends Leaf
        ? T
        : { readonly [Key in keyof T]: DeepReadonly<T[Key]> };
