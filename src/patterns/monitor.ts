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
import { handbackCode } from "../futures/types/handback-code.ts";
import { fn } from "../futures/define/fn.ts";
import type { Fn, Invokable } from "../futures/types/function.ts";
import type { Future, Settlement } from "../futures/types/future.ts";
import { invokable } from "./composing/option-checks.ts";
import { backoffDelay } from "./composing/backoff.ts";
import type { Backoff } from "./composing/backoff.ts";
import { durationInWords, shaped, shapeOf } from "./diagram/shape.ts";
import type { Shape } from "./diagram/shape.ts";
import { atOnce } from "./composing/step.ts";
import { readPatternName } from "./composing/pattern-name.ts";
import type { PatternName } from "./composing/pattern-name.ts";
import { stageAfter } from "./composing/stage-name.ts";

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

/** Options of `monitor`. */
export interface MonitorOptions<Input, Seen, Ended = never> {
  /**
   * The check, called once for each poll. An operation of a stateful function always runs on the
   * same state, made for this monitor.
   */
  readonly check: Invokable<Input, Seen>;
  /** Returns true if the checked value ends the monitor. */
  readonly until: (seen: Seen, input: Input) => boolean;
  /** Delay between the end of one check and the start of the next. */
  readonly every: Duration;
  /** Factor between one delay and the next, from 1. Default: 1. */
  readonly backoff?: number;
  /** Longest delay. Default: no limit. */
  readonly maxDelay?: Duration;
  /** Share, from 0 to 1, by which each delay may be shortened at random. Default: 0. */
  readonly jitter?: number;
  /** Greatest number of checks, from 1. Default: no limit. */
  readonly attempts?: number;
  /**
   * Returns the deadline for the monitor's first input: a Date, or ms since the epoch. `undefined`
   * means no deadline.
   */
  readonly deadline?: (input: Input) => Date | number | undefined;
  /**
   * Time after the deadline for a last check, made at the deadline. Default: 0, so there is none
   * and a running check is canceled.
   */
  readonly grace?: Duration;
  /** Number of consecutive failed checks that count as "not yet". Default: 0. */
  readonly tolerate?: number;
  /** Returns the input of the next check. Default: the same input. */
  readonly carry?: (input: Input, seen: Seen) => Input;
  /**
   * Is called when the monitor expires, by its deadline or its attempts, with the input of the next
   * check. It runs on the state of the check if both are operations of the same stateful function.
   */
  readonly onDeadline?: Invokable<Input, Ended>;
}

/** All data that is kept from one poll to the next. */
interface Poll {
  readonly input: unknown;
  readonly checks: number;
  readonly deadlineAt?: number;
  readonly last?: unknown;
  /** Id of the state of a stateful check. It is made for the first check. */
  readonly at?: string;
  /** Failures since the last check that succeeded. */
  readonly failures: number;
  /** There are no more checks. The monitor waits for its deadline. */
  readonly isOver?: true;
}

/** The outcome of a check, and the poll it was made for. */
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
 * Checks something again and again until it is done, or until a deadline. It checks first, then
 * waits.
 *
 * Between two checks there is one delayed message and nothing else, so the hundred thousandth poll
 * costs as much as the first. If a check and the deadline come at the same instant, one of them
 * ends the monitor, decided once.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { monitor } from "handback/patterns";
 *
 * let percent = 0;
 * const status = fn("docs/status", (_, _job: { deadline: number }) => (percent += 50));
 * const watch = monitor("docs/watch", {
 *   check: status,
 *   until: (seen) => seen === 100,
 *   every: "10ms",
 *   deadline: (job) => job.deadline,
 * });
 *
 * const engine = await embedded({ functions: [watch], store: memory() });
 * const end = await engine.client.call(watch, { deadline: Date.now() + 60_000 });
 * console.log(end); // { status: "done", value: 100, checks: 2 }
 * await engine.close();
 */
export function monitor<Input, Seen, Ended = never>(
  name: PatternName,
  options: MonitorOptions<Input, Seen, Ended>,
): Fn<Input, MonitorResult<Seen, Ended>>;
// Inside, inputs and checked values are values like any other.
export function monitor(
  name: PatternName,
  options: MonitorOptions<unknown, unknown, unknown>,
): Fn<unknown, unknown> {
  const { type, ...named } = readPatternName(name);
  const rules = readOptions(type, OPTIONS, options);
  const { check, deadline, onDeadline, grace: graceMs } = rules;
  const { type: stage, ...former } = stageAfter(type, "decide", check);
  const decide: Fn<Looked, unknown> = fn(stage, former, (ctx, looked: Looked): unknown =>
    decidePoll(ctx, polling, looked),
  );
  const polling: Polling = { ...rules, decide };
  const parts = [decide, check, ...(onDeadline === undefined ? [] : [onDeadline])];
  const made = fn(type, { ...named, parts }, (ctx, input: unknown): unknown => {
    const wanted = deadline?.(input);
    const poll = { input, checks: 0, failures: 0 };
    if (wanted === undefined) return look(ctx, polling, poll);
    const deadlineAt = parseInstant(wanted, `the deadline of ${type}`);
    if (ctx.now() >= deadlineAt + graceMs)
      return expireMonitor(ctx, rules, { poll, reason: "deadline" });
    return look(ctx, polling, { ...poll, deadlineAt });
  });
  return shaped(made, monitorShape(type, rules, options));
}

