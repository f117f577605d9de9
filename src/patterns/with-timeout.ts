import { optional, readOptions } from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { parseDuration } from "../core/validation/duration.ts";
import type { Duration } from "../core/validation/duration.ts";
import { checkFunctionType } from "../core/validation/names.ts";
import { fn } from "../futures/define/fn.ts";
import type { Fn, Invokable } from "../futures/types/function.ts";
import { shaped, shapeOf, durationInWords } from "./diagram/shape.ts";
import { invokable } from "./composing/option-checks.ts";
import { checkInvokable, invoke } from "./composing/step.ts";

/** Options of `withTimeout`. */
export interface TimeoutOptions<Input, Fallback> {
  /** Is called with the input after the timeout. Default: reject with `TIMEOUT`. */
  readonly onTimeout?: Invokable<Input, Fallback>;
}

const OPTIONS = {
  onTimeout: optional(invokable<unknown, unknown>()),
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
  type: string,
  f: Invokable<Input, Output>,
  duration: Duration | ((input: Input) => Duration),
  options: TimeoutOptions<Input, Fallback> = {},
): Fn<Input, Output | Fallback> {
  checkFunctionType(type);
  const { onTimeout } = readOptions(type, OPTIONS, options);
  checkInvokable(`function of ${type}`, f);
  if (typeof duration !== "function") parseDuration(duration, `duration of ${type}`);

  const decide = fn(`${type}.decide`, (ctx, { result, args: input }: Decide): unknown => {
    if (result !== undefined) return result[0];
    return onTimeout === undefined ? undefined : invoke(ctx, onTimeout, input);
  });

  const parts = onTimeout === undefined ? [f] : [f, onTimeout, decide];
  const made = fn(type, { parts }, (ctx, input: unknown): unknown => {
    const time = typeof duration === "function" ? duration(input as Input) : duration;
    const begun = invoke(ctx, f, input);
    if (onTimeout === undefined) return ctx.timeout(begun, time);
    // The result is wrapped in a list, to tell it from the end of the sleep. The loser is canceled.
    return ctx.onComplete(ctx.race([ctx.all([begun]), ctx.sleep(time)]), decide, input);
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

interface Decide {
  /** Absent if the sleep won. */
  readonly result: readonly [unknown] | void;
  readonly args: unknown;
}
