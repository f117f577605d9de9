import { value } from "../core/value.ts";
import type { ValueSpec } from "../core/value.ts";
import type { Context } from "../futures/context.ts";
import type { Failure } from "../futures/failure.ts";
import { fn } from "../futures/fn.ts";
import type { AnyInvokable } from "../futures/function.ts";
import type { Future, Settlement } from "../futures/future.ts";
import { stateful } from "../futures/stateful.ts";
import { judge } from "./failure-policy.ts";
import type { Count, FailurePolicy } from "./failure-policy.ts";
import type { BranchOutcome, FanOutReport } from "./fan-out-report.ts";
import { invoke } from "./step.ts";

/**
 * The window of a fan-out: at most so many branches at a time, counted as they settle.
 *
 * FW1 There are as many lanes as branches may be under way. A lane asks the window for the next item, has it worked on, leaves how that
 *    ended where the item was, and asks again: three messages an item. What it waits for is its branch, so a branch that waits counts.
 * FW2 Items and outcomes lie on pages of a few, each a state of its own, so that what a settled branch costs does not grow with their number.
 * FW3 The window knows numbers only: it hands out each item once, judges each outcome, and nothing after the verdict.
 * FW4 Whatever ends the lanes, a cancellation too, the pages and the window are deleted; what comes to them afterwards changes nothing.
 */
export function fanOutWindow(type: string, { each, concurrency, policy }: WindowOptions): Window {
  /** Hands out the numbers of items, and counts how branches ended. */
  const window = stateful(`${type}.window`, {
    state: { branches: value<number>(), next: value(0), succeeded: value(0), failed: value(0), verdict: value<Verdict>() },
    handlers: {
      open: (ctx, branches: number) => {
        ctx.state.branches = branches;
        ctx.state.verdict = verdictOn(branches, ctx.state);
      },
      /** Counts the branch that a lane has done, if it has, and gives it the next. */
      next: (ctx, done: Done): Future<unknown> | undefined => {
        const { state } = ctx;
        if (state.branches === undefined || state.verdict !== undefined) return undefined;
        if (done === "succeeded") state.succeeded++;
        if (typeof done === "object") state.failed++;
        state.verdict = verdictOn(state.branches, state, typeof done === "object" ? done : undefined);
        // Rejects the lane, and with it the race that all lanes are in: the others are cancelled.
        if (state.verdict !== undefined) return ctx.rejected(OVER);
        if (state.next === state.branches) return undefined;
        const index = state.next++;
        return ctx.invoke(page.begin, (index % PAGE) as Place, { id: pageId(ctx.self.id, Math.floor(index / PAGE)) });
      },
      close: (ctx) => {
        ctx.terminate();
        return ctx.state.verdict;
      },
    },
  });

  const verdictOn = (branches: number, { succeeded, failed }: Omit<Count, "branches">, cause?: Failure): Verdict | undefined => {
    const over = judge(policy, { branches, succeeded, failed });
    if (over !== "failed") return over;
    // What fails at the first failure fails with that.
    return policy.isStrict && cause !== undefined ? cause : branchesFailed(type, { branches, succeeded, failed }, cause);
  };

  /** Holds a few items, and how their branches ended, each in a value of its own. */
  const page = stateful(`${type}.page`, {
    state: { window: value<string>(), items: value<readonly unknown[]>(), ...OUTCOMES },
    handlers: {
      fill: (ctx, { window, items }: { readonly window: string; readonly items: readonly unknown[] }) => {
        ctx.state.window = window;
        ctx.state.items = items;
      },
      begin: (ctx, at: Place): Future<unknown> | undefined => {
        const { items } = ctx.state;
        if (items === undefined) return undefined;
        const branch = invoke(ctx, each, items[at]);
        // As a list of one, since what continues with a settlement itself is called for a cancelled branch too.
        return ctx.onComplete(ctx.allSettled([branch]), page.end, at, { id: ctx.self.id });
      },
      end: (ctx, { result: [outcome], args: at }: { readonly result: [Settlement<unknown>]; readonly args: Place }) => {
        const { window: id } = ctx.state;
        if (id === undefined) return undefined;
        ctx.state[`outcome${at}` as const] = outcome;
        return ctx.invoke(window.next, outcome.status === "fulfilled" ? "succeeded" : outcome.reason, { id });
      },
      close: (ctx) => {
        ctx.terminate();
        return (ctx.state.items ?? []).map(
          (_, at): BranchOutcome<unknown> => ctx.state[`outcome${at as Place}` as const] ?? { status: "cancelled" },
        );
      },
    },
  });

  /** Begins the lanes, once all pages are there. */
  const start = fn(`${type}.start`, (ctx, { args: { id, branches } }: { readonly result: unknown; readonly args: Opened }) => {
    const lanes = Array.from({ length: Math.min(concurrency, branches) }, () => ctx.invoke(window.next, undefined, { id }));
    return lanes.length === 0 ? ctx.resolved(undefined) : ctx.race([ctx.all(lanes)]);
  });

  const finish = fn(`${type}.finish`, (ctx, { result, args: { id, branches } }: Finished) => {
    const pages = Array.from({ length: pagesOf(branches) }, (_, at) => ctx.invoke(page.close, undefined, { id: pageId(id, at) }));
    const verdict = ctx.invoke(window.close, undefined, { id });
    const failure = result.status === "rejected" ? result.reason : undefined;
    // Cancelled as a whole: nobody waits for what came of the branches.
    if (failure?.code === "CANCELLED") return ctx.rejected(failure);
    return ctx.invoke(conclude, { verdict, failure, pages });
  });

  const conclude = fn(
    `${type}.conclude`,
    (ctx, { verdict, failure, pages }: Closed): Future<never> | readonly unknown[] | FanOutReport<unknown> => {
      if (typeof verdict === "object") return ctx.rejected(verdict);
      // The lanes failed of something else than their branches.
      if (verdict === undefined && failure !== undefined) return ctx.rejected(failure);
      const outcomes = pages.flat();
      if (policy.isStrict) return outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : undefined));
      return { reason: verdict ?? "completed", branches: outcomes };
    },
  );

  return {
    parts: [window, page, start, finish, conclude],
    run(ctx, items) {
      const id = ctx.idempotencyKey;
      const opened = ctx.invoke(window.open, items.length, { id });
      const pages = Array.from({ length: pagesOf(items.length) }, (_, at) =>
        ctx.invoke(page.fill, { window: id, items: items.slice(at * PAGE, (at + 1) * PAGE) }, { id: pageId(id, at) }),
      );
      const args: Opened = { id, branches: items.length };
      return ctx.onSettled(ctx.onComplete(ctx.all([opened, ...pages]), start, args), finish, args);
    },
  };
}