type MonitorRules = ReadOptions<typeof OPTIONS>;

/** The rules of a monitor, and the function that decides after each check. */
interface Polling extends MonitorRules {
  readonly decide: Fn<Looked, unknown>;
}

/** Decides after a check: the monitor ends, or polls again. */
function decidePoll(ctx: Context, rules: Polling, { result, args }: Looked): unknown {
  const { until, carry, tolerate } = rules;
  const checks = args.checks + 1;
  if (result.status === "rejected") {
    const failures = args.failures + 1;
    // A check that the deadline cut off did not fail.
    const isTolerated =
      failures <= tolerate || ctx.now() >= (args.deadlineAt ?? Number.POSITIVE_INFINITY);
    // A canceled check ends the monitor, because the monitor was canceled too.
    if (handbackCode(result.reason) === "CANCELLED" || !isTolerated)
      return ctx.rejected(result.reason);
    return pollAgain(ctx, rules, { ...args, checks, failures });
  }
  if (args.isOver === true) return expireMonitor(ctx, rules, { poll: args, reason: "deadline" });
  const { value } = result;
  if (atOnce(until(value, args.input))) return { status: "done", value, checks };
  const input = carry === undefined ? args.input : carry(args.input, value);
  return pollAgain(ctx, rules, { ...args, input, checks, failures: 0, last: value });
}

/**
 * Ends the monitor, or checks again after a delay. The delay ends at the deadline. Then there is a
 * last check only if `grace` leaves time for it.
 */
function pollAgain(ctx: Context, rules: Polling, poll: Poll): unknown {
  const { attempts, grace: graceMs, decide } = rules;
  const { checks, deadlineAt } = poll;
  const now = ctx.now();
  if (deadlineAt !== undefined && now >= deadlineAt)
    return expireMonitor(ctx, rules, { poll, reason: "deadline" });
  if (checks >= attempts) return expireMonitor(ctx, rules, { poll, reason: "attempts" });
  const delayMs = backoffDelay(checks, backoffOf(rules), () => ctx.random());
  const wakeAt = addDuration(now, delayMs);
  if (deadlineAt === undefined || wakeAt < deadlineAt)
    return look(ctx, rules, poll, [ctx.sleepUntil(wakeAt)]);
  const rest = ctx.sleepUntil(deadlineAt);
  if (graceMs > 0) return look(ctx, rules, poll, [rest]);
  return ctx.onSettled(rest, decide, { ...poll, isOver: true });
}

/** Checks, and decides when the check has ended. */
function look(
  ctx: Context,
  { check, grace: graceMs, tolerate, decide }: Polling,
  poll: Poll,
  after: readonly Future<void>[] = [],
): Future<unknown> {
  const { deadlineAt, at } = poll;
  const checked = ctx.invoke(check, poll.input, {
    after,
    ...(at !== undefined && { id: at }),
    // A monitor that tolerates failures deals with them itself.
    ...(tolerate > 0 && { whenFailed: "fail" }),
  });
  const bounded =
    deadlineAt === undefined
      ? checked
      : ctx.timeout(checked, Math.max(0, deadlineAt + graceMs - ctx.now()));
  const { stateId } = checked;
  return ctx.onSettled(bounded, decide, stateId === undefined ? poll : { ...poll, at: stateId });
}

function expireMonitor(
  ctx: Context,
  { check, onDeadline }: MonitorRules,
  { poll, reason }: { readonly poll: Poll; readonly reason: "deadline" | "attempts" },
): object {
  const { input, last, checks, at } = poll;
  const about = { reason, last, checks };
  if (onDeadline === undefined) return { status: "expired", ...about };
  const sameState = at !== undefined && onDeadline.type === check.type ? { id: at } : {};
  return { status: "expired", value: ctx.invoke(onDeadline, input, sameState), ...about };
}

function backoffOf({ every, backoff, maxDelay, jitter }: MonitorRules): Backoff {
  const maxMs = maxDelay ?? Number.POSITIVE_INFINITY;
  return { firstMs: every, factor: backoff, maxMs, jitter };
}

function monitorShape(
  type: string,
  { check, deadline, attempts, onDeadline }: MonitorRules,
  { every, backoff = 1, maxDelay }: MonitorOptions<unknown, unknown, unknown>,
): Shape {
  const delay = [
    durationInWords(every),
    backoff > 1 && "then longer",
    backoff > 1 && maxDelay && `up to ${durationInWords(maxDelay)}`,
  ];
  const ends = [
    deadline && "deadline",
    attempts === Number.POSITIVE_INFINITY ? "" : `after ${attempts} checks`,
  ];
  return {
    kind: "monitor",
    name: type,
    check: shapeOf(check),
    delay: delay.filter(Boolean).join(", "),
    expires: ends.filter(Boolean).join(", or "),
    ...(onDeadline !== undefined && { onDeadline: shapeOf(onDeadline) }),
  };
}
