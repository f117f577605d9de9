import {
  checkedBy,
  invalidOption,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import { fn } from "../../futures/define/fn.ts";
import type { Fn, Invokable } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { failurePolicy, failureTolerance } from "./failure-policy.ts";
import type { OnFailure } from "./failure-policy.ts";
import type { FanOutReport } from "./report.ts";
import { fanOutWindow } from "./window.ts";
import { invokable } from "../composing/option-checks.ts";
import { partOf, shaped, shapeOf } from "../diagram/shape.ts";
import { stageType } from "../composing/stage-name.ts";
import { atOnce, checkInvokable, invoke, nameOf } from "../composing/step.ts";

/** What a fan-out is made of. Functions to invoke, or, for `split` and `join`, plain functions that give a value at once. */
export interface FanOutOptions<Input, Item, Output, Joined, Result> {
  /** Makes the items, one for each branch, of what the fan-out takes; default: it takes the list of items. */
  readonly split?: Invokable<Input, readonly Item[]> | ((input: Input) => readonly Item[]);
  /** What each branch does with its item. */
  readonly each: Invokable<Item, Output>;
  /** Makes the result of what the branches gave, in the order of the items, also when there are none; default: that is the result. */
  readonly join?: Invokable<Joined, Result> | ((joined: Joined) => Result);
  /** How many branches may be under way at the same time, those that wait for something included; from 1, default: all. */
  readonly concurrency?: number;
}

/** Says that a fan-out needs all branches, and its join their values. */
export interface Strict {
  readonly onFailure?: "cancel";
  readonly enough?: undefined;
}

/** Says how a fan-out lives with failures; its join gets a {@link FanOutReport}. */
export type Lenient =
  | { readonly onFailure: Exclude<OnFailure, "cancel">; readonly enough?: undefined }
  /** It is over as soon as so many branches have succeeded, and fails when no longer so many can. */
  | { readonly onFailure?: OnFailure; readonly enough: number };

type Options = FanOutOptions<unknown, unknown, unknown, unknown, unknown> & FailureOptions;

const OPTIONS = {
  split: optional(checkedBy<NonNullable<Options["split"]>>(readPart)),
  each: invokable<unknown, unknown>(),
  join: optional(checkedBy<NonNullable<Options["join"]>>(readPart)),
  concurrency: withDefault(Number.POSITIVE_INFINITY, wholeNumber({ from: 1, orInfinity: true })),
  onFailure: optional(failureTolerance()),
  enough: optional(wholeNumber({ from: 0 })),
} satisfies OptionTable<Options>;

/**
 * Makes a function that splits its input into items, has a function called with each, and joins what they give.
 *
 * A branch that fails fails it at once with the same failure, and the others are cancelled. `onFailure` says otherwise: "settle" goes on
 * whatever happens, `{ tolerate }` up to a number or a share of failures, and then it is rejected with `BRANCHES_FAILED`. With
 * `enough` it is over once so many succeeded. Costs are linear in the number of branches.
 *
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { fanOut } from "handback/patterns";
 *
 * const size = fn("docs/size", (_, word: string) => word.length);
 * const total = fanOut("docs/total", {
 *   split: (text: string) => text.split(" "),
 *   each: size,
 *   join: (sizes) => sizes.reduce((sum, each) => sum + each, 0),
 *   concurrency: 10,
 * });
 *
 * const engine = await embedded({ functions: [total], store: memory() });
 * console.log(await engine.client.call(total, "as you like it")); // 11
 * await engine.close();
 */
export const fanOut = ((type: string, options: Options) => {
  checkFunctionType(type);
  const read = readOptions(type, OPTIONS, options);
  const { split, each, join, concurrency, enough } = read;
  const { onFailure } = options;
  const policy = failurePolicy(onFailure, read.onFailure, enough);
  const shape = [kindOf(split), nameOf(each), kindOf(join)];

  /** All branches at once, when nobody has to count. */
  const allAtOnce = (ctx: Context, items: readonly unknown[]): Future<unknown> => {
    const branches = items.map((item) => invoke(ctx, each, item));
    // A race of one: when that one is rejected, it has lost, and what is left of it is cancelled.
    if (policy.isStrict) return branches.length === 0 ? ctx.all([]) : ctx.race([ctx.all(branches)]);
    return ctx.onComplete(ctx.allSettled(branches), report);
  };
  const report = fn(
    stageType(type, "report", shape),
    (_, branches: readonly Settlement<unknown>[]): FanOutReport<unknown> => ({
      reason: "completed",
      branches,
    }),
  );
  const window = fanOutWindow(type, { each, concurrency, policy });
  const isCounted = enough !== undefined || typeof onFailure === "object";

  const spread = (ctx: Context, items: unknown): unknown => {
    if (!Array.isArray(items)) throw invalidOption(`items of ${type}`, "a list", items);
    // A copy, so that a gap is `undefined`, as wherever a list is walked through.
    const list = Array.from(items as readonly unknown[]);
    const joined =
      isCounted || concurrency < list.length ? window.run(ctx, list) : allAtOnce(ctx, list);
    if (join === undefined) return joined;
    return isInvokable(join) ? ctx.onComplete(joined, join) : ctx.onComplete(joined, joining);
  };
  const joining = fn(stageType(type, "join", shape), (_, joined: unknown) =>
    atOnce((join as (joined: unknown) => unknown)(joined)),
  );
  const splitting = fn(stageType(type, "split", shape), spread);

  const parts = [
    splitting,
    joining,
    report,
    each,
    ...window.parts,
    ...[split, join].filter((part) => isInvokable(part)),
  ];
  const made = fn(type, { parts }, (ctx, input: unknown) => {
    if (isInvokable(split)) return ctx.onComplete(invoke(ctx, split, input), splitting);
    return spread(ctx, split === undefined ? input : atOnce(split(input)));
  });
  return shaped(made, {
    kind: "fan-out",
    name: type,
    ...(split !== undefined && { split: partOf(split) }),
    each: shapeOf(each),
    ...(join !== undefined && { join: partOf(join) }),
    limit:
      concurrency === Number.POSITIVE_INFINITY
        ? "each item"
        : `each item, ${concurrency} at a time`,
    policy: inWords(onFailure, enough),
  });
}) as DefineFanOut;

type FailureOptions = { readonly onFailure?: OnFailure; readonly enough?: number | undefined };

/** The fan-outs that can be written. */
export interface DefineFanOut {
  <Item, Output, Input = readonly Item[], Result = Output[]>(
    type: string,
    options: FanOutOptions<Input, Item, Output, Output[], Result> & Strict,
  ): Fn<Input, Result>;
  <Item, Output, Input = readonly Item[], Result = FanOutReport<Output>>(
    type: string,
    options: FanOutOptions<Input, Item, Output, FanOutReport<Output>, Result> & Lenient,
  ): Fn<Input, Result>;
}

function readPart<Part>(part: unknown, name: string): Part {
  return (typeof part === "function" ? part : checkInvokable(name, part)) as Part;
}

function inWords(onFailure: OnFailure | undefined, enough: number | undefined): string {
  const policy =
    typeof onFailure === "object"
      ? `tolerates ${onFailure.tolerate} failed`
      : onFailure === "settle"
        ? "settles"
        : "";
  return [enough === undefined ? "" : `${enough} are enough`, policy]
    .filter((each) => each !== "")
    .join(", ");
}

function kindOf(part: unknown): string {
  return part === undefined ? "" : isInvokable(part) ? nameOf(part) : "a mapping";
}
