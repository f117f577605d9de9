import { HandbackError } from "../../core/errors/errors.ts";
import type { Context } from "../../futures/types/context.ts";
import type { ErrorCode } from "../../core/errors/error-codes.ts";
import { systemFailure, toError } from "../../futures/types/failure.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import { fn } from "../../futures/define/fn.ts";
import type { AnyInvokable, Fn } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { mayCompensate } from "../../futures/types/restart.ts";
import { isCancellation, runEndingOf, withRunEnding } from "../../futures/types/run-ending.ts";
import type { RunEnding } from "../../futures/types/run-ending.ts";
import { sagaStepPlan } from "../composing/saga-step.ts";
import type { SagaPlan } from "../composing/saga-step.ts";
import type { Sequence } from "../composing/sequence.ts";
import { shaped, shapeOf } from "../diagram/shape.ts";
import type { CompensatedShape } from "../diagram/shape.ts";
import { readPatternName } from "../composing/pattern-name.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import { stageNamed, withForm } from "../composing/stage-name.ts";
import type { ShapeIn, StageName } from "../composing/stage-name.ts";
import { invoke } from "../composing/step.ts";
import { stepFailed } from "../composing/step-failed.ts";

/**
 * Makes a function from several steps that are undone if one of them fails. Each step takes the
 * output of the one before, as in a chain. `{ do, undo }` is a step and its compensation.
 *
 * If a step fails, or the saga is canceled, the completed steps are undone, the last one first,
 * each once. Then the saga rejects with `STEP_FAILED`, which lists the undone steps. If a
 * compensation fails, the others still run. Then the saga rejects with `COMPENSATION_FAILED`, which
 * lists the steps that were undone and those that were not.
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
export const saga = ((name: PatternName, ...steps: readonly unknown[]): Fn<unknown, unknown> => {
  const { type, ...former } = readPatternName(name);
  if (steps.length === 0)
    throw new HandbackError("INVALID_OPTIONS", `saga ${type}: expected at least one step`);
  const plans = steps.map((step, at) => sagaStepPlan(step, `step ${at + 1} of ${type}`));
  const shape: ShapeIn = (naming) =>
    plans.map(({ labelIn, shape: step, undo, ifUnsure }) =>
      [withForm(labelIn(naming), step), undo && naming(undo), ifUnsure && naming(ifUnsure)].join(
        " ",
      ),
    );
  // Earlier releases named the compensations without their operations.
  const formerShape: ShapeIn = (naming) =>
    plans.map(({ labelIn, undo, ifUnsure }) =>
      [labelIn(naming), undo?.type, ifUnsure?.type].join(" "),
    );
  const ofSteps = plans.flatMap((plan) => plan.parts);
  const stage = (name: string): StageName => stageNamed(type, name, ofSteps, [shape, formerShape]);
  const { type: nextType, ...formerNext } = stage("next");
  const next = fn(nextType, formerNext, (ctx, settled: Next): unknown =>
    continueSaga(ctx, parts, settled),
  );
  const { type: undoType, ...formerUndo } = stage("undo");
  const undone = fn(undoType, formerUndo, (ctx, settled: Undone): unknown =>
    undoNext(ctx, parts, afterUndo(settled)),
  );
  const parts: SagaParts = { type, plans, next, undone };
  const functions = [next, undone, ...ofSteps];
  const made = fn(type, { ...former, parts: functions }, (ctx, input: unknown) =>
    runSteps(ctx, parts, { from: 0, value: input, done: [] }),
  );
  return shaped(made, { kind: "saga", name: type, steps: plans.map(shapeOfStep) });
}) as DefineSaga;

/** The type of `saga`: each step takes the output of the one before. */
export type DefineSaga = Sequence<"saga">;

/** A saga, and the stages that continue it. */
interface SagaParts {
  readonly type: string;
  readonly plans: readonly SagaPlan[];
  readonly next: Fn<Next, unknown>;
  readonly undone: Fn<Undone, unknown>;
}

