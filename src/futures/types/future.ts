import type { Failure } from "./failure.ts";
import type { FutureHandle } from "./handle.ts";
import type { RunEnding } from "./run-ending.ts";

/** Key of the type that a future carries. Absent at run time. */
export declare const settles: unique symbol;

/**
 * A value that will be known later, in another activation. `ctx.invoke` and the other methods of a
 * context return futures.
 *
 * A future is opaque. Return it, and the caller gets its value. Put it into an input at any depth.
 * Name a continuation with `ctx.onComplete`. Or turn it into a handle to keep. It lives as long as
 * its handler. Used later, it throws `CONTEXT_CLOSED`.
 *
 * Using it as if it were its value, in text, JSON, arithmetic or a spread, throws `NOT_A_VALUE`.
 *
 * It is not a promise, on purpose: `then` is typed as `undefined`, so neither `.then(...)` nor
 * passing it as a `PromiseLike` compiles. With a callable `then`, an async handler could not return
 * one.
 */
export interface Future<out T> {
  /** Carries `T` covariantly. Absent at run time. */
  readonly [settles]: T;
  /** Always absent: a future is not thenable. */
  readonly then: undefined;
  /**
   * Id of the state that an invocation of a stateful function went to. `undefined` for other
   * futures.
   */
  readonly stateId: string | undefined;
  /**
   * The `ctx.idempotencyKey` of the function that an invocation calls. `undefined` for other
   * futures.
   */
  readonly idempotencyKey: string | undefined;
  /**
   * Makes a handle that can be stored, sent, and turned into a future again with `ctx.future`.
   *
   * A second call returns an equal handle. It is valid until its `retainUntil`.
   * @throws `CONTEXT_CLOSED` after the handler has ended.
   */
  handle(): FutureHandle<T>;
}

/** The future of an invocation of a stateful function. Its `stateId` is known at once. */
export interface StateFuture<out T> extends Future<T> {
  /** Id of the state, given or newly made. */
  readonly stateId: string;
}

/** A future that is settled from outside, once, with its token. */
export interface PromiseFuture<out T> extends Future<T> {
  /**
   * Secret that settles it (`client.settle(token, value)`): a locator and at least 128 random bits.
   */
  readonly token: string;
}

/** The value a future settles with: `ValueOf<Future<number>>` is `number`. */
export type ValueOf<F> = F extends Future<infer T> ? T : never;

/** The end of a future, in the shape of `Promise.allSettled`. */
export type Settlement<T> =
  | { readonly status: "fulfilled"; readonly value: T }
  | {
      readonly status: "rejected";
      readonly reason: Failure;
      /**
       * The value of work that was canceled, but came to its end: before the continuation had its
       * turn, or in a handler that was running.
       */
      readonly fulfilled?: { readonly value: T };
      /** How the work ended, if it was canceled. */
      readonly run?: RunEnding;
    };
