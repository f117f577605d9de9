import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { Context } from "../../futures/types/context.ts";
import type { AnyInvokable, InputOf, Invokable, OutputOf } from "../../futures/types/function.ts";
import type { Future } from "../../futures/types/future.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { shapeOf } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";

declare const takes: unique symbol;
declare const gives: unique symbol;
const PLAN = Symbol.for("handback.Step");

/** What stands in a chain: a function, a plain function that maps one value to another at once, or what `parallel` and its kin give. */
export type Step<Input, Output> =
  | Invokable<Input, Output>
  | ComposedStep<Input, Output>
  | ((value: Input) => Output);

/** What `choose`, `keep`, `parallel` and `tap` give. It does something in a chain only. */
export interface ComposedStep<in Input, out Output> {
  /** Carries `Input` contravariantly; there is nothing at run time. */
  readonly [takes]: (input: Input) => void;
  /** Carries `Output` covariantly; there is nothing at run time. */
  readonly [gives]: Output;
}

/** What all of several functions take: a list or a record of them. */
export type InputOfAll<Functions> = {
  readonly [Key in keyof Functions]: (input: InputOf<Functions[Key]>) => void;
}[Functions extends readonly unknown[] ? keyof Functions & number : keyof Functions] extends (
  input: infer Input,
) => void
  ? Input
  : never;

/** What each of several functions gives. */
export type OutputsOf<Functions> = { -readonly [Key in keyof Functions]: OutputOf<Functions[Key]> };

/** A step as a chain runs it: it begins with a value, and, when what it began has come, maps what came. Either may be absent. */
export interface StepPlan {
  /** Names it, for errors and for the shape of its chain. */
  readonly label: string;
  /** How it is drawn. */
  readonly shape: Shape;
  /** The functions that it invokes. */
  readonly parts: readonly AnyInvokable[];
  readonly begin?: (ctx: Context, value: unknown) => Future<unknown>;
  readonly map?: (value: unknown) => unknown;
}

/** Makes a step of a plan. */
export function composeStep<Input, Output>(plan: StepPlan): ComposedStep<Input, Output> {
  return new PlannedStep<Input, Output>(plan);
}

class PlannedStep<in Input, out Output> implements ComposedStep<Input, Output> {
  declare readonly [takes]: (input: Input) => void;
  declare readonly [gives]: Output;
  readonly [PLAN]: StepPlan;

  constructor(plan: StepPlan) {
    this[PLAN] = plan;
    Object.freeze(this);
  }
}

/** The plan of what stands in a chain. @throws `INVALID_OPTIONS` */
export function planOf(step: unknown, where: string): StepPlan {
  if (isInvokable(step))
    return {
      label: nameOf(step),
      shape: shapeOf(step),
      parts: [step],
      begin: (ctx, value) => invoke(ctx, step, value),
    };
  if (typeof step === "function") {
    const mapping = step as (value: unknown) => unknown;
    return {
      label: "a mapping",
      shape: { kind: "mapping" },
      parts: [],
      map: (value) => atOnce(mapping(value)),
    };
  }
  if (typeof step === "object" && step !== null && PLAN in step) return step[PLAN] as StepPlan;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${where}: expected what fn() gave, an operation of what stateful() gave, or a function of one value; got ${show(step)}`,
  );
}

/** Refuses a promise: what takes time is a function of its own, with a name and a bill. */
export function atOnce(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("then" in value)) return value;
  throw new TypeError(
    "a plain function gave a promise: expected a value at once; make what takes time a function, with fn()",
  );
}

/** Invokes any function. What it takes was checked by the types of who composed it. */
export function invoke(ctx: Context, f: AnyInvokable, input: unknown): Future<unknown> {
  return ctx.invoke(f as Invokable<unknown, unknown>, input);
}

/** A function's name: its type, and its operation. */
export function nameOf({ type, operation }: AnyInvokable): string {
  return operation === undefined ? type : `${type}.${operation}`;
}

/** Refuses what is no function to invoke. @throws `INVALID_OPTIONS` */
export function checkInvokable(where: string, f: unknown): AnyInvokable {
  if (isInvokable(f)) return f;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${where}: expected what fn() gave, or an operation of what stateful() gave; got ${show(f)}`,
  );
}
