import { value } from "../../core/state/value.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { fn } from "../../futures/define/fn.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import type { Resolved } from "../../futures/types/resolved.ts";
import { stateful } from "../../futures/define/stateful.ts";
import { judge } from "./failure-policy.ts";
import type { Count, FailurePolicy } from "./failure-policy.ts";
import { inOrder, JUDGED, judgedAt, judgedOf } from "./branch-outcomes.ts";
import type { Judged } from "./branch-outcomes.ts";
import { PAGE, pageId, pageOf, pagesOf, placeOf } from "./page.ts";
import type { FanOutReport } from "./report.ts";
import { invoke } from "../composing/step.ts";

/**
 * The window of a fan-out: at most so many branches at a time, counted as they settle.
 *
 * FW1 There are as many lanes as branches may be under way. A lane asks the window for an item, has it worked on, and comes back with
 *    how that ended: two messages an item. What it waits for is its branch, so a branch that waits counts.
 * FW2 Items and outcomes lie on pages of a few, each a state of its own, so that what a settled branch costs does not grow with their number.
 * FW3 The window has the page of items that is next fetched while it hands out the one before. An item that is not in its hands
 *    is begun at its page, which takes one message more.
 * FW4 The window hands out each item once, judges each outcome, and nothing after the verdict. What it has judged it puts away by the page, in
 *    the order in which it came; what it tells a page by itself gets there before it has that page closed.
 * FW5 Whatever ends the lanes, a cancellation too, the pages and the window are deleted; what comes to them afterwards changes nothing.
 */
export function fanOutWindow(type: string, { each, concurrency, policy }: WindowOptions): Window {
  /** Hands out items, and counts how their branches ended. */
  const window = stateful(`${type}.window`, {
    state: {
      branches: value<number>(),
      next: value(0),
      succeeded: value(0),
      failed: value(0),
      verdict: value<Verdict>(),
      evenHand: value<Hand>(),
      oddHand: value<Hand>(),
      ...JUDGED,
    },
    handlers: {
      open: (
        ctx,
        { branches, items }: { readonly branches: number; readonly items: readonly unknown[] },
      ) => {
        ctx.state.branches = branches;
        ctx.state.evenHand = { page: 0, items };
        ctx.state.verdict = verdictOn(branches, ctx.state);
      },
      /** Takes the items of a page, to hand them out. */
      take: (ctx, hand: Hand) => {
        if (ctx.state.branches !== undefined) ctx.state[handOf(hand.page)] = hand;
      },
      /** Judges the branch that a lane has done, if it has, and gives it the next. */
      next: (ctx, done: Done | undefined): Future<unknown> | undefined => {
        const { state } = ctx;
        if (state.branches === undefined || state.verdict !== undefined) return undefined;
        if (done !== undefined) {
          const [outcome] = done.result;
          const judged = state.succeeded + state.failed;
          state[judgedAt(judged)] = [done.args, outcome];
          if (outcome.status === "fulfilled") state.succeeded++;
          else state.failed++;
          if (placeOf(judged) === PAGE - 1)
            ctx.send(page.keep, judgedOf(state, PAGE), { id: pageId(ctx.self.id, pageOf(judged)) });
          state.verdict = verdictOn(
            state.branches,
            state,
            outcome.status === "fulfilled" ? undefined : outcome.reason,
          );
          // Rejects the lane, and with it the race that all lanes are in: the others are cancelled.
          if (state.verdict !== undefined) return ctx.rejected(OVER);
        }
        if (state.next === state.branches) return undefined;
        const index = state.next++;
        const [id, from] = [ctx.self.id, pageOf(index)];
        const isFirst = placeOf(index) === 0 && from + 1 < pagesOf(state.branches);
        if (isFirst)
          ctx.send(page.give, { window: id, page: from + 1 }, { id: pageId(id, from + 1) });
        const hand = state[handOf(from)];
        if (hand?.page !== from)
          return ctx.invoke(page.begin, { window: id, index }, { id: pageId(id, from) });
        return begin(ctx, hand.items[placeOf(index)], { window: id, index });
      },
      close: (ctx, branches: number): Closing => {
        const { verdict, succeeded, failed } = ctx.state;
        const judged = judgedOf(ctx.state, placeOf(succeeded + failed));
        ctx.terminate();
        const { id } = ctx.self;
        const pages = Array.from({ length: pagesOf(branches) }, (_, at) =>
          ctx.invoke(page.close, undefined, { id: pageId(id, at) }),
        );
        return { verdict, judged, pages };
      },
    },
  });

  /** Begins the branch of an item; how it ends, the window is told. */
  const begin = (ctx: Context, item: unknown, { window: id, index }: Begun): Future<unknown> =>
    // As a list of one, since what continues with a settlement itself is called for a cancelled branch too.
    ctx.onComplete(ctx.allSettled([invoke(ctx, each, item)]), window.next, index, { id });

  const verdictOn = (
    branches: number,
    { succeeded, failed }: Omit<Count, "branches">,
    cause?: Failure,
  ): Verdict | undefined => {
    const over = judge(policy, { branches, succeeded, failed });
    if (over !== "failed") return over;
    // What fails at the first failure fails with that.
    return policy.isStrict && cause !== undefined
      ? cause
      : branchesFailed(type, { branches, succeeded, failed }, cause);
  };

  /** Holds a few items, and as many outcomes. */
  const page = stateful(`${type}.page`, {
    state: { items: value<readonly unknown[]>(), judged: value<readonly Judged[]>() },
    handlers: {
      fill: (ctx, items: readonly unknown[]) => void (ctx.state.items = items),
      give: (ctx, { window: id, page: at }: { readonly window: string; readonly page: number }) => {
        const { items } = ctx.state;
        if (items !== undefined) ctx.send(window.take, { page: at, items }, { id });
      },
      begin: (ctx, begun: Begun): Future<unknown> | undefined => {
        const { items } = ctx.state;
        return items && begin(ctx, items[placeOf(begun.index)], begun);
      },
      keep: (ctx, judged: readonly Judged[]) => void (ctx.state.judged = judged),
      close: (ctx) => {
        ctx.terminate();
        return ctx.state.judged ?? [];
      },
    },
  });

  /** Begins the lanes, once all pages are there. */
  const start = fn(
    `${type}.start`,
    (ctx, { args: { id, branches } }: { readonly result: unknown; readonly args: Opened }) => {
      const lanes = Array.from({ length: Math.min(concurrency, branches) }, () =>
        ctx.invoke(window.next, undefined, { id }),
      );
      return lanes.length === 0 ? ctx.resolved(undefined) : ctx.race([ctx.all(lanes)]);
    },
  );

  const finish = fn(`${type}.finish`, (ctx, { result, args: { id, branches } }: Finished) => {
    const failure = result.status === "rejected" ? result.reason : undefined;
    if (failure?.code === "CANCELLED") return giveUp(ctx, failure, { id, branches });
    return ctx.onSettled(ctx.invoke(window.close, branches, { id }), conclude, {
      id,
      branches,
      failure,
    });
  });

  const conclude = fn(
    `${type}.conclude`,
    (
      ctx,
      { result, args: { id, branches, failure } }: Closed,
    ): Future<never> | readonly unknown[] | FanOutReport<unknown> => {
      // Cancelled in the midst of the closing, for one.
      if (result.status === "rejected") return giveUp(ctx, result.reason, { id, branches });
      const { verdict, judged, pages } = result.value;
      if (typeof verdict === "object") return ctx.rejected(verdict);
      // The lanes failed of something else than their branches.
      if (verdict === undefined && failure !== undefined) return ctx.rejected(failure);
      const outcomes = inOrder(branches, [...pages.flat(), ...judged]);
      if (policy.isStrict)
        return outcomes.map((outcome) =>
          outcome.status === "fulfilled" ? outcome.value : undefined,
        );
      return { reason: verdict ?? "completed", branches: outcomes };
    },
  );

  /** Has the window closed although nobody waits for what came of the branches, by a message that is not cancelled with the flow. */
  const giveUp = (ctx: Context, reason: Failure, { id, branches }: Opened): Future<never> => {
    ctx.send(window.close, branches, { id });
    return ctx.rejected(reason);
  };

  return {
    parts: [window, page, start, finish, conclude],
    run(ctx, items) {
      const id = ctx.idempotencyKey;
      const args: Opened = { id, branches: items.length };
      const opened = ctx.invoke(
        window.open,
        { branches: items.length, items: items.slice(0, PAGE) },
        { id },
      );
      const pages = Array.from({ length: pagesOf(items.length) }, (_, at) =>
        ctx.invoke(page.fill, items.slice(at * PAGE, (at + 1) * PAGE), { id: pageId(id, at) }),
      );
      return ctx.onSettled(ctx.onComplete(ctx.all([opened, ...pages]), start, args), finish, args);
    },
  };
}

