import { digest } from "../../core/crypto/digest.ts";
import { value } from "../../core/state/value.ts";
import type { Context } from "../../futures/types/context.ts";
import { stateful } from "../../futures/define/stateful.ts";
import type { AnyInvokable, StatefulFn } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import type { StateOf } from "../../futures/types/define.ts";
import type { Resolved } from "../../futures/types/resolved.ts";
import type { StageName } from "../composing/stage-name.ts";
import { invoke } from "../composing/step.ts";
import { branchOptions } from "./failure-policy.ts";
import { heldOutcomes, OUTCOME_VALUES, outcomeValueAt } from "./branch-outcomes.ts";
import type { IndexedOutcome } from "./branch-outcomes.ts";
import { PAGE, pageCount, pageId, slotOf } from "./page.ts";
import { completionReason, handOutItem, settleBranch } from "./window-decisions.ts";
import type { CompletionReason, WindowCounts, WindowRules } from "./window-decisions.ts";
import { windowPage } from "./window-page.ts";
import type { HandedOut, ItemPage, PageOperations } from "./window-page.ts";

/** Name of the stored completion reason. Stores have it. */
const COMPLETION_REASON = "verdict";
/**
 * Names of the stored pages of items: even pages in one, odd pages in the other. So the window can
 * prefetch a page while it hands out the one before. Stores have these names.
 */
const PREFETCHED_EVEN = "evenHand";
const PREFETCHED_ODD = "oddHand";

/** Largest key that the index of a branch is added to. A longer one is digested. */
const LONGEST_KEY = 240;

/** The rejection of a worker after the completion reason is known. No caller sees it. */
const OVER = "over";

/** The outcome of a worker's branch, and the index of its item. */
interface WorkerResult {
  readonly result: [Settlement<unknown>];
  readonly args: number;
}

/** The items of a new window's first page, and the number of its branches. */
interface Opening {
  readonly branches: number;
  readonly items: readonly unknown[];
  readonly key: string;
}

/** The output of closing a window. Parked messages have these names. */
export interface WindowClosing {
  readonly verdict: CompletionReason | undefined;
  readonly judged: readonly IndexedOutcome[];
  readonly pages: readonly Future<readonly IndexedOutcome[]>[];
}

/** The operations of a window and of its pages. */
export interface WindowOperations {
  readonly open: StatefulFn<Opening, void>;
  readonly take: StatefulFn<ItemPage, void>;
  readonly next: StatefulFn<WorkerResult | undefined, unknown>;
  readonly close: StatefulFn<number, Resolved<WindowClosing>>;
}

/** The rules of a window, and the function that each branch calls. */
export interface WindowStateRules extends WindowRules {
  readonly each: AnyInvokable;
  /** Names a part of the window. */
  readonly stage: (name: string) => StageName;
}

/** Makes the state of a window: it hands out items and counts outcomes. */
export function windowState(rules: WindowStateRules): {
  readonly window: WindowOperations;
  readonly page: PageOperations;
} {
  const begin = (ctx: Context, item: unknown, handedOut: HandedOut): Future<unknown> => {
    const { window: id, index, key } = handedOut;
    // By its index: which worker takes an item differs between the runs of a flow.
    const keyed = key === undefined ? {} : { idempotencyKey: branchKey(key, index) };
    const branch = invoke(ctx, rules.each, item, { ...branchOptions(rules.policy), ...keyed });
    // As a list of one: a continuation that takes settlements also runs for a canceled branch.
    return ctx.onComplete(ctx.allSettled([branch]), window.next, index, { id });
  };
  const page = windowPage(rules.stage("page"), { take: () => window.take, begin });
  const { type, aliases, whenFailed } = rules.stage("window");
  const window = stateful(type, {
    aliases,
    ageOut: "never",
    whenFailed,
    state: WINDOW_VALUES,
    handlers: {
      open: (ctx, { branches, items, key }: Opening) => {
        ctx.state.branches = branches;
        ctx.state.key = key;
        ctx.state[PREFETCHED_EVEN] = { page: 0, items };
        ctx.state[COMPLETION_REASON] = completionReason(countsOf(ctx, branches), rules);
      },
      /** Receives the items of a page, to hand them out. */
      take: (ctx, items: ItemPage) => {
        if (ctx.state.branches !== undefined) ctx.state[prefetchedIn(items.page)] = items;
      },
      /** Counts the outcome of a worker's branch, if it had one, and gives the worker an item. */
      next: (ctx, done: WorkerResult | undefined): Future<unknown> | undefined => {
        const { branches } = ctx.state;
        if (branches === undefined || ctx.state[COMPLETION_REASON] !== undefined) return undefined;
        const isOver = done !== undefined && countOutcome(ctx, { branches, done, rules, page });
        // Rejects the worker, and with it the race of all workers: the others are canceled.
        return isOver ? ctx.rejected(OVER) : handOut(ctx, { branches, page, begin });
      },
      close: (ctx, branches: number): WindowClosing => closeWindow(ctx, branches, page),
    },
  });
  return { window, page };
}

