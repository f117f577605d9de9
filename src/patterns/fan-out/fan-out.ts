import {
  checkedBy,
  invalidOption,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable, ReadOptions } from "../../core/validation/options.ts";
import type { Context } from "../../futures/types/context.ts";
import { fn } from "../../futures/define/fn.ts";
import type { Fn, Invokable } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { branchOptions, failurePolicy, failureTolerance } from "./failure-policy.ts";
import type { FailurePolicy, OnFailure } from "./failure-policy.ts";
import type { FanOutReport } from "./report.ts";
import { fanOutWindow } from "./window.ts";
import { invokable } from "../composing/option-checks.ts";
import { partOf, shaped, shapeOf } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";
import { readPatternName } from "../composing/pattern-name.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import { stageNamed, withForm } from "../composing/stage-name.ts";
import type { ShapeIn, StageName } from "../composing/stage-name.ts";
import { atOnce, checkInvokable, invoke } from "../composing/step.ts";
import type { Naming } from "../composing/step.ts";

/**
 * Options of `fanOut`. Each part is a function to invoke. `split` and `join` can also be plain
 * functions that return a value at once.
 */
export interface FanOutOptions<Input, Item, Output, Joined, Result> {
  /**
   * Makes the items, one for each branch, from the input. Default: the input is the list of items.
   */
  readonly split?: Invokable<Input, readonly Item[]> | ((input: Input) => readonly Item[]);
  /** The work of each branch on its item. */
  readonly each: Invokable<Item, Output>;
  /**
   * Makes the result from the outputs of the branches, in the order of the items. It runs for an
   * empty list too. Default: that list is the result.
   */
  readonly join?: Invokable<Joined, Result> | ((joined: Joined) => Result);
  /**
   * Number of branches that may run at a time, from 1. Branches that wait count. Default: all of
   * them.
   */
  readonly concurrency?: number;
}

/** Options of a fan-out that needs all branches. Its join receives their values. */
export interface Strict {
  readonly onFailure?: "cancel";
  readonly enough?: undefined;
}

/** Options of a fan-out that tolerates failures. Its join receives a {@link FanOutReport}. */
export type Lenient =
  | { readonly onFailure: Exclude<OnFailure, "cancel">; readonly enough?: undefined }
  /** Ends after this many successes, and fails when they are no longer possible. */
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
 * Makes a function that splits its input into items, calls a function for each, and joins the
 * results.
 *
 * By default, a failed branch fails the fan-out at once with the same failure and cancels the other
 * branches. With `onFailure: "settle"` all branches run to their end. With `{ tolerate }` the
 * fan-out accepts a number or share of failures, and rejects with `BRANCHES_FAILED` after more.
 * With `enough` it ends after this many successes. The cost is linear in the number of branches.
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
export const fanOut = ((name: PatternName, options: Options) => {
  const { type, ...named } = readPatternName(name);
  const read = readOptions(type, OPTIONS, options);
  const { split, join } = read;
  const functions = [split, read.each, join].filter((part) => isInvokable(part));
  const shaping = (naming: Naming, branch: string, given: readonly string[]): readonly string[] => [
    partName(split, naming),
    branch,
    partName(join, naming),
    ...given,
  ];
  // Earlier releases left what a stage is given out of its name.
  const shape: ShapeIn = (naming) => shaping(naming, naming(read.each), []);
  const stage = (name: string, given: readonly string[]): StageName =>
    stageNamed(type, name, functions, [
      (naming) => shaping(naming, withForm(naming(read.each), shapeOf(read.each)), given),
      shape,
    ]);
  const branches = branchesOf(type, { ...read, mode: options.onFailure, stage });

  const { type: joinType, ...former } = stage("join", [branches.given]);
  const joining = fn(joinType, former, (ctx, joined: unknown): unknown =>
    isInvokable(join)
      ? invoke(ctx, join, joined)
      : atOnce((join as (joined: unknown) => unknown)(joined)),
  );
  const spread = (ctx: Context, items: unknown): unknown => {
    if (!Array.isArray(items)) throw invalidOption(`items of ${type}`, "a list", items);
    // Copied, so that a gap in the list is `undefined` for every reader.
    const joined = branches.run(ctx, Array.from(items as readonly unknown[]));
    if (join === undefined) return joined;
    return ctx.onComplete(joined, joining);
  };
  const { type: splitType, ...formerSplit } = stageNamed(type, "split", functions, [shape]);
  const splitting = fn(splitType, formerSplit, spread);

  const parts = [splitting, joining, ...branches.parts, ...functions];
  const made = fn(type, { ...named, parts }, (ctx, input: unknown) => {
    if (isInvokable(split)) return ctx.onComplete(invoke(ctx, split, input), splitting);
    return spread(ctx, split === undefined ? input : atOnce(split(input)));
  });
  return shaped(made, fanOutShape(type, read, options.onFailure, branches.given));
}) as DefineFanOut;