/** A step that was done, or may have been: its position, and the input of its compensation. */
interface Done {
  readonly at: number;
  readonly value: unknown;
  readonly unsure?: true;
  /** The idempotency key of an unsure step. */
  readonly key?: string | undefined;
}

/** The input and the idempotency key of a step, kept only for a step with `ifUnsure`. */
interface Given {
  readonly value?: unknown;
  readonly key?: string | undefined;
}

interface Next {
  readonly result: Settlement<unknown>;
  readonly args: { readonly at: number; readonly done: readonly Done[]; readonly given: Given };
}

/** A saga that is being undone. */
interface Undoing {
  /** Position of the failed step. */
  readonly at: number;
  readonly cause: Failure;
  /** Steps that are still to be undone. The last one is next. */
  readonly left: readonly Done[];
  /** Positions of the undone steps, in the order of their undoing. */
  readonly undone: readonly number[];
  readonly failures: readonly { readonly at: number; readonly reason: Failure }[];
  /** The compensation was canceled, and is called again. */
  readonly isAgain?: boolean;
}

interface Undone {
  readonly result: Settlement<unknown>;
  readonly args: Undoing;
}

/** The position of the next step, its input, and the steps so far. */
interface Progress {
  readonly from: number;
  readonly value: unknown;
  readonly done: readonly Done[];
}

/** Runs mappings from a step on, up to the next step that starts work. `next` continues there. */
function runSteps(
  ctx: Context,
  { plans, next }: SagaParts,
  { from, value: input, done }: Progress,
): unknown {
  let value = input;
  for (const [at, { begin, map, ifUnsure }] of plans.entries()) {
    if (at < from) continue;
    try {
      if (begin !== undefined) {
        const begun = begin(ctx, value);
        const given = ifUnsure === undefined ? {} : { value, key: begun.idempotencyKey };
        return ctx.onSettled(begun, next, { at, done, given }, { awaitRuns: true });
      }
      value = map?.(value);
      // Encoded here, so that a value that cannot be encoded is a failure of its mapping.
      if (at === plans.length - 1) return ctx.resolved(value);
    } catch (error) {
      // As a settlement: a failure can be stored while steps are undone, a thrown error cannot.
      return ctx.onSettled(ctx.rejected(error), next, { at, done, given: {} });
    }
  }
  return value;
}

/** Continues after a step: runs the following steps, or undoes the completed ones. */
function continueSaga(ctx: Context, parts: SagaParts, { result, args }: Next): unknown {
  const { at, done, given } = args;
  const { map = (value: unknown) => value, undo, ifUnsure } = parts.plans[at] ?? {};
  const doneWith = (value: unknown): readonly Done[] =>
    undo === undefined ? done : [...done, { at, value }];
  if (result.status === "fulfilled") {
    const value = map(result.value);
    return runSteps(ctx, parts, { from: at + 1, value, done: doneWith(value) });
  }
  const { reason, fulfilled } = result;
  const isUnknown = result.run === "unknown" || isUnsure(reason);
  const unsure: readonly Done[] =
    ifUnsure !== undefined && isUnknown
      ? [{ at, value: given.value, key: given.key, unsure: true }]
      : [];
  const left = fulfilled === undefined ? [...done, ...unsure] : doneWith(map(fulfilled.value));
  const begun = parts.plans.slice(0, fulfilled === undefined ? at : at + 1);
  const isUndone = begun.every((plan) => plan.begin === undefined || plan.undo !== undefined);
  const isKnown = fulfilled !== undefined || !isUnknown || ifUnsure !== undefined;
  // An outer saga that is canceled, too, learns whether something may be left of this one.
  const run = isUndone && isKnown ? "threw" : "unknown";
  const cause = isCancellation(reason) ? withRunEnding(reason, run) : reason;
  return undoNext(ctx, parts, { at, cause, left, undone: [], failures: [] });
}

