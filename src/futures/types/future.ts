import type { Failure } from "./failure.ts";
import type { FutureHandle } from "./handle.ts";

declare const settles: unique symbol;

/**
 * A value that will be known later, in another activation: what `ctx.invoke` and its kin give.
 *
 * It is opaque. Return it (the caller then gets its value), put it into an input at any depth, name a continuation
 * with `ctx.onComplete`, or turn it into a handle to keep. It lives as long as the handler that made it; used later it
 * throws `CONTEXT_CLOSED`.
 *
 * It is not a promise, on purpose: `then` is typed as `undefined`, so that neither `.then(...)` nor passing it as a
 * `PromiseLike` compiles. It must stay without a callable `then`, else an async handler could not return one.
 */
export interface Future<out T> {
  /** Carries `T` covariantly; there is nothing at run time. */
  readonly [settles]: T;
  /** Never there: a future is not thenable. */
  readonly then: undefined;
  /** Id of the state that an invoke of a stateful function went to; `undefined` for other futures. */
  readonly stateId: string | undefined;
  /**
   * Makes a handle that can be stored, sent, and turned into a future again with `ctx.future`.
   *
   * A second call gives an equal handle. Kept until its `retainUntil`.
   * @throws `CONTEXT_CLOSED` after the handler has ended.
   */
  handle(): FutureHandle<T>;
}

/** The future of an invoke on a stateful function: it knows at once which state it went to. */
export interface StateFuture<out T> extends Future<T> {
  /** Id of the state, given or newly made. */
  readonly stateId: string;
}

/** A future that someone outside settles, once, with its token. */
export interface PromiseFuture<out T> extends Future<T> {
  /** Secret that settles it (`client.settle(token, value)`): a locator and at least 128 random bits. */
  readonly token: string;
}

/** The value a future settles with: `ValueOf<Future<number>>` is `number`. */
export type ValueOf<F> = F extends Future<infer T> ? T : never;

/** How a future ended; the shape is that of `Promise.allSettled`. */
export type Settlement<T> =
  | { readonly status: "fulfilled"; readonly value: T }
  | {
      readonly status: "rejected";
      readonly reason: Failure;
      /** The future was fulfilled, but the work it belongs to was cancelled before what continues with it had its turn. */
      readonly fulfilled?: { readonly value: T };
    };
