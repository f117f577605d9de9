import { callIdOf } from "../../core/activation/call-id.ts";
import { stageAfter } from "../composing/stage-name.ts";
import type { StageName } from "../composing/stage-name.ts";
import type { Context } from "../../futures/types/context.ts";
import type { Failure } from "../../futures/types/failure.ts";
import { handbackCode } from "../../futures/types/handback-code.ts";
import { fn } from "../../futures/define/fn.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import type { Future, Settlement } from "../../futures/types/future.ts";
import type { Resolved } from "../../futures/types/resolved.ts";
import { outcomesInOrder } from "./branch-outcomes.ts";
import type { FailurePolicy } from "./failure-policy.ts";
import { PAGE, pageCount, pageId } from "./page.ts";
import type { FanOutReport } from "./report.ts";
import { windowState } from "./window-state.ts";
import type { WindowClosing, WindowOperations } from "./window-state.ts";
import type { PageOperations } from "./window-page.ts";

/** The fan-out of a window, as far as the window needs it. */
interface WindowOptions {
  readonly each: AnyInvokable;
  readonly concurrency: number;
  readonly policy: FailurePolicy;
}

/** Calls a function for each item. Gives values or a report, as the policy says. */
interface Window {
  readonly parts: readonly object[];
  readonly run: (ctx: Context, items: readonly unknown[]) => Future<unknown>;
}

/** An open window, and the number of its branches. */
interface Opened {
  readonly id: string;
  readonly branches: number;
}

/**
 * The window of a fan-out: it limits how many branches run at a time.
 *
 * FW1 There is one worker for each branch that may run. A worker asks the window for an item,
 *    starts its branch, and returns with the outcome: two messages an item. A worker waits for its
 *    branch, so a branch that waits counts.
 * FW2 Items and outcomes are kept on small pages. Each page is a state of its own, so the cost of a
 *    settled branch does not grow with the number of branches.
 * FW3 The window prefetches the next page of items while it hands out the one before. An item that
 *    has not arrived yet is started at its page, which takes one more message.
 * FW4 The window hands out each item once and counts each outcome once. It counts none after the
 *    completion reason is known. It moves outcomes to a page when they fill one, in the order of
 *    their arrival. Its own messages reach a page before the message that closes it.
 * FW5 However the workers end, the pages and the window are deleted, also after a cancellation.
 *    Later messages to them change nothing.
 */
export function fanOutWindow(type: string, { each, concurrency, policy }: WindowOptions): Window {
  // Every stage of a window holds branch results, so its name includes their form.
  const stage = (name: string): StageName => stageAfter(type, name, each, policy.given);
  const { window, page } = windowState({ type, each, policy, stage });

  /** Starts the workers, once all pages are filled. */
  const { type: startType, ...formerStart } = stage("start");
  const start = fn(
    startType,
    formerStart,
    (ctx, { args: { id, branches } }: { readonly result: unknown; readonly args: Opened }) => {
      const workers = Array.from({ length: Math.min(concurrency, branches) }, () =>
        ctx.invoke(window.next, undefined, { id }),
      );
      return workers.length === 0 ? ctx.resolved(undefined) : ctx.race([ctx.all(workers)]);
    },
  );

  const { type: finishType, ...formerFinish } = stage("finish");
  const finish = fn(
    finishType,
    formerFinish,
    (ctx, { result, args: { id, branches } }: Finished) => {
      const failure = result.status === "rejected" ? result.reason : undefined;
      if (failure !== undefined && handbackCode(failure) === "CANCELLED")
        return giveUp(ctx, window, { id, branches, failure });
      const closing = ctx.invoke(window.close, branches, { id });
      return ctx.onSettled(closing, conclude, { id, branches, failure });
    },
  );

  const { type: concludeType, ...formerConclude } = stage("conclude");
  const conclude = fn(concludeType, formerConclude, (ctx, { result, args }: Closed): Conclusion => {
    // For example, the closing itself was canceled.
    if (result.status === "rejected")
      return giveUp(ctx, window, { ...args, failure: result.reason });
    return concludeFanOut(ctx, policy, { closing: result.value, ...args });
  });

  return {
    parts: [window, page, start, finish, conclude],
    run(ctx, items) {
      const args: Opened = { id: callIdOf(ctx), branches: items.length };
      const filled = ctx.all(openWindow(ctx, { window, page, id: args.id }, items));
      return ctx.onSettled(ctx.onComplete(filled, start, args), finish, args);
    },
  };
}

/** Opens the window and fills its pages. */
function openWindow(
  ctx: Context,
  { window, page, id }: { window: WindowOperations; page: PageOperations; id: string },
  items: readonly unknown[],
): readonly Future<void>[] {
  const key = ctx.idempotencyKey;
  const opening = { branches: items.length, items: items.slice(0, PAGE), key };
  const opened = ctx.invoke(window.open, opening, { id });
  const pages = Array.from({ length: pageCount(items.length) }, (_, at) =>
    ctx.invoke(page.fill, items.slice(at * PAGE, (at + 1) * PAGE), { id: pageId(id, at) }),
  );
  return [opened, ...pages];
}

/** Closes the window by a message, which is not canceled with the flow. */
function giveUp(
  ctx: Context,
  window: WindowOperations,
  { id, branches, failure }: Opened & { readonly failure: Failure },
): Future<never> {
  ctx.send(window.close, branches, { id });
  return ctx.rejected(failure);
}

type Conclusion = Future<never> | readonly unknown[] | FanOutReport<unknown>;

interface Concluding {
  readonly closing: Resolved<WindowClosing>;
  readonly branches: number;
  readonly failure: Failure | undefined;
}

function concludeFanOut(
  ctx: Context,
  { isStrict }: FailurePolicy,
  { closing: { verdict: reason, judged, pages }, branches, failure }: Concluding,
): Conclusion {
  if (typeof reason === "object") return ctx.rejected(reason);
  // The workers failed for another reason than their branches.
  if (reason === undefined && failure !== undefined) return ctx.rejected(failure);
  const outcomes = outcomesInOrder(branches, [...pages.flat(), ...judged]);
  if (isStrict)
    return outcomes.map((outcome) => (outcome.status === "fulfilled" ? outcome.value : undefined));
  return { reason: reason ?? "completed", branches: outcomes };
}

interface Finished {
  readonly result: Settlement<unknown>;
  readonly args: Opened;
}

interface Closed {
  readonly result: Settlement<Resolved<WindowClosing>>;
  readonly args: Opened & {
    /** The rejection of the workers. */
    readonly failure: Failure | undefined;
  };
}
