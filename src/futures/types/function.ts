import type { Future, StateFuture } from "./future.ts";

declare const takes: unique symbol;
declare const gives: unique symbol;
declare const needsId: unique symbol;

/** A function that can be invoked: a stateless function, or one operation of a stateful one. */
export interface Invokable<in Input, out Output> {
  /** Function type, `namespace/name`. */
  readonly type: string;
  /** Name of the operation of a stateful function. `undefined` for a stateless one. */
  readonly operation: string | undefined;
  /** Carries `Input` contravariantly. Absent at run time. */
  readonly [takes]: (input: Input) => void;
  /** Carries `Output` covariantly. Absent at run time. */
  readonly [gives]: Output;
}

/** A stateless function: it takes an `Input`, and its callers get an `Output`. */
export interface Fn<in Input, out Output> extends Invokable<Input, Output> {
  readonly operation: undefined;
}

/** One operation of a stateful function, such as `counter.add`. */
export interface StatefulFn<in Input, out Output> extends Invokable<Input, Output> {
  readonly operation: string;
  /** Tells that a client, and `ctx.send`, need the option `id`. Absent at run time. */
  readonly [needsId]: "an operation needs the option `id`: a string, or NEW_STATE";
}

/**
 * A function whose type the compiler knows as a literal. So a client over HTTP checks names:
 * `client.start("shop/checkout", order)`.
 */
export interface Named<out Type extends string> {
  readonly type: Type;
}

/** A function that is not known to be an operation, so that its calls may have no `id`. */
export interface WithoutId {
  readonly [needsId]?: undefined;
}

/** Any function, of any input and output. */
export type AnyInvokable = Invokable<never, unknown>;

/**
 * Any function that can be called without an input: it takes `void`, `undefined`, `unknown`, or has
 * an optional input.
 */
export type AnyInvokableWithoutInput = Invokable<undefined, unknown>;

/** The input of a function, once resolved: `InputOf<Fn<Order, Receipt>>` is `Order`. */
export type InputOf<F> = F extends Invokable<infer Input, unknown> ? Input : never;

/** The output for callers of a function: `OutputOf<Fn<Order, Receipt>>` is `Receipt`. */
export type OutputOf<F> = F extends Invokable<never, infer Output> ? Output : never;

/** The future of an invocation of `F`. It has a `stateId` if `F` is stateful. */
export type FutureOf<F> = F extends { readonly operation: string }
  ? StateFuture<OutputOf<F>>
  : Future<OutputOf<F>>;
