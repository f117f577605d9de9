import {
  callback,
  durationMs,
  numberBetween,
  optional,
  readOptions,
  wholeNumber,
  withDefault,
} from "../core/validation/options.ts";
import type { OptionTable, ReadOptions } from "../core/validation/options.ts";
import { addDuration, parseInstant } from "../core/validation/duration.ts";
import type { Duration } from "../core/validation/duration.ts";
import type { Context } from "../futures/types/context.ts";
import { fn } from "../futures/define/fn.ts";
import type { Fn, Invokable } from "../futures/types/function.ts";
import type { Future, Settlement } from "../futures/types/future.ts";
import { invokable } from "./composing/option-checks.ts";
import { pauseAfter } from "./composing/backoff.ts";
import type { Pauses } from "./composing/backoff.ts";
import { shaped, shapeOf, durationInWords } from "./diagram/shape.ts";
import { atOnce } from "./composing/step.ts";

/**
 * The result of a monitor. `last` is the value of the last check, `undefined` if no check gave one.
 * An expired monitor with `onDeadline` adds that function's `value`.
 */
export type MonitorResult<Seen, Ended = never> =
  | { readonly status: "done"; readonly value: Seen; readonly checks: number }
  | (Expired<Seen> & ([Ended] extends [never] ? unknown : { readonly value: Ended }));

interface Expired<Seen> {
  readonly status: "expired";
  readonly reason: "deadline" | "attempts";
  readonly last: Seen | undefined;
  readonly checks: number;
}

/** What a monitor looks at, how often, and for how long. */
export interface MonitorOptions<Input, Seen, Ended = never> {
  /** Looks, once for each poll; an operation of a stateful function does so at one state, made for this monitor. */
  readonly check: Invokable<Input, Seen>;
  /** Whether that is what is waited for. */
  readonly until: (seen: Seen, input: Input) => boolean;
  /** Pause between the end of one check and the beginning of the next. */
  readonly every: Duration;
  /** What each pause is multiplied by for the next, from 1; default 1. */
  readonly backoff?: number;
  /** Longest pause; default: none is too long. */
  readonly maxDelay?: Duration;
  /** Share, from 0 to 1, by which each pause is shortened at most, at random; default 0. */
  readonly jitter?: number;
  /** Checks at most, from 1; default: as many as it takes. */
  readonly attempts?: number;
  /** Until when, given the input that the monitor began with: a Date, or ms since the epoch; `undefined` is for ever. */
  readonly deadline?: (input: Input) => Date | number | undefined;
  /** How long after the deadline a last check, made at the deadline, may take; default 0: there is none, and one under way is cancelled. */
  readonly grace?: Duration;
  /** Failures of the check in a row that count as "not yet"; default 0: the first one is the monitor's. */
  readonly tolerate?: number;
  /** What the next check is given; default: the same as this one. */
  readonly carry?: (input: Input, seen: Seen) => Input;
  /**
   * Is called when the monitor expires, by its deadline or its attempts, with what the next check would have been given; at the same
   * state, when it is an operation of the same stateful function.
   */
  readonly onDeadline?: Invokable<Input, Ended>;
}

/** What goes from one poll to the next, and all that is kept between them. */
interface Poll {
  readonly input: unknown;
  readonly checks: number;
  readonly deadlineAt?: number;
  readonly last?: unknown;
  /** The state at which a stateful function looks: made for the first check, and that of all others. */
  readonly at?: string;
  /** Failures since the last check that saw something. */
  readonly failures: number;
  /** There will be no other check: it waits for its deadline. */
  readonly isOver?: true;
}

/** A check that has ended, and the poll it was made for. */
interface Looked {
  readonly result: Settlement<unknown>;
  readonly args: Poll;
}

type Options = MonitorOptions<unknown, unknown, unknown>;

const OPTIONS = {
  check: invokable<unknown, unknown>(),
  until: callback<Options["until"]>(),
  every: durationMs(),
  backoff: withDefault(1, numberBetween(1)),
  maxDelay: optional(durationMs()),
  jitter: withDefault(0, numberBetween(0, 1)),
  attempts: withDefault(Number.POSITIVE_INFINITY, wholeNumber({ from: 1, orInfinity: true })),
  deadline: optional(callback<NonNullable<Options["deadline"]>>()),
  grace: withDefault(0, durationMs()),
  tolerate: withDefault(0, wholeNumber({ from: 0 })),
  carry: optional(callback<NonNullable<Options["carry"]>>()),
  onDeadline: optional(invokable<unknown, unknown>()),
} satisfies OptionTable<Options>;

/**
 * Looks at something again and again until it is as it should be, or until a deadline. It looks first, then waits.
 *
 * Between two looks there is a message with a due time, and nothing else: the hundred thousandth poll costs what the first did. Whether a
 * check or the deadline came first is decided once, when both come at one instant too.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { monitor } from "handback/patterns";
 *
 * let percent = 0;
 * const status = fn("docs/status", (_, _job: { deadline: number }) => (percent += 50));
 * const watch = monitor("docs/watch", { check: status, until: (seen) => seen === 100, every: "10ms", deadline: (job) => job.deadline });
 *
 * const engine = await embedded({ functions: [watch], store: memory() });
 * console.log(await engine.client.call(watch, { deadline: Date.now() + 60_000 })); // { status: "done", value: 100, checks: 2 }
 * await engine.close();
 */