type ReadFanOut = ReadOptions<typeof OPTIONS>;

type FailureOptions = { readonly onFailure?: OnFailure; readonly enough?: number | undefined };

/** The types of a call of `fanOut`. */
export interface DefineFanOut {
  <Item, Output, Input = readonly Item[], Result = Output[]>(
    name: PatternName,
    options: FanOutOptions<Input, Item, Output, Output[], Result> & Strict,
  ): Fn<Input, Result>;
  <Item, Output, Input = readonly Item[], Result = FanOutReport<Output>>(
    name: PatternName,
    options: FanOutOptions<Input, Item, Output, FanOutReport<Output>, Result> & Lenient,
  ): Fn<Input, Result>;
}

interface Branches {
  /** The input of the join. */
  readonly given: FailurePolicy["given"];
  readonly parts: readonly object[];
  /** Starts a branch for each item. Returns their values, or a report. */
  readonly run: (ctx: Context, items: readonly unknown[]) => Future<unknown>;
}

interface BranchOptions extends Pick<ReadFanOut, "each" | "concurrency" | "enough" | "onFailure"> {
  readonly mode: OnFailure | undefined;
  readonly stage: (name: string, given: readonly string[]) => StageName;
}

/** Runs the branches all at once, or in a window if their number or outcomes are counted. */
function branchesOf(
  type: string,
  { each, concurrency, enough, onFailure, mode, stage }: BranchOptions,
): Branches {
  const policy = failurePolicy(mode, onFailure, enough);
  const { type: reportType, ...former } = stage("report", []);
  const report = fn(
    reportType,
    former,
    (_, branches: readonly Settlement<unknown>[]): FanOutReport<unknown> => ({
      reason: "completed",
      branches,
    }),
  );
  const allAtOnce = (ctx: Context, items: readonly unknown[]): Future<unknown> => {
    const branches = items.map((item) => invoke(ctx, each, item, branchOptions(policy)));
    // A race of one cancels the rest of `all` when a branch rejects.
    if (policy.isStrict) return branches.length === 0 ? ctx.all([]) : ctx.race([ctx.all(branches)]);
    return ctx.onComplete(ctx.allSettled(branches), report);
  };
  const window = fanOutWindow(type, { each, concurrency, policy });
  const isCounted = enough !== undefined || typeof mode === "object";
  return {
    given: policy.given,
    // A strict fan-out has no report stage, so a report left by a lenient version stays parked.
    parts: policy.isStrict ? window.parts : [report, ...window.parts],
    run: (ctx, items) =>
      isCounted || concurrency < items.length ? window.run(ctx, items) : allAtOnce(ctx, items),
  };
}

function fanOutShape(
  type: string,
  { split, each, join, concurrency, enough }: ReadFanOut,
  onFailure: OnFailure | undefined,
  given: Branches["given"],
): Shape {
  const isUnlimited = concurrency === Number.POSITIVE_INFINITY;
  return {
    kind: "fan-out",
    name: type,
    ...(split !== undefined && { split: partOf(split) }),
    each: shapeOf(each),
    ...(join !== undefined && { join: partOf(join) }),
    given,
    limit: isUnlimited ? "each item" : `each item, ${concurrency} at a time`,
    policy: policyInWords(onFailure, enough),
  };
}

function readPart<Part>(part: unknown, name: string): Part {
  return (typeof part === "function" ? part : checkInvokable(name, part)) as Part;
}

function policyInWords(onFailure: OnFailure | undefined, enough: number | undefined): string {
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

function partName(part: unknown, naming: Naming): string {
  return part === undefined ? "" : isInvokable(part) ? naming(part) : "a mapping";
}