const WINDOW_VALUES = {
  branches: value<number>(),
  key: value<string>(),
  next: value(0),
  succeeded: value(0),
  failed: value(0),
  [COMPLETION_REASON]: value<CompletionReason>(),
  [PREFETCHED_EVEN]: value<ItemPage>(),
  [PREFETCHED_ODD]: value<ItemPage>(),
  ...OUTCOME_VALUES,
};

type Ctx = Context<StateOf<typeof WINDOW_VALUES>>;

function countsOf({ state: { next, succeeded, failed } }: Ctx, branches: number): WindowCounts {
  return { branches, next, succeeded, failed };
}

function prefetchedIn(page: number): typeof PREFETCHED_EVEN | typeof PREFETCHED_ODD {
  return page % 2 === 0 ? PREFETCHED_EVEN : PREFETCHED_ODD;
}

/** The outcome of a worker's branch, and the surroundings in which it is counted. */
interface Settling {
  readonly branches: number;
  readonly done: WorkerResult;
  readonly rules: WindowRules;
  readonly page: PageOperations;
}

/** Counts an outcome and sends full pages away. Returns true if the fan-out ends. */
function countOutcome(ctx: Ctx, { branches, done, rules, page }: Settling): boolean {
  const [outcome] = done.result;
  const { state } = ctx;
  const { counts, fullPage, reason } = settleBranch(countsOf(ctx, branches), outcome, rules);
  state[outcomeValueAt(state.succeeded + state.failed)] = [done.args, outcome];
  state.succeeded = counts.succeeded;
  state.failed = counts.failed;
  if (fullPage !== undefined)
    ctx.send(page.keep, heldOutcomes(state, PAGE), { id: pageId(ctx.self.id, fullPage) });
  state[COMPLETION_REASON] = reason;
  return reason !== undefined;
}

/** The surroundings in which an item is handed out. */
interface HandingOut {
  readonly branches: number;
  readonly page: PageOperations;
  readonly begin: (ctx: Context, item: unknown, handedOut: HandedOut) => Future<unknown>;
}

/** Starts the branch of the next item. Returns `undefined` if there is none. */
function handOut(ctx: Ctx, { branches, page, begin }: HandingOut): Future<unknown> | undefined {
  const change = handOutItem(countsOf(ctx, branches));
  if (change === undefined) return undefined;
  const { counts, index, page: from, prefetch } = change;
  const { self, state } = ctx;
  const handedOut = { window: self.id, index, key: state.key };
  const window = self.id;
  ctx.state.next = counts.next;
  if (prefetch !== undefined)
    ctx.send(page.give, { window, page: prefetch }, { id: pageId(window, prefetch) });
  const prefetched = ctx.state[prefetchedIn(from)];
  // Without the item at hand, the branch starts at its page.
  if (prefetched?.page !== from)
    return ctx.invoke(page.begin, handedOut, { id: pageId(window, from) });
  return begin(ctx, prefetched.items[slotOf(index)], handedOut);
}

/** Makes the idempotency key of a branch. */
function branchKey(key: string, index: number): string {
  return `${key.length > LONGEST_KEY ? digest(key) : key}/${index}`;
}

/** Deletes the window and its pages, and returns all outcomes. */
function closeWindow(ctx: Ctx, branches: number, page: PageOperations): WindowClosing {
  const { [COMPLETION_REASON]: reason, succeeded, failed } = ctx.state;
  const held = heldOutcomes(ctx.state, slotOf(succeeded + failed));
  ctx.terminate();
  const pages = Array.from({ length: pageCount(branches) }, (_, at) =>
    ctx.invoke(page.close, undefined, { id: pageId(ctx.self.id, at) }),
  );
  return { verdict: reason, judged: held, pages };
}
