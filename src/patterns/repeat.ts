import {
  callback,
  checkedBy,
  optional,
  readOptions,
  wholeNumber,
} from "../core/validation/options.ts";
import type { OptionTable } from "../core/validation/options.ts";
import { parseDuration } from "../core/validation/duration.ts";
import type { Duration } from "../core/validation/duration.ts";
import { HandbackError } from "../core/errors/errors.ts";
import type { Context } from "../futures/types/context.ts";
import { fn } from "../futures/define/fn.ts";
import type { Fn, Invokable } from "../futures/types/function.ts";
import type { Future } from "../futures/types/future.ts";
import { checkBoolean } from "./composing/option-checks.ts";
import { shaped, shapeOf, durationInWords } from "./diagram/shape.ts";
import { checkInvokable, invoke } from "./composing/step.ts";
import { readPatternName } from "./composing/pattern-name.ts";
import type { PatternName } from "./composing/pattern-name.ts";
import { stageAfter } from "./composing/stage-name.ts";

/**
 * Options of `repeat`. At least one of `until`, `while` and `times` is required. `rounds` is the
 * number of calls so far.
 */
export interface RepeatOptions<Value> {
  /** Is called after each call. Ends the repetition by returning true, at once. */
  readonly until?: (value: Value, rounds: number) => boolean;
  /** Is called before each call, the first included. Ends the repetition by returning false. */
  readonly while?: (value: Value, rounds: number) => boolean;
  /** Greatest number of calls, from 1. */
  readonly times?: number;
  /** Time between the end of one call and the start of the next. Default: none. */
  readonly pause?: Duration | ((value: Value, rounds: number) => Duration);
}

type Pause<Value> = NonNullable<RepeatOptions<Value>["pause"]>;

const OPTIONS = {
  until: optional(callback<NonNullable<RepeatOptions<unknown>["until"]>>()),
  while: optional(callback<NonNullable<RepeatOptions<unknown>["while"]>>()),
  times: optional(wholeNumber({ from: 1 })),
  pause: optional(checkedBy<Pause<unknown>>(readPause)),
} satisfies OptionTable<RepeatOptions<unknown>>;

function readPause(value: unknown, name: string): Pause<unknown> {
  return typeof value === "function" ? (value as Pause<unknown>) : parseDuration(value, name);
}

/**
 * Makes a function that calls another one again and again, each time with its last output, and
 * returns the final output. It needs as much space after a million rounds as after one. No handler
 * runs during the pauses. A failure ends it.
 *
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `INVALID_DELAY`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { repeat } from "handback/patterns";
 *
 * const halve = fn("docs/halve", (_, n: number) => n / 2);
 * const shrink = repeat("docs/shrink", halve, { until: (n) => n < 1 });
 *
 * const engine = await embedded({ functions: [shrink], store: memory() });
 * console.log(await engine.client.call(shrink, 100)); // 0.78125
 * await engine.close();
 */
export function repeat<Value>(
  name: PatternName,
  f: Invokable<Value, Value>,
  options: RepeatOptions<NoInfer<Value>>,
): Fn<Value, Value> {
  const { type, ...named } = readPatternName(name);
  checkInvokable(`function of ${type}`, f);
  const { until, while: goesOn, times, pause } = readOptions(type, OPTIONS, options);
  if (until === undefined && goesOn === undefined && times === undefined)
    throw new HandbackError(
      "INVALID_OPTIONS",
      `options of ${type}: expected at least one of until, while and times`,
    );

  const isDone = (value: unknown, rounds: number): boolean =>
    (rounds > 0 && until !== undefined && checkBoolean(`until of ${type}`, until(value, rounds))) ||
    (times !== undefined && rounds >= times) ||
    (goesOn !== undefined && !checkBoolean(`while of ${type}`, goesOn(value, rounds)));

  const round = (ctx: Context, value: unknown, rounds: number): Future<unknown> =>
    ctx.onComplete(invoke(ctx, f, value), next, rounds + 1);

  // Both are given a value that the function made.
  const { type: nextType, ...formerNext } = stageAfter(type, "next", f);
  const next = fn(
    nextType,
    formerNext,
    (ctx, { result: value, args: rounds }: { result: unknown; args: number }): unknown => {
      if (isDone(value, rounds)) return value;
      if (pause === undefined) return round(ctx, value, rounds);
      const time = typeof pause === "function" ? pause(value, rounds) : pause;
      return ctx.onComplete(ctx.sleep(time), rested, { value, rounds });
    },
  );

  const { type: restedType, ...formerRested } = stageAfter(type, "rested", f);
  const rested = fn(restedType, formerRested, (ctx, { args: { value, rounds } }: Rested): unknown =>
    round(ctx, value, rounds),
  );

  const parts = [f, next, rested];
  const made = fn(type, { ...named, parts }, (ctx, value: unknown) =>
    isDone(value, 0) ? value : round(ctx, value, 0),
  ) as Fn<Value, Value>;
  const ends = [
    times === undefined ? "" : `at most ${times} times`,
    until && "until done",
    goesOn && "while it goes on",
  ];
  const end = ends.filter(Boolean).join(", ");
  return shaped(made, {
    kind: "repeat",
    name: type,
    part: shapeOf(f),
    end,
    pause: options.pause === undefined ? "" : durationInWords(options.pause),
  });
}

interface Rested {
  readonly result: void;
  readonly args: { readonly value: unknown; readonly rounds: number };
}
