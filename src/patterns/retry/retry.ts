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
import { usedUpCalls } from "../../core/activation/used-up-call.ts";
import { noteInHandler } from "../../core/activation/work-note.ts";
import { inWords, logFacts } from "../../core/errors/log-facts.ts";
import type { Context } from "../../futures/types/context.ts";
import { toError } from "../../futures/types/failure.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import { fn } from "../../futures/define/fn.ts";
import { ownWhenFailed, pausesWhenFailed } from "../../futures/define/is-invokable.ts";
import { isRetryable, retryAfterMs } from "../../futures/define/retryable.ts";
import type { HandlingOptions } from "../../futures/types/define.ts";
import type { AnyInvokable, Fn, Invokable } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import { checkBoolean } from "../composing/option-checks.ts";
import { backoffDelay } from "../composing/backoff.ts";
import type { Backoff } from "../composing/backoff.ts";
import { shaped, shapeOf } from "../diagram/shape.ts";
import { checkInvokable, invoke, nameOf } from "../composing/step.ts";
import { readPatternName } from "../composing/pattern-name.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import { stageAfter } from "../composing/stage-name.ts";

/** Options of `retry`. */
export interface RetryOptions {
  /** Greatest number of calls, the first included, from 1. Default: 3. */
  readonly maxAttempts?: number;
  /** Delay before the second call. Default: `"1s"`. */
  readonly initialDelay?: Duration;
  /** Factor between one delay and the next, from 1. Default: 2. */
  readonly factor?: number;
  /** Longest delay. Default: `"5m"`. `retryLater` can set a longer one. */
  readonly maxDelay?: Duration;
  /** Share, from 0 to 1, by which each delay may be shortened at random. Default: 0. */
  readonly jitter?: number;
  /**
   * Returns true if a failure is worth another call. Default: true for errors thrown by a function
   * and for the library's errors that are `retryable`. It is not called for a cancellation.
   */
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
 * Makes a function that calls another one, and calls it again after a delay when it fails. After
 * the last attempt it rejects with the failure of that attempt. No handler runs during the delays.
 *
 * Each attempt is a new call with a new `ctx.idempotencyKey`. For a single handler that calls an
 * external system, use the option `retry` of `fn`, which keeps the key. Use this function for
 * workflows of several functions, and for policies that depend on the failure.
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
  name: PatternName,
  f: Invokable<Input, Output>,
  options: RetryOptions = {},
): Fn<Input, Output> {
  const { type, ...named } = readPatternName(name);
  checkInvokable(`function of ${type}`, f);
  const { maxAttempts, initialDelay, factor, maxDelay, jitter, retryIf } = readOptions(
    type,
    OPTIONS,
    options,
  );
  const backoff: Backoff = { firstMs: initialDelay, maxMs: maxDelay, factor, jitter };

  const attempt = (ctx: Context, input: unknown, number: number): Future<unknown> =>
    ctx.onSettled(invoke(ctx, f, input, { whenFailed: "fail" }), decide, { input, number });

  const { type: judge, aliases } = stageAfter(type, "judge", f);
  // After the last attempt, this stage fails for the function that it called.
  const former = { aliases, ...whenFailedOf(f) };
  const decide = fn(judge, former, (ctx, { result, args: { input, number } }: Ended): unknown => {
    if (result.status === "fulfilled") return result.value;
    const { reason, fulfilled } = result;
    // Canceled, but the attempt succeeded after all.
    if (handbackCode(reason) === "CANCELLED" && fulfilled !== undefined) return fulfilled.value;
    if (
      handbackCode(reason) === "CANCELLED" ||
      !checkBoolean(`retryIf of ${type}`, retryIf(reason))
    )
      return ctx.rejected(reason);
    if (number >= maxAttempts) throw usedUpCalls.attach(toError(reason), { type, input });
    const ms = retryAfterMs(reason, ctx.now()) ?? backoffDelay(number, backoff, () => ctx.random());
    noteInHandler(ctx, {
      level: "warn",
      event: "retry",
      subject: type,
      message: `${type} calls ${nameOf(f)} again in ${ms} ms, after call ${number} of ${maxAttempts}: ${inWords(logFacts(reason))}`,
      fields: { type, attempt: number, maxAttempts, delayMs: ms, ...logFacts(reason) },
    });
    return ctx.onComplete(ctx.sleep(ms), again, { input, number: number + 1 });
  });

  const againOptions = { whenFailed: "fail" } as const;
  const again = fn(
    `${type}.again`,
    againOptions,
    (ctx, { args: { input, number } }: Again): unknown => attempt(ctx, input, number),
  );

  const made = fn(type, { ...named, parts: [f, decide, again] }, (ctx, input: unknown): unknown =>
    attempt(ctx, input, 1),
  ) as Fn<Input, Output>;
  return shaped(made, { kind: "retry", name: type, part: shapeOf(f), attempts: maxAttempts });
}

/**
 * Returns the end of a retry that has used up its attempts: that of the function that it calls. For
 * a pattern, that of the functions that the pattern is made of.
 */
function whenFailedOf(f: AnyInvokable): Pick<HandlingOptions, "whenFailed"> {
  if (pausesWhenFailed(f)) return { whenFailed: "pause" };
  const own = shapeOf(f).kind === "function" ? ownWhenFailed(f) : undefined;
  return own === undefined ? {} : { whenFailed: own };
}

interface Attempt {
  readonly input: unknown;
  /** Number of the attempt, from 1. */
  readonly number: number;
}

interface Ended {
  readonly result: Settlement<unknown>;
  readonly args: Attempt;
}

interface Again {
  readonly result: void;
  readonly args: Attempt;
}
