import { value } from "../../core/state/value.ts";
import type { Context } from "../../futures/types/context.ts";
import { stateful } from "../../futures/define/stateful.ts";
import type { StatefulFn } from "../../futures/types/function.ts";
import type { Future } from "../../futures/types/future.ts";
import type { StageName } from "../composing/stage-name.ts";
import type { IndexedOutcome } from "./branch-outcomes.ts";
import { slotOf } from "./page.ts";

/** The items of one page, on their way to the window. */
export interface ItemPage {
  readonly page: number;
  readonly items: readonly unknown[];
}

/** The index of an item, and the window that handed it out. */
export interface HandedOut {
  readonly window: string;
  readonly index: number;
  /** The key that those of the branches follow from. Windows of an earlier release have none. */
  readonly key?: string | undefined;
}

/** The operations of a page that the window calls. */
export interface PageOperations {
  readonly fill: StatefulFn<readonly unknown[], void>;
  readonly give: StatefulFn<{ readonly window: string; readonly page: number }, void>;
  readonly begin: StatefulFn<HandedOut, unknown>;
  readonly keep: StatefulFn<readonly IndexedOutcome[], void>;
  readonly close: StatefulFn<void, readonly IndexedOutcome[]>;
}

/** The parts of a window that a page calls. */
interface PageOptions {
  readonly take: () => StatefulFn<ItemPage, void>;
  readonly begin: (ctx: Context, item: unknown, handedOut: HandedOut) => Future<unknown>;
}

/** Makes the page of a window: a state with a few items and as many outcomes. */
export function windowPage(
  { type, aliases, whenFailed }: StageName,
  { take, begin }: PageOptions,
): PageOperations {
  const page = stateful(type, {
    aliases,
    ageOut: "never",
    whenFailed,
    // Stores have these names.
    state: { items: value<readonly unknown[]>(), judged: value<readonly IndexedOutcome[]>() },
    handlers: {
      fill: (ctx, items: readonly unknown[]) => void (ctx.state.items = items),
      /** Sends the items to the window. */
      give: (ctx, { window: id, page }: { readonly window: string; readonly page: number }) => {
        const { items } = ctx.state;
        if (items !== undefined) ctx.send(take(), { page, items }, { id });
      },
      begin: (ctx, handedOut: HandedOut): Future<unknown> | undefined => {
        const { items } = ctx.state;
        return items && begin(ctx, items[slotOf(handedOut.index)], handedOut);
      },
      keep: (ctx, outcomes: readonly IndexedOutcome[]) => void (ctx.state.judged = outcomes),
      close: (ctx) => {
        ctx.terminate();
        return ctx.state.judged ?? [];
      },
    },
  });
  return page;
}
