import { optional, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { invokable } from "./option-checks.ts";
import type { AnyInvokable, Invokable } from "../../futures/types/function.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { stepPlan } from "./step.ts";
import type { Step, StepPlan } from "./step.ts";

/** A step of a saga that can be undone. */
export interface CompensatedStep<Input, Output> {
  readonly do: Invokable<Input, Output>;
  /** Undoes the step, given its output. It must be safe to call again. */
  readonly undo: Invokable<Output, unknown>;
  /**
   * Is called with the step's input if the step may have been done: it was canceled while running,
   * timed out, or crashed the process. Default: a step that did not succeed counts as not done.
   */
  readonly ifUnsure?: Invokable<Input, unknown>;
}

/** A step of a saga: one that can be undone, or a step of a chain that needs no undo. */
export type SagaStep<Input, Output> = CompensatedStep<Input, Output> | Step<Input, Output>;

/** The plan of a saga's step. */
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
export function sagaStepPlan(step: unknown, where: string): SagaPlan {
  if (typeof step !== "object" || step === null || isInvokable(step) || !("do" in step))
    return stepPlan(step, where);
  const { do: action, undo, ifUnsure } = readOptions(where, STEP, step);
  const plan = stepPlan(action, where);
  if (ifUnsure === undefined) return { ...plan, parts: [...plan.parts, undo], undo };
  return { ...plan, parts: [...plan.parts, undo, ifUnsure], undo, ifUnsure };
}
