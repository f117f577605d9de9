import { HandbackError } from "../../core/errors/errors.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { fn } from "../../futures/define/fn.ts";
import type { Fn } from "../../futures/types/function.ts";
import type { Settlement } from "../../futures/types/future.ts";
import { sagaPlanOf } from "../composing/saga-step.ts";
import type { SagaPlan } from "../composing/saga-step.ts";
import type { Sequence } from "../composing/sequence.ts";
import { shaped, shapeOf } from "../diagram/shape.ts";
import type { CompensatedShape } from "../diagram/shape.ts";
import { stageType } from "../composing/stage-name.ts";
import { invoke } from "../composing/step.ts";
import { stepFailed } from "../composing/step-failed.ts";

/**
 * Makes a function of several steps that are undone when one of them fails: each step takes what the one before gives, as in a chain, and
 * `{ do, undo }` says how to take it back.
 *
 * When a step fails, or the saga is cancelled, the steps that were done are undone, the last one first, each once. Then the saga is
 * rejected with `STEP_FAILED`, which says what was undone. A compensation that fails keeps none of the others from being called; the saga is
 * rejected with `COMPENSATION_FAILED` then, which says what was undone and what was not.
 *
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { saga } from "handback/patterns";
 *
 * const undone: string[] = [];
 * const bookHotel = fn("docs/book-hotel", (_, trip: string) => `${trip}, hotel`);
 * const cancelHotel = fn("docs/cancel-hotel", (_, booking: string) => void undone.push(booking));
 * const bookFlight = fn("docs/book-flight", (_, booking: string): string => {
 *   throw new Error(`no seat left for ${booking}`);
 * });
 * const trip = saga("docs/trip", { do: bookHotel, undo: cancelHotel }, bookFlight);
 *
 * const engine = await embedded({ functions: [trip], store: memory() });
 * await engine.client.call(trip, "Rome").catch((error: Error) => console.log(error.message));
 * console.log(undone); // [ "Rome, hotel" ]
 * await engine.close();
 */
export const saga = ((type: string, ...steps: readonly unknown[]): Fn<unknown, unknown> => {
  checkFunctionType(type);
  if (steps.length === 0)
    throw new HandbackError("INVALID_OPTIONS", `saga ${type}: expected at least one step`);
  const plans = steps.map((step, at) => sagaPlanOf(step, `step ${at + 1} of ${type}`));
  const shape = plans.map(({ label, undo, ifUnsure }) =>
    [label, undo?.type, ifUnsure?.type].join(" "),
  );
  const labelOf = (at: number): string => plans[at]?.label ?? "";

  /** Goes on at a step, over mappings, to the next one that begins something; there the run ends, to be continued by `next`. */
  const goOn = (
    ctx: Context,
    from: number,
    { value: input, done }: { value: unknown; done: readonly Done[] },
  ): unknown => {
    let value = input;
    for (const [at, { begin, map, ifUnsure }] of plans.entries()) {
      if (at < from) continue;
      try {
        const given: Given = ifUnsure === undefined ? {} : { value };
        if (begin !== undefined) return ctx.onSettled(begin(ctx, value), next, { at, done, given });
        value = map?.(value);
        // Kept here, so that what cannot be kept is a failure of the mapping that gave it.
        if (at === plans.length - 1) return ctx.resolved(value);
      } catch (error) {
        // As a settlement, since an error cannot be kept while the others are undone, and a failure can.
        return ctx.onSettled(ctx.rejected(error), next, { at, done, given: {} });
      }
    }
    return value;
  };

  const next = fn(
    stageType(type, "next", shape),
    (ctx, { result, args: { at, done, given } }: Next): unknown => {
      const { map, undo: compensation, ifUnsure } = plans[at] ?? {};
      const doneWith = (value: unknown): readonly Done[] =>
        compensation === undefined ? done : [...done, { at, value }];
      if (result.status === "fulfilled") {
        const value: unknown = map === undefined ? result.value : map(result.value);
        return goOn(ctx, at + 1, { value, done: doneWith(value) });
      }
      const unsure: readonly Done[] =
        ifUnsure !== undefined && isUnsure(result.reason)
          ? [{ at, value: given.value, unsure: true }]
          : [];
      const left =
        result.fulfilled === undefined ? [...done, ...unsure] : doneWith(result.fulfilled.value);
      return undo(ctx, { at, cause: result.reason, left, undone: [], failures: [] });
    },
  );

  /** Calls the compensation of the last step that is left, or ends. */
  const undo = (ctx: Context, undoing: Undoing): unknown => {
    const { left, at, cause, undone, failures } = undoing;
    const last = left.at(-1);
    const plan = plans[last?.at ?? -1];
    const compensation = last?.unsure === true ? plan?.ifUnsure : plan?.undo;
    if (last !== undefined && compensation !== undefined)
      return ctx.onSettled(invoke(ctx, compensation, last.value), undoneOne, undoing);
    const failed = { type, at, label: labelOf(at) };
    if (failures.length === 0)
      return ctx.rejected(stepFailed(failed, cause, { undone: undone.map(labelOf) }));
    // Thrown, so that it is on record as a rejection that nobody heard of when the saga was cancelled.
    throw compensationFailed(type, undoing, labelOf);
  };

  const undoneOne = fn(
    stageType(type, "undo", shape),
    (ctx, { result, args }: UndoneOne): unknown => {
      const { left, undone, failures, isAgain } = args;
      const last = left.at(-1);
      const rest: Undoing = { ...args, left: left.slice(0, -1), isAgain: false };
      const isUndone = result.status === "fulfilled" || result.fulfilled !== undefined;
      if (last === undefined || isUndone)
        return undo(ctx, { ...rest, undone: [...undone, ...(last ? [last.at] : [])] });
      // The saga was cancelled while this one was under way: from here on nothing cancels it any more.
      if (result.reason.code === "CANCELLED" && isAgain !== true)
        return undo(ctx, { ...args, isAgain: true });
      return undo(ctx, {
        ...rest,
        failures: [...failures, { at: last.at, reason: result.reason }],
      });
    },
  );

  const parts = [next, undoneOne, ...plans.flatMap((plan) => plan.parts)];
  const made = fn(type, { parts }, (ctx, input: unknown) =>
    goOn(ctx, 0, { value: input, done: [] }),
  );
  return shaped(made, { kind: "saga", name: type, steps: plans.map(shapeOfStep) });
}) as DefineSaga;

