import { HandbackError } from "../../core/errors/errors.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import { fn } from "../../futures/define/fn.ts";
import type { Fn } from "../../futures/types/function.ts";
import type { Settlement } from "../../futures/types/future.ts";
import type { Sequence } from "../composing/sequence.ts";
import { shaped } from "../diagram/shape.ts";
import { stageType } from "../composing/stage-name.ts";
import { planOf } from "../composing/step.ts";
import { stepFailed } from "../composing/step-failed.ts";

/**
 * Makes a function of several that run one after the other: each step takes what the one before gives.
 *
 * A step is a function, a plain function that maps one value to another, or one of `parallel` (several at once), `keep` (the value stays
 * beside the result), `tap` (wait, and pass the value on) and `choose` (a branch). Ten steps at most: what is longer is chains of chains.
 *
 * The chain is rejected with `STEP_FAILED` when a step is: `details` has its position and name, `cause` the reason. A cancellation passes as it is.
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
export const chain = ((type: string, ...steps: readonly unknown[]): Fn<unknown, unknown> => {
  checkFunctionType(type);
  if (steps.length === 0)
    throw new HandbackError("INVALID_OPTIONS", `chain ${type}: expected at least one step`);
  const plans = steps.map((step, at) => planOf(step, `step ${at + 1} of ${type}`));
  const shape = plans.map(({ label }) => label);

  /** Goes on at a step, over mappings, to the next one that begins something; there the run ends, to be continued by `next`. */
  const goOn = (ctx: Context, from: number, input: unknown): unknown => {
    let value = input;
    for (const [at, { label, begin, map }] of plans.entries()) {
      if (at < from) continue;
      try {
        if (begin !== undefined) return ctx.onSettled(begin(ctx, value), next, at);
        value = map?.(value);
        // Kept here, so that what cannot be kept is a failure of the mapping that gave it.
        if (at === plans.length - 1) return ctx.resolved(value);
      } catch (error) {
        return ctx.rejected(stepFailed({ type, at, label }, error));
      }
    }
    return value;
  };

  const next = fn(
    stageType(type, "next", shape),
    (ctx, { result, args: at }: { result: Settlement<unknown>; args: number }): unknown => {
      const { label = "", map } = plans[at] ?? {};
      if (result.status === "rejected")
        return ctx.rejected(stepFailed({ type, at, label }, result.reason));
      return goOn(ctx, at + 1, map === undefined ? result.value : map(result.value));
    },
  );

  const made = fn(
    type,
    { parts: [next, ...plans.flatMap(({ parts }) => parts)] },
    (ctx, input: unknown) => goOn(ctx, 0, input),
  );
  return shaped(made, { kind: "chain", name: type, steps: plans.map((plan) => plan.shape) });
}) as DefineChain;

/** The chains that can be written: what a step takes is what the one before gives. */
export type DefineChain = Sequence<"chain">;
