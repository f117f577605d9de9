import { checkId } from "../../core/validation/names.ts";
import { value } from "../../core/state/value.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import type { Context } from "../../futures/types/context.ts";
import type { StatefulFunction } from "../../futures/types/define.ts";
import type { StatefulFn } from "../../futures/types/function.ts";
import { stateful } from "../../futures/define/stateful.ts";
import { aggregatorRules } from "./aggregator-options.ts";
import type { AggregatorOptions } from "./aggregator-options.ts";
import { eventSize } from "./event-size.ts";
import { dueAt, fullness } from "./batch-buffer.ts";
import type { FlushReason, Gathered } from "./batch-buffer.ts";
import { mainOperation } from "../composing/default-operation.ts";
import { invalidOption } from "../../core/validation/options.ts";
import { functionsAmong, sendToDestination } from "../composing/destination.ts";
import { NOTHING_SEEN, remember, seenGroupOf } from "./dedupe-window.ts";
import type { Seen } from "./dedupe-window.ts";
import { partOf, shaped, durationInWords } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";

/** What became of an event, and how many are gathered for its key now. */
export interface Added {
  readonly status: "added" | "duplicate" | "late";
  readonly count: number;
}

/** What is gathered for one key, and what is remembered of it. */
export interface AggregatorState {
  open?: Gathered | undefined;
  seen: Seen;
  /** Of more than 1,000 names, those of other groups. */
  [group: `seen-${number}`]: Seen;
  newestAt?: number | undefined;
}

/** A function that gathers events by id, and hands them on in batches. It is its own operation `add`. */
export interface Aggregator<Event>
  extends StatefulFn<Event, Added>, StatefulFunction<AggregatorState> {
  readonly type: string;
  /** Adds an event to what is gathered under the id it is sent to. */
  readonly add: StatefulFn<Event, Added>;
  /** Hands on what is gathered, however little; gives the number of events. */
  readonly flush: StatefulFn<void, number>;
}

/** Token of the one message that an address has under way to itself. */
const TIMER = "due";

/**
 * Gathers events by id, and hands them on in batches: when there are enough of them, when the first has waited long enough, when they are
 * large, or when a while passes without another one.
 *
 * A batch leaves with the very commit that clears it, so no event is lost or flushed twice, whatever crashes.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { aggregator } from "handback/patterns";
 * import type { Batch } from "handback/patterns";
 *
 * const store = fn("docs/store", (ctx, batch: Batch<{ id: string; celsius: number }>) => ctx.log.info(`${batch.key}: ${batch.events.length}`));
 * const batch = aggregator("docs/batch", { flush: store, maxCount: 100, maxWait: "10s", dedupeBy: (e) => e.id });
 *
 * const engine = await embedded({ functions: [batch], store: memory(), log: console });
 * console.log(await engine.client.call(batch.add, { id: "e1", celsius: 21 }, { id: "kitchen" })); // { status: "added", count: 1 }
 * console.log(await engine.client.call(batch.add, { id: "e1", celsius: 21 }, { id: "kitchen" })); // { status: "duplicate", count: 1 }
 * await engine.client.call(batch.flush, undefined, { id: "kitchen" }); // kitchen: 1
 * await engine.close();
 */