/** The sagas that can be written: what a step takes is what the one before gives. */
export type DefineSaga = Sequence<"saga">;

/** A step that was done, or may have been: its position, and what its compensation takes. */
interface Done {
  readonly at: number;
  readonly value: unknown;
  readonly unsure?: true;
}

/** What a step was given, kept only when somebody may want it. */
interface Given {
  readonly value?: unknown;
}

interface Next {
  readonly result: Settlement<unknown>;
  readonly args: { readonly at: number; readonly done: readonly Done[]; readonly given: Given };
}

/** A saga that is taken back. */
interface Undoing {
  /** The step that failed. */
  readonly at: number;
  readonly cause: Failure;
  /** What is still to be undone, the last first. */
  readonly left: readonly Done[];
  /** Steps that were undone, in that order. */
  readonly undone: readonly number[];
  readonly failures: readonly { readonly at: number; readonly reason: Failure }[];
  /** The compensation was cancelled, and is called again. */
  readonly isAgain?: boolean;
}

interface UndoneOne {
  readonly result: Settlement<unknown>;
  readonly args: Undoing;
}

function shapeOfStep({ shape, undo, ifUnsure }: SagaPlan): CompensatedShape {
  return {
    do: shape,
    ...(undo && { undo: shapeOf(undo) }),
    ...(ifUnsure && { ifUnsure: shapeOf(ifUnsure) }),
  };
}

/** It was cut off, or is half undone, or its result was lost. */
const UNSURE: ReadonlySet<string | undefined> = new Set([
  "CANCELLED",
  "TIMEOUT",
  "HANDLER_TIMEOUT",
  "POISONED",
  "COMPENSATION_FAILED",
  "PAYLOAD_TOO_LARGE",
]);

/** Whether nobody knows if what failed was done. */
function isUnsure(reason: Failure): boolean {
  const { code, cause, errors = [] } = reason;
  return UNSURE.has(code) || (cause !== undefined && isUnsure(cause)) || errors.some(isUnsure);
}

function compensationFailed(
  type: string,
  { at, cause, undone, failures }: Undoing,
  labelOf: (at: number) => string,
): HandbackError {
  const notUndone = failures.map(({ at, reason }) => ({
    step: at + 1,
    function: labelOf(at),
    message: reason.message,
  }));
  const names = notUndone.map(({ step, function: f }) => `step ${step} (${f})`).join(", ");
  return new HandbackError(
    "COMPENSATION_FAILED",
    `step ${at + 1} of ${type} (${labelOf(at)}) failed, and what undoes ${names} failed too`,
    {
      details: { step: at + 1, function: labelOf(at), undone: undone.map(labelOf), notUndone },
      cause,
    },
  );
}