/** Where on its page an item lies. */
type Place = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;

/** How many items lie on a page. */
const PAGE = 16;

/** How the branch of the item at each place of a page ended. */
const OUTCOMES = Object.fromEntries(
  Array.from({ length: PAGE }, (_, at) => [`outcome${at}`, value<Settlement<unknown> | null>(null)]),
) as Record<`outcome${Place}`, ValueSpec<Settlement<unknown> | null>>;

/** What a lane is rejected with after the verdict. Nobody sees it. */
const OVER = "over";

function pagesOf(branches: number): number {
  return Math.ceil(branches / PAGE);
}

function pageId(window: string, at: number): string {
  return `${window}.${at}`;
}

function branchesFailed(type: string, { branches, succeeded, failed }: Count, cause: Failure | undefined): Failure {
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

/** How a lane's branch ended; absent: it has had none yet. */
type Done = "succeeded" | Failure | undefined;

/** A window that is open, and how many branches it has. */
interface Opened {
  readonly id: string;
  readonly branches: number;
}

interface Finished {
  readonly result: Settlement<unknown>;
  readonly args: Opened;
}

interface Closed {
  readonly verdict: Verdict | undefined;
  /** What the lanes were rejected with. */
  readonly failure: Failure | undefined;
  readonly pages: readonly (readonly BranchOutcome<unknown>[])[];
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