export function aggregator<Event>(
  type: string,
  options: AggregatorOptions<Event>,
): Aggregator<Event>;
// Inside, events are values like any other.
export function aggregator(type: string, options: AggregatorOptions<unknown>): Aggregator<unknown> {
  const rules = aggregatorRules(type, options);
  const { bounds, window, groups, lateAfterMs } = rules;
  const { flush, dedupeBy, timeOf, onLate } = options;
  const moreSeen: Record<`seen-${number}`, ValueSpec<Seen>> = {};
  const [, ...more] = groups;
  for (const group of more)
    moreSeen[group] = value<Seen>(NOTHING_SEEN, { expireAfterWrite: window.windowMs });

  const self = stateful(type, {
    state: {
      open: value<Gathered>(),
      seen: value<Seen>(NOTHING_SEEN, { expireAfterWrite: window.windowMs }),
      ...moreSeen,
      newestAt: value<number>(),
    },
    parts: functionsAmong([flush, onLate]),
    handlers: {
      add(ctx, event: unknown): Added {
        const now = ctx.now();
        if (dedupeBy !== undefined && isKnown(ctx, dedupeBy(event), now))
          return answer(ctx, "duplicate");
        if (timeOf !== undefined && isLate(ctx, timeOf(event))) {
          if (onLate !== undefined) sendToDestination(ctx, onLate, event);
          return answer(ctx, "late");
        }
        put(ctx, event, now);
        return answer(ctx, "added");
      },
      flush(ctx): number {
        const { open } = ctx.state;
        if (open === undefined) return 0;
        leave(ctx, open, "asked");
        return open.events.length;
      },
      /** The timer of a batch: early when the batch has had more events since, and for nothing when it has left. */
      due(ctx, { batch }: { readonly batch: string }): void {
        const { open } = ctx.state;
        if (open?.id === batch && !leaveIfDue(ctx, open, ctx.now())) arm(ctx, open);
      },
    },
  });

  /** Events are remembered before it is known what becomes of them, so that a late one is late once. */
  function isKnown(ctx: Context<AggregatorState>, name: string, now: number): boolean {
    const group = seenGroupOf(checkId(name, `what dedupeBy of ${type} gave`), groups);
    const seen = remember(ctx.state[group] ?? NOTHING_SEEN, window, [name, now]);
    if (seen !== undefined) ctx.state[group] = seen;
    return seen === undefined;
  }

  function isLate(ctx: Context<AggregatorState>, at: unknown): boolean {
    if (typeof at !== "number" || !Number.isFinite(at))
      throw invalidOption(`what timeOf of ${type} gave`, "ms since the epoch", at);
    const { newestAt = at } = ctx.state;
    if (at < newestAt - lateAfterMs) return true;
    ctx.state.newestAt = Math.max(at, newestAt);
    return false;
  }

  function put(ctx: Context<AggregatorState>, event: unknown, now: number): void {
    const bytes = eventSize(event);
    const { open } = ctx.state;
    // A timer may be late, when the process was down: what was due before this event came leaves without it.
    if (open !== undefined && !leaveIfDue(ctx, open, now) && open.bytes + bytes > bounds.maxBytes)
      leave(ctx, open, "bytes");
    const gathered = (ctx.state.open ??= {
      id: ctx.idempotencyKey,
      events: [],
      bytes: 0,
      openedAt: now,
      lastAt: now,
    });
    gathered.events.push(event);
    gathered.bytes += bytes;
    gathered.lastAt = now;
    const full = fullness(gathered, bounds);
    if (full !== undefined) leave(ctx, gathered, full);
    else if (gathered.events.length === 1) arm(ctx, gathered);
  }

  function leaveIfDue(ctx: Context<AggregatorState>, open: Gathered, now: number): boolean {
    const due = dueAt(open, bounds);
    if (due === undefined || now < due.at) return false;
    leave(ctx, open, due.reason);
    return true;
  }

  /** One message and one deletion, in one commit. */
  function leave(
    ctx: Context<AggregatorState>,
    { bytes: _, events, ...about }: Gathered,
    reason: FlushReason,
  ): void {
    ctx.state.open = undefined;
    ctx.cancelSend(TIMER);
    sendToDestination(ctx, flush, { ...about, key: ctx.self.id, events, reason });
  }

  /** One timer at a time: events that come later do not set it again, it looks when it goes off. */
  function arm(ctx: Context<AggregatorState>, open: Gathered): void {
    const due = dueAt(open, bounds);
    if (due === undefined) return;
    ctx.send(
      self.due,
      { batch: open.id },
      { id: ctx.self.id, delay: Math.max(0, due.at - ctx.now()), token: TIMER },
    );
  }

  const { maxCount = 1_000, maxWait, gap } = options;
  const limits = [
    `${maxCount} events`,
    maxWait && `${durationInWords(maxWait)} old`,
    gap && `${durationInWords(gap)} of silence`,
  ];
  const shape: Shape = {
    kind: "aggregator",
    name: type,
    flush: partOf(flush),
    bounds: limits.filter(Boolean).join(", or "),
    ...(onLate !== undefined && { onLate: partOf(onLate) }),
  };
  shaped(self.add, shape);
  return shaped(mainOperation<Aggregator<unknown>>(self, "add", ["flush"]), shape);
}

function answer(ctx: Context<AggregatorState>, status: Added["status"]): Added {
  return { status, count: ctx.state.open?.events.length ?? 0 };
}