export function monitor<Input, Seen, Ended = never>(
  type: string,
  options: MonitorOptions<Input, Seen, Ended>,
): Fn<Input, MonitorResult<Seen, Ended>>;
// Inside, what it looks at and what it sees are values like any other.
export function monitor(
  type: string,
  options: MonitorOptions<unknown, unknown, unknown>,
): Fn<unknown, unknown> {
  const rules = readOptions(type, OPTIONS, options);
  const { check, until, deadline, carry, onDeadline, attempts, tolerate, grace: graceMs } = rules;
  const pauses = pausesOf(rules);

  const decide: Fn<Looked, unknown> = fn(
    `${type}.decide`,
    (ctx, { result, args }: Looked): unknown => {
      const now = ctx.now();
      if (result.status === "rejected") {
        const failures = args.failures + 1;
        // A check that the deadline has cut off did not fail; one that was cancelled ends the monitor, for it was cancelled, too.
        const isTolerated =
          failures <= tolerate || now >= (args.deadlineAt ?? Number.POSITIVE_INFINITY);
        if (result.reason.code === "CANCELLED" || !isTolerated) return ctx.rejected(result.reason);
        return next(ctx, { ...args, checks: args.checks + 1, failures }, now);
      }
      if (args.isOver === true) return expire(ctx, args, "deadline");
      const { value } = result;
      const checks = args.checks + 1;
      if (atOnce(until(value, args.input))) return { status: "done", value, checks };
      const input = carry === undefined ? args.input : carry(args.input, value);
      return next(ctx, { ...args, input, checks, failures: 0, last: value }, now);
    },
  );

  /** Ends, or looks again after a pause. The pause ends at the deadline, and then there is a check only if there is time for it. */
  function next(ctx: Context, poll: Poll, now: number): unknown {
    const { checks, deadlineAt } = poll;
    if (deadlineAt !== undefined && now >= deadlineAt) return expire(ctx, poll, "deadline");
    if (checks >= attempts) return expire(ctx, poll, "attempts");
    const wakeAt = addDuration(
      now,
      pauseAfter(checks, pauses, () => ctx.random()),
    );
    if (deadlineAt === undefined || wakeAt < deadlineAt)
      return look(ctx, poll, [ctx.sleepUntil(wakeAt)]);
    const rest = ctx.sleepUntil(deadlineAt);
    return graceMs > 0
      ? look(ctx, poll, [rest])
      : ctx.onSettled(rest, decide, { ...poll, isOver: true });
  }

  function look(ctx: Context, poll: Poll, after: readonly Future<void>[]): Future<unknown> {
    const { deadlineAt, at } = poll;
    const checked = ctx.invoke(check, poll.input, { after, ...(at !== undefined && { id: at }) });
    const bounded =
      deadlineAt === undefined
        ? checked
        : ctx.timeout(checked, Math.max(0, deadlineAt + graceMs - ctx.now()));
    return ctx.onSettled(
      bounded,
      decide,
      checked.stateId === undefined ? poll : { ...poll, at: checked.stateId },
    );
  }

  function expire(
    ctx: Context,
    { input, last, checks, at }: Poll,
    reason: "deadline" | "attempts",
  ): object {
    const about = { reason, last, checks };
    if (onDeadline === undefined) return { status: "expired", ...about };
    const there = at !== undefined && onDeadline.type === check.type ? { id: at } : {};
    return { status: "expired", value: ctx.invoke(onDeadline, input, there), ...about };
  }

  const parts = [decide, check, ...(onDeadline === undefined ? [] : [onDeadline])];
  const made = fn(type, { parts }, (ctx, input: unknown): unknown => {
    const wanted = deadline?.(input);
    const poll = { input, checks: 0, failures: 0 };
    if (wanted === undefined) return look(ctx, poll, []);
    const deadlineAt = parseInstant(wanted, `the deadline of ${type}`);
    if (ctx.now() >= deadlineAt + graceMs) return expire(ctx, poll, "deadline");
    return look(ctx, { ...poll, deadlineAt }, []);
  });
  const { every, backoff = 1, maxDelay } = options;
  const pause = [
    durationInWords(every),
    backoff > 1 && "then longer",
    backoff > 1 && maxDelay && `up to ${durationInWords(maxDelay)}`,
  ];
  const ends = [
    deadline && "deadline",
    attempts === Number.POSITIVE_INFINITY ? "" : `after ${attempts} checks`,
  ];
  return shaped(made, {
    kind: "monitor",
    name: type,
    check: shapeOf(check),
    pause: pause.filter(Boolean).join(", "),
    expires: ends.filter(Boolean).join(", or "),
    ...(onDeadline !== undefined && { onDeadline: shapeOf(onDeadline) }),
  });
}

function pausesOf({ every, backoff, maxDelay, jitter }: ReadOptions<typeof OPTIONS>): Pauses {
  const maxMs = maxDelay ?? Number.POSITIVE_INFINITY;
  return { firstMs: every, factor: backoff, maxMs, jitter };
}
