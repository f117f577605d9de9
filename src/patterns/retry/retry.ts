import {
  callback,
  durationMs,
  numberBetween,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { checkFunctionType } from "../../core/validation/names.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { fn } from "../../futures/define/fn.ts";
import type { Fn, Invokable } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { yesOrNo } from "../composing/option-checks.ts";
import { pauseAfter } from "../composing/backoff.ts";
import type { Pauses } from "../composing/backoff.ts";
import { isRetryable, retryAfterMs } from "./retryable.ts";
import { shaped, shapeOf } from "../diagram/shape.ts";
import { checkInvokable, invoke } from "../composing/step.ts";

/** How often, how soon, and after what a function is called again. */
export interface RetryOptions {
  /** Calls in all, the first included; a whole number from 1, default 3. */
  readonly maxAttempts?: number;
  /** Pause before the second call; default `"1s"`. */
  readonly initialDelay?: Duration;
  /** What each pause is multiplied by for the next, from 1; default 2. */
  readonly factor?: number;
  /** Longest pause; default `"5m"`. A function that throws `retryLater` is left alone for as long as it says. */
  readonly maxDelay?: Duration;
  /** Share, from 0 to 1, by which each pause is shortened at most, at random; default 0. */
  readonly jitter?: number;
  /** Whether a failure is worth another call; default: whatever a function threw, and our errors that are `retryable`. Never asked about a cancellation. */
  readonly retryIf?: (failure: Failure) => boolean;
}

const OPTIONS = {
  maxAttempts: withDefault(3, wholeNumber({ from: 1 })),
  initialDelay: withDefault("1s", durationMs()),
  factor: withDefault(2, numberBetween(1)),
  maxDelay: withDefault("5m", durationMs()),
  jitter: withDefault(0, numberBetween(0, 1)),
  retryIf: withDefault(isRetryable, callback<NonNullable<RetryOptions["retryIf"]>>()),
} satisfies OptionTable<RetryOptions>;

/**
 * Makes a function that calls another one, and calls it again after a pause when it fails, up to a number of attempts. Then it is rejected
 * as the last attempt was. No handler runs in the pauses.
 *
 * Each attempt is a call of its own, so its `ctx.idempotencyKey` is another one. For a single handler that talks to the outside, the option
 * `retry` of `fn` keeps the key; this is for what is made of several functions, and for policies that look at the failure.
 *
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { retry } from "handback/patterns";
 *
 * let calls = 0;
 * const flaky = fn("docs/flaky", (_, n: number) => {
 *   if (++calls < 3) throw new Error("not yet");
 *   return n;
 * });
 * const steady = retry("docs/steady", flaky, { maxAttempts: 5, initialDelay: "10ms" });
 *
 * const engine = await embedded({ functions: [steady], store: memory() });
 * console.log(await engine.client.call(steady, 7), calls); // 7 3
 * await engine.close();
 */
export function retry<Input, Output>(
  type: string,
  f: Invokable<Input, Output>,
  options: RetryOptions = {},
): Fn<Input, Output> {
  checkFunctionType(type);
  checkInvokable(`function of ${type}`, f);
  const { maxAttempts, initialDelay, factor, maxDelay, jitter, retryIf } = readOptions(
    type,
    OPTIONS,
    options,
  );
  const pauses: Pauses = { firstMs: initialDelay, maxMs: maxDelay, factor, jitter };

  const attempt = (ctx: Context, input: unknown, number: number): Future<unknown> =>
    ctx.onSettled(invoke(ctx, f, input), judge, { input, number });

  const judge = fn(`${type}.judge`, (ctx, { result, args: { input, number } }: Judge): unknown => {
    if (result.status === "fulfilled") return result.value;
    const { reason } = result;
    if (
      number >= maxAttempts ||
      reason.code === "CANCELLED" ||
      !yesOrNo(`retryIf of ${type}`, retryIf(reason))
    )
      return ctx.rejected(reason);
    const ms = retryAfterMs(reason) ?? pauseAfter(number, pauses, () => ctx.random());
    return ctx.onComplete(ctx.sleep(ms), again, { input, number: number + 1 });
  });

  const again = fn(`${type}.again`, (ctx, { args: { input, number } }: Again): unknown =>
    attempt(ctx, input, number),
  );

  const made = fn(type, { parts: [f, judge, again] }, (ctx, input: unknown): unknown =>
    attempt(ctx, input, 1),
  ) as Fn<Input, Output>;
  return shaped(made, { kind: "retry", name: type, part: shapeOf(f), attempts: maxAttempts });
}

interface Attempt {
  readonly input: unknown;
  /** Which attempt it is, from 1. */
  readonly number: number;
}

interface Judge {
  readonly result: Settlement<unknown>;
  readonly args: Attempt;
}

interface Again {
  readonly result: void;
  readonly args: Attempt;
}