/** What a lane is rejected with after the verdict. Nobody sees it. */
const OVER = "over";

/** Where a window keeps the items of a page: in one hand or the other, so that it may take a page while it hands out the one before. */
function handOf(page: number): "evenHand" | "oddHand" {
  return page % 2 === 0 ? "evenHand" : "oddHand";
}

function branchesFailed(
  type: string,
  { branches, succeeded, failed }: Count,
  cause: Failure | undefined,
): Failure {
  return {
    name: "HandbackError",
    code: "BRANCHES_FAILED",
    message: `${failed} of ${branches} branches of ${type} failed, and ${succeeded} succeeded`,
    details: { branches, succeeded, failed },
    ...(cause !== undefined && { cause }),
    function: type,
  };
}

/** Why a fan-out is over before all its branches have settled: there are enough successes, or it failed. */
type Verdict = "enough" | Failure;

/** The items of a page, in the hands of the window. */
interface Hand {
  readonly page: number;
  readonly items: readonly unknown[];
}

/** A branch that a lane has done: how it ended, and the number of its item. */
interface Done {
  readonly result: [Settlement<unknown>];
  readonly args: number;
}

/** The number of an item that is begun, and who handed it out. */
interface Begun {
  readonly window: string;
  readonly index: number;
}

/** A window that is open, and how many branches it has. */
interface Opened {
  readonly id: string;
  readonly branches: number;
}

interface Finished {
  readonly result: Settlement<unknown>;
  readonly args: Opened;
}

/** What a window gives when it is closed. */
interface Closing {
  readonly verdict: Verdict | undefined;
  readonly judged: readonly Judged[];
  readonly pages: readonly Future<readonly Judged[]>[];
}

interface Closed {
  readonly result: Settlement<Resolved<Closing>>;
  readonly args: Opened & {
    /** What the lanes were rejected with. */
    readonly failure: Failure | undefined;
  };
}

/** What a window needs to know of its fan-out. */
interface WindowOptions {
  readonly each: AnyInvokable;
  readonly concurrency: number;
  readonly policy: FailurePolicy;
}

/** Runs a function for each of some items, and gives values, or a report, as the policy has it. */
interface Window {
  readonly parts: readonly object[];
  readonly run: (ctx: Context, items: readonly unknown[]) => Future<unknown>;
}
