import { HandbackError } from "../../core/errors/errors.ts";
import type { Context } from "../../futures/types/context.ts";
import { fn } from "../../futures/define/fn.ts";
import type { Fn } from "../../futures/types/function.ts";
import type { Settlement } from "../../futures/types/future.ts";
import { isCancellation } from "../../futures/types/run-ending.ts";
import { readPatternName } from "../composing/pattern-name.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import type { Sequence } from "../composing/sequence.ts";
import { shaped } from "../diagram/shape.ts";
import { stageNamed, withForm } from "../composing/stage-name.ts";
import { stepPlan } from "../composing/step.ts";
import { stepFailed } from "../composing/step-failed.ts";

/**
 * Makes a function from several steps that run one after the other. Each step takes the output of
 * the one before.
 *
 * A step is a function, a plain function that maps a value, or one of `parallel` (several functions
 * at the same time), `keep` (keeps the value beside the result), `tap` (waits and passes the value
 * on) and `choose` (picks a function). A chain has at most ten steps. Nest chains for more.
 *
 * If a step rejects, the chain rejects with `STEP_FAILED`. Its `details` have the position and name
 * of the step, and `cause` has the reason. A cancellation is passed on unchanged.
 *
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { chain } from "handback/patterns";
 *
 * const fetchPrice = fn("docs/fetch-price", (_, item: string) => item.length);
 * const print = fn("docs/print", (_, cents: number) => `${cents} cents`);
 * const quote = chain("docs/quote", fetchPrice, (cents) => cents * 2, print);
 *
 * const engine = await embedded({ functions: [quote], store: memory() });
 * console.log(await engine.client.call(quote, "tea")); // 6 cents
 * await engine.close();
 */
export const chain = ((name: PatternName, ...steps: readonly unknown[]): Fn<unknown, unknown> => {
  const { type, ...former } = readPatternName(name);
  if (steps.length === 0)
    throw new HandbackError("INVALID_OPTIONS", `chain ${type}: expected at least one step`);
  const plans = steps.map((step, at) => stepPlan(step, `step ${at + 1} of ${type}`));
  const functions = plans.flatMap(({ parts }) => parts);
  const { type: nextType, ...formerNext } = stageNamed(type, "next", functions, [
    (naming) => plans.map((plan) => withForm(plan.labelIn(naming), plan.shape)),
    (naming) => plans.map((plan) => plan.labelIn(naming)),
  ]);

  /** Runs mappings from a step on, up to the next step that starts work. `next` continues there. */
  const goOn = (ctx: Context, from: number, input: unknown): unknown => {
    let value = input;
    for (const [at, { label, begin, map }] of plans.entries()) {
      if (at < from) continue;
      try {
        if (begin !== undefined) return ctx.onSettled(begin(ctx, value), next, at);
        value = map?.(value);
        // Encoded here, so that a value that cannot be encoded is a failure of its mapping.
        if (at === plans.length - 1) return ctx.resolved(value);
      } catch (error) {
        return ctx.rejected(stepFailed({ type, at, label }, error));
      }
    }
    return value;
  };

  const next = fn(
    nextType,
    formerNext,
    (ctx, { result, args: at }: { result: Settlement<unknown>; args: number }): unknown => {
      const { label = "", map = (value: unknown) => value } = plans[at] ?? {};
      if (result.status === "fulfilled") return goOn(ctx, at + 1, map(result.value));
      const { reason, fulfilled } = result;
      const isLast = plans.slice(at + 1).every(({ begin }) => begin === undefined);
      // Canceled, but the whole chain came to its end.
      return isCancellation(reason) && fulfilled !== undefined && isLast
        ? goOn(ctx, at + 1, map(fulfilled.value))
        : ctx.rejected(stepFailed({ type, at, label }, reason));
    },
  );

  const made = fn(type, { ...former, parts: [next, ...functions] }, (ctx, input: unknown) =>
    goOn(ctx, 0, input),
  );
  return shaped(made, { kind: "chain", name: type, steps: plans.map((plan) => plan.shape) });
}) as DefineChain;

/** The type of `chain`: each step takes the output of the one before. */
export type DefineChain = Sequence<"chain">;
