import { durationMs, optional, readOptions } from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { parseDuration } from "../core/validation/duration.ts";
import type { Duration } from "../core/validation/duration.ts";
import { fn } from "../futures/define/fn.ts";
import type { Context } from "../futures/types/context.ts";
import type { Settlement } from "../futures/types/future.ts";
import { isCancellation } from "../futures/types/run-ending.ts";
import type { Fn, Invokable } from "../futures/types/function.ts";
import { shaped, shapeOf, durationInWords } from "./diagram/shape.ts";
import { invokable } from "./composing/option-checks.ts";
import { checkInvokable, invoke } from "./composing/step.ts";
import { readPatternName } from "./composing/pattern-name.ts";
import type { PatternName } from "./composing/pattern-name.ts";
import { stageAfter } from "./composing/stage-name.ts";

/** Options of `withTimeout`. */
export interface TimeoutOptions<Input, Fallback> {
  /**
   * Is called with the input after the timeout, once the canceled work has ended.
   * `ctx.cancelledRun` tells it how. Default: reject with `TIMEOUT` at once.
   */
  readonly onTimeout?: Invokable<Input, Fallback>;
  /**
   * Time that a running handler of the canceled work may take to end before `onTimeout` is called.
   * After it, the effects of that handler are dropped. 0: none. Default: the time of each function,
   * which is its `timeout` or `grace`.
   */
  readonly grace?: Duration;
}

const OPTIONS = {
  onTimeout: optional(invokable<unknown, unknown>()),
  grace: optional(durationMs()),
} satisfies OptionTable<TimeoutOptions<unknown, unknown>>;

/**
 * Makes a function that limits the time of another one, from its call to its end. After the
 * timeout, the other function and all work it started are canceled. The result is a rejection with
 * `TIMEOUT`, or the output of `onTimeout`.
 *
 * @param duration The time, or a plain function that returns it for an input.
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { withTimeout } from "handback/patterns";
 *
 * const ask = fn("docs/ask-people", (ctx, _question: string) => ctx.promise<string>());
 * const decide = fn("docs/decide-alone", (_, question: string) => `no answer to ${question}`);
 * const answer = withTimeout("docs/answer", ask, "20ms", { onTimeout: decide });
 *
 * const engine = await embedded({ functions: [answer], store: memory() });
 * console.log(await engine.client.call(answer, "why?")); // no answer to why?
 * await engine.close();
 */
export function withTimeout<Input, Output, Fallback = Output>(
  name: PatternName,
  f: Invokable<Input, Output>,
  duration: Duration | ((input: Input) => Duration),
  options: TimeoutOptions<Input, Fallback> = {},
): Fn<Input, Output | Fallback> {
  const { type, ...named } = readPatternName(name);
  const { onTimeout, grace } = readOptions(type, OPTIONS, options);
  checkInvokable(`function of ${type}`, f);
  if (typeof duration !== "function") parseDuration(duration, `duration of ${type}`);

  const { type: stage, ...former } = stageAfter(type, "decide", f);
  const decide = fn(stage, former, (ctx, { result, args: input }: Decide): unknown => {
    const ended = result ?? TIME_IS_UP;
    if (!("status" in ended)) return ended[0];
    if (ended.status === "fulfilled") return outcomeOf(ctx, ended.value[0]);
    const { reason, fulfilled, run = "unknown" } = ended;
    if (onTimeout !== undefined && (reason === undefined || !isCancellation(reason)))
      return invoke(ctx, onTimeout, input, { cancelledRun: run });
    return fulfilled === undefined ? ctx.rejected(reason) : outcomeOf(ctx, fulfilled.value[0]);
  });

  const parts = onTimeout === undefined ? [f] : [f, onTimeout, decide];
  const made = fn(type, { ...named, parts }, (ctx, input: unknown): unknown => {
    const time = typeof duration === "function" ? duration(input as Input) : duration;
    // For systems outside, this is the call of `f`.
    const begun = invoke(ctx, f, input, { idempotencyKey: ctx.idempotencyKey });
    if (onTimeout === undefined) return ctx.timeout(begun, time);
    // The outcome of `f` is a value here, so that a rejection is that of the timeout itself.
    const limited = ctx.timeout(ctx.allSettled([begun]), time);
    return ctx.onSettled(limited, decide, input, { awaitRuns: grace ?? true });
  }) as Fn<Input, Output | Fallback>;
  const fallback = onTimeout === undefined ? {} : { onTimeout: shapeOf(onTimeout) };
  return shaped(made, {
    kind: "timeout",
    name: type,
    part: shapeOf(f),
    time: durationInWords(duration),
    ...fallback,
  });
}

const TIME_IS_UP: Partial<Extract<Ended, { status: "rejected" }>> & { status: "rejected" } = {
  status: "rejected",
};

type Ended = Settlement<readonly [Settlement<unknown>]>;

interface Decide {
  /** A former release gave the outcome in a list, or nothing if the time was up. */
  readonly result: Ended | readonly [unknown] | undefined;
  readonly args: unknown;
}

/** Passes on the outcome of the function that was in time. */
function outcomeOf(ctx: Context, ended: Settlement<unknown>): unknown {
  return ended.status === "fulfilled" ? ended.value : ctx.rejected(ended.reason);
}
