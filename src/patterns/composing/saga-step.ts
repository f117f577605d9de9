import { optional, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { invokable } from "./option-checks.ts";
import type { AnyInvokable, Invokable } from "../../futures/types/function.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { planOf } from "./step.ts";
import type { Step, StepPlan } from "./step.ts";

/** A step of a saga that can be taken back. */
export interface CompensatedStep<Input, Output> {
  readonly do: Invokable<Input, Output>;
  /** Is called with what the step gave. It should do no harm when it is called again. */
  readonly undo: Invokable<Output, unknown>;
  /**
   * Is called with what the step was given, when nobody knows whether the step was done: it was cancelled while it was under way, took too
   * long, or the process died of it. Default: a step that did not succeed counts as not done.
   */
  readonly ifUnsure?: Invokable<Input, unknown>;
}

/** What stands in a saga: a step that can be taken back, or what stands in a chain and need not be. */
export type SagaStep<Input, Output> = CompensatedStep<Input, Output> | Step<Input, Output>;

/** A step as a saga runs it. */
export interface SagaPlan extends StepPlan {
  readonly undo?: AnyInvokable;
  readonly ifUnsure?: AnyInvokable;
}

const STEP = {
  do: invokable<unknown, unknown>(),
  undo: invokable<unknown, unknown>(),
  ifUnsure: optional(invokable<unknown, unknown>()),
} satisfies OptionTable<CompensatedStep<unknown, unknown>>;

/** Makes the plan of a saga's step. @throws `INVALID_OPTIONS` */
export function sagaPlanOf(step: unknown, where: string): SagaPlan {
  if (typeof step !== "object" || step === null || isInvokable(step) || !("do" in step))
    return planOf(step, where);
  const { do: action, undo, ifUnsure } = readOptions(where, STEP, step);
  const plan = planOf(action, where);
  if (ifUnsure === undefined) return { ...plan, parts: [...plan.parts, undo], undo };
  return { ...plan, parts: [...plan.parts, undo, ifUnsure], undo, ifUnsure };
}
