import { Brand } from "../../core/data/brand.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { Context, InvokeOptions } from "../../futures/types/context.ts";
import type { AnyInvokable, InputOf, Invokable, OutputOf } from "../../futures/types/function.ts";
import type { Future } from "../../futures/types/future.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { shapeOf } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";

declare const takes: unique symbol;
declare const gives: unique symbol;
const plans = new Brand<StepPlan>("Step");

/**
 * A step of a chain: a function, a plain function that maps a value at once, or a step made by
 * `parallel`, `keep`, `tap` or `choose`.
 */
export type Step<Input, Output> =
  | Invokable<Input, Output>
  | ComposedStep<Input, Output>
  | ((value: Input) => Output);

/** A step made by `choose`, `keep`, `parallel` or `tap`. It works in a chain only. */
export interface ComposedStep<in Input, out Output> {
  /** Carries `Input` contravariantly. Absent at run time. */
  readonly [takes]: (input: Input) => void;
  /** Carries `Output` covariantly. Absent at run time. */
  readonly [gives]: Output;
}

/** The input that all functions in a list or record accept. */
export type InputOfAll<Functions> = {
  readonly [Key in keyof Functions]: (input: InputOf<Functions[Key]>) => void;
}[Functions extends readonly unknown[] ? keyof Functions & number : keyof Functions] extends (
  input: infer Input,
) => void
  ? Input
  : never;

/** The output of each of several functions. */
export type OutputsOf<Functions> = { -readonly [Key in keyof Functions]: OutputOf<Functions[Key]> };

/**
 * The plan of a step. `begin` starts work on a value, and `map` maps the result of that work.
 * Either may be absent.
 */
export interface StepPlan {
  /** Name for errors. */
  readonly label: string;
  /** Name for the shape of the chain. */
  readonly labelIn: (naming: Naming) => string;
  /** Shape for diagrams. */
  readonly shape: Shape;
  /** Functions that the step invokes. */
  readonly parts: readonly AnyInvokable[];
  readonly begin?: (ctx: Context, value: unknown) => Future<unknown>;
  readonly map?: (value: unknown) => unknown;
}

/** Makes a step from a plan. */
export function composeStep<Input, Output>(
  plan: Omit<StepPlan, "label">,
): ComposedStep<Input, Output> {
  return new PlannedStep<Input, Output>({ ...plan, label: plan.labelIn(nameOf) });
}

class PlannedStep<in Input, out Output> implements ComposedStep<Input, Output> {
  declare readonly [takes]: (input: Input) => void;
  declare readonly [gives]: Output;

  constructor(plan: StepPlan) {
    Object.freeze(plans.attach(this, plan));
  }
}

/** Makes the plan of a chain's step. @throws `INVALID_OPTIONS` */
export function stepPlan(step: unknown, where: string): StepPlan {
  if (isInvokable(step))
    return {
      label: nameOf(step),
      labelIn: (naming) => naming(step),
      shape: shapeOf(step),
      parts: [step],
      begin: (ctx, value) => invoke(ctx, step, value),
    };
  if (typeof step === "function") {
    const mapping = step as (value: unknown) => unknown;
    return {
      label: "a mapping",
      labelIn: () => "a mapping",
      shape: { kind: "mapping" },
      parts: [],
      map: (value) => atOnce(mapping(value)),
    };
  }
  const plan = plans.read(step);
  if (plan !== undefined) return plan;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${where}: expected a function from fn(), an operation from stateful(), ` +
      `or a plain function of one value; got ${show(step)}`,
  );
}

/** Rejects a promise: work that takes time is a function with its own name and bill. */
export function atOnce(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("then" in value)) return value;
  throw new TypeError(
    "a plain function returned a promise: expected a value at once; " +
      "use fn() for work that takes time",
  );
}

/** Invokes any function. The types of the pattern have checked its input. */
export function invoke(
  ctx: Context,
  f: AnyInvokable,
  input: unknown,
  options?: InvokeOptions,
): Future<unknown> {
  return ctx.invoke(f as Invokable<unknown, unknown>, input, options);
}

/** Gives functions their names, current or former ones. */
export type Naming = (f: AnyInvokable) => string;

/** Returns the name of a function: its type and its operation. */
export function nameOf({ type, operation }: AnyInvokable): string {
  return operation === undefined ? type : `${type}.${operation}`;
}

/** Checks that a value is a function to invoke. @throws `INVALID_OPTIONS` */
export function checkInvokable(where: string, f: unknown): AnyInvokable {
  if (isInvokable(f)) return f;
  throw new HandbackError(
    "INVALID_OPTIONS",
    `${where}: expected a function from fn() or an operation from stateful(), got ${show(f)}`,
  );
}
