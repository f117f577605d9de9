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

/** What happens when time is up. */
export interface TimeoutOptions<Input, Fallback> {
  /** Is called with the input in place of what took too long; default: it is rejected with `TIMEOUT`. */
  readonly onTimeout?: Invokable<Input, Fallback>;
}

const OPTIONS = {
  onTimeout: optional(invokable<unknown, unknown>()),
} satisfies OptionTable<TimeoutOptions<unknown, unknown>>;

/**
 * Makes a function that gives another one so much time, from its call to its end. When it is up, the other one is cancelled, with all that
 * it began, and it is rejected with `TIMEOUT`, or `onTimeout` is called instead.
 *
 * @param duration The time, or a plain function that tells it by the input.
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { withTimeout } from "handback/patterns";
 *
 * const ask = fn("docs/ask-somebody", (ctx, _question: string) => ctx.promise<string>());
 * const decide = fn("docs/decide-alone", (_, question: string) => `nobody answered ${question}`);
 * const answer = withTimeout("docs/answer", ask, "20ms", { onTimeout: decide });
 *
 * const engine = await embedded({ functions: [answer], store: memory() });
 * console.log(await engine.client.call(answer, "why?")); // nobody answered why?
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
  if (typeof duration !== "function") parseDuration(duration, `the duration of ${type}`);

  const decide = fn(`${type}.decide`, (ctx, { result, args: input }: Decide): unknown => {
    if (result !== undefined) return result[0];
    return onTimeout === undefined ? undefined : invoke(ctx, onTimeout, input);
  });

  const parts = onTimeout === undefined ? [f] : [f, onTimeout, decide];
  const made = fn(type, { parts }, (ctx, input: unknown): unknown => {
    const time = typeof duration === "function" ? duration(input as Input) : duration;
    const begun = invoke(ctx, f, input);
    if (onTimeout === undefined) return ctx.timeout(begun, time);
    // The result as a list of one, so that it is never mistaken for the end of the sleep; whichever loses is cancelled.
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
  /** Absent when the sleep won. */
  readonly result: readonly [unknown] | void;
  readonly args: unknown;
}