/** Calls the compensation of the last step that is left, or ends the saga. */
function undoNext(ctx: Context, { type, plans, undone: next }: SagaParts, undoing: Undoing) {
  const { left, at, cause, undone, failures } = undoing;
  const labelOf = (position: number): string => plans[position]?.label ?? "";
  const last = left.at(-1);
  const plan = plans[last?.at ?? -1];
  const compensation = last?.unsure === true ? plan?.ifUnsure : plan?.undo;
  if (last !== undefined && compensation !== undefined) {
    const isFirst = undone.length + failures.length === 0;
    const asked = isFirst ? mayCompensate(ctx) : undefined;
    const begun = compensate(ctx, compensation, { ...last, after: asked });
    return ctx.onSettled(begun, next, undoing, { awaitRuns: true });
  }
  const failed = { type, at, label: labelOf(at) };
  if (failures.length === 0)
    return ctx.rejected(stepFailed(failed, cause, { undone: undone.map(labelOf) }));
  // Thrown, so that it is recorded as an unhandled rejection if the saga was canceled.
  throw compensationFailed(type, undoing, labelOf);
}

/** Calls a compensation, once its flow lets it begin. */
function compensate(
  ctx: Context,
  f: AnyInvokable,
  { value, key, after }: Done & { readonly after: Future<void> | undefined },
): Future<unknown> {
  return invoke(ctx, f, value, {
    ...(key !== undefined && { idempotencyKey: key }),
    ...(after !== undefined && { after: [after] }),
  });
}

/** Returns the progress of undoing after a compensation has ended. */
function afterUndo({ result, args }: Undone): Undoing {
  const { left, undone, failures, isAgain } = args;
  const last = left.at(-1);
  const rest: Undoing = { ...args, left: left.slice(0, -1), isAgain: false };
  const isUndone = result.status === "fulfilled" || result.fulfilled !== undefined;
  if (last === undefined || isUndone)
    return { ...rest, undone: [...undone, ...(last ? [last.at] : [])] };
  // The new run of the flow does again what would be undone.
  if (isRestarted(result.reason)) return { ...rest, left: [] };
  // The saga was canceled while this compensation ran. It runs again, and nothing cancels it now.
  if (handbackCode(result.reason) === "CANCELLED" && isAgain !== true)
    return { ...args, isAgain: true };
  return { ...rest, failures: [...failures, { at: last.at, reason: result.reason }] };
}

/** Tells whether the flow refused a compensation, because it was restarted with the same keys. */
function isRestarted(reason: Failure): boolean {
  return handbackCode(reason) === "CANCELLED" && reason.details?.["restarted"] === true;
}

function shapeOfStep({ shape, undo, ifUnsure }: SagaPlan): CompensatedShape {
  return {
    do: shape,
    ...(undo && { undo: shapeOf(undo) }),
    ...(ifUnsure && { ifUnsure: shapeOf(ifUnsure) }),
  };
}

/**
 * Codes of failures after which a step may have been done: cut off, half undone, or result lost.
 */
const UNSURE: ReadonlySet<ErrorCode | undefined> = new Set<ErrorCode>([
  "CANCELLED",
  "TIMEOUT",
  "HANDLER_TIMEOUT",
  "POISONED",
  "COMPENSATION_FAILED",
  "PAYLOAD_TOO_LARGE",
]);

/** Returns true if a failed step may have been done. */
function isUnsure(reason: Failure): boolean {
  const { cause, errors = [] } = reason;
  return (
    (UNSURE.has(handbackCode(reason)) && !isHarmless(runEndingOf(reason))) ||
    (cause !== undefined && isUnsure(cause)) ||
    errors.some(isUnsure)
  );
}

/** Tells whether canceled work left nothing to undo. */
function isHarmless(run: RunEnding | undefined): boolean {
  return run === "neverBegan" || run === "threw";
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
  const why = `step ${at + 1} of ${type} (${labelOf(at)}) failed, and so did the compensation of ${names}`;
  const details = { step: at + 1, function: labelOf(at), undone: undone.map(labelOf), notUndone };
  return toError(systemFailure("COMPENSATION_FAILED", why, { details, cause, function: type }));
}
