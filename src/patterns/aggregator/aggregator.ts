import { callIdOf } from "../../core/activation/call-id.ts";
import { checkId } from "../../core/validation/names.ts";
import { value } from "../../core/state/value.ts";
import type { ValueSpec } from "../../core/state/value.ts";
import { invalidOption } from "../../core/validation/options.ts";
import type { Context } from "../../futures/types/context.ts";
import type { StatefulFunction } from "../../futures/types/define.ts";
import type { StatefulFn } from "../../futures/types/function.ts";
import { stateful } from "../../futures/define/stateful.ts";
import { cancelAddressTimer, setAddressTimer } from "../composing/address-timer.ts";
import type { PatternName } from "../composing/pattern-name.ts";
import { defaultOperation } from "../composing/default-operation.ts";
import { functionsAmong, sendToDestination } from "../composing/destination.ts";
import { durationInWords, partOf, shaped } from "../diagram/shape.ts";
import type { Shape } from "../diagram/shape.ts";
import { aggregatorRules } from "./aggregator-options.ts";
import type { AggregatorOptions, AggregatorRules } from "./aggregator-options.ts";
import { totalsOf } from "./batch-buffer.ts";
import type { BatchBuffer, FlushReason } from "./batch-buffer.ts";
import { addEvent, checkEventTime, wakeBatch } from "./decisions.ts";
import { currentGrouping, formerCounts, GROUPING_WINDOWS } from "./dedupe-grouping.ts";
import type { DedupeGrouping } from "./dedupe-grouping.ts";
import { dedupeGroupOf, EMPTY_WINDOW, knowsEvent, rememberEvent } from "./dedupe-window.ts";
import type { DedupeWindow } from "./dedupe-window.ts";
import { eventSize } from "./event-size.ts";

/** The answer to an event, and the number of events in the current batch of its key. */
export interface Added {
  readonly status: "added" | "duplicate" | "late";
  readonly count: number;
}

/** The stored values of one key. */
export interface AggregatorState {
  /** The current batch. */
  open?: BatchBuffer | undefined;
  seen: DedupeWindow;
  /** More groups of names, if more than 1,000 are remembered. */
  [group: `seen-${number}`]: DedupeWindow;
  /** How names are spread over the groups. Absent: there is one. */
  grouping?: DedupeGrouping | undefined;
  newestAt?: number | undefined;
}

/**
 * A function that gathers events by id and sends them in batches. It is its own operation `add`.
 */
export interface Aggregator<Event>
  extends StatefulFn<Event, Added>, StatefulFunction<AggregatorState> {
  readonly type: string;
  /** Adds an event to the batch of an id. */
  readonly add: StatefulFn<Event, Added>;
  /** Sends the current batch, however small. Returns the number of its events. */
  readonly flush: StatefulFn<void, number>;
}

type Ctx = Context<AggregatorState>;

/**
 * Gathers events by id and sends them in batches: when there are enough of them, when the first has
 * waited long enough, when they are large, or after a silence.
 *
 * One commit sends and clears a batch, so no crash loses an event or sends it twice.
 *
 * @throws `INVALID_OPTIONS`, `INVALID_DELAY`, `INVALID_NAME`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { aggregator } from "handback/patterns";
 * import type { Batch } from "handback/patterns";
 *
 * type Reading = { id: string; celsius: number };
 * const store = fn("docs/store", (ctx, batch: Batch<Reading>) =>
 *   ctx.log.info(`${batch.key}: ${batch.events.length}`),
 * );
 * const batch = aggregator("docs/batch", {
 *   flush: store,
 *   maxCount: 100,
 *   maxWait: "10s",
 *   dedupeBy: (reading) => reading.id,
 * });
 *
 * const engine = await embedded({ functions: [batch], store: memory(), log: console });
 * const at = { id: "kitchen" };
 * const reading = { id: "e1", celsius: 21 };
 * const first = await engine.client.call(batch.add, reading, at);
 * console.log(first); // { status: "added", count: 1 }
 * const second = await engine.client.call(batch.add, reading, at);
 * console.log(second); // { status: "duplicate", count: 1 }
 * await engine.client.call(batch.flush, undefined, at); // kitchen: 1
 * await engine.close();
 */
export function aggregator<Event>(
  name: PatternName,
  options: AggregatorOptions<Event>,
): Aggregator<Event>;
// Inside, events are values like any other.
export function aggregator(
  name: PatternName,
  options: AggregatorOptions<unknown>,
): Aggregator<unknown> {
  const rules = aggregatorRules(name, options);
  const shape = aggregatorShape(rules, options);
  const self = aggregatorFunction(rules);
  shaped(self.add, shape);
  return shaped(defaultOperation<Aggregator<unknown>>(self, "add", ["flush"]), shape);
}

/** The stateful function. Its handlers load totals, decide, and carry the decision out. */
function aggregatorFunction(rules: AggregatorRules) {
  const { type, aliases, bounds, flush, dedupeBy, timeOf, onLate } = rules;
  const self = stateful(type, {
    aliases,
    ageOut: "never",
    whenFailed: "fail",
    state: { open: value<BatchBuffer>(), ...dedupeValues(rules), newestAt: value<number>() },
    parts: functionsAmong([flush, onLate]),
    handlers: {
      add(ctx, event: unknown): Added {
        const now = ctx.now();
        if (dedupeBy !== undefined && isKnownEvent(ctx, rules, { name: dedupeBy(event), now }))
          return added(ctx, "duplicate");
        if (timeOf !== undefined && isLateEvent(ctx, rules, timeOf(event))) {
          if (onLate !== undefined) sendToDestination(ctx, onLate, event);
          return added(ctx, "late");
        }
        const timerAt = putEvent(ctx, rules, { event, now });
        if (timerAt !== undefined) wakeAt(ctx, timerAt);
        return added(ctx, "added");
      },
      flush(ctx): number {
        const { open } = ctx.state;
        if (open === undefined) return 0;
        sendBatch(ctx, rules, "asked");
        return open.events.length;
      },
      /** Handles the timer of a batch. */
      due(ctx, { batch }: { readonly batch: string }): void {
        const { open } = ctx.state;
        const change = wakeBatch(open && totalsOf(open), batch, bounds, ctx.now());
        if (change === undefined) return;
        if ("flush" in change) sendBatch(ctx, rules, change.flush);
        else if (change.timerAt !== undefined) wakeAt(ctx, change.timerAt);
      },
    },
  });
  const wakeAt = (ctx: Ctx, at: number): void => {
    const batch = ctx.state.open?.id;
    if (batch !== undefined) setAddressTimer(ctx, { operation: self.due, input: { batch }, at });
  };
  return self;
}

/** The stored values that remember the names of events, one for each group. */
function dedupeValues({ groups: [, ...more], window: { windowMs } }: AggregatorRules) {
  const names = (): ValueSpec<DedupeWindow> =>
    value<DedupeWindow>(EMPTY_WINDOW, { expireAfterWrite: windowMs });
  const others: Record<`seen-${number}`, ValueSpec<DedupeWindow>> = {};
  for (const group of more) others[group] = names();
  const grouping = value<DedupeGrouping>(undefined, {
    expireAfterWrite: GROUPING_WINDOWS * windowMs,
  });
  return { seen: names(), ...others, grouping };
}

/** Remembers the name of an event before its time is checked, so a late event is late once. */
function isKnownEvent(
  ctx: Ctx,
  { type, groups, window }: AggregatorRules,
  { name, now }: { readonly name: string; readonly now: number },
): boolean {
  checkId(name, `result of dedupeBy of ${type}`);
  const event = [name, now] as const;
  const group = dedupeGroupOf(name, groups.length);
  const next = rememberEvent(ctx.state[group] ?? EMPTY_WINDOW, window, event);
  if (next === undefined || isKnownInFormerGroup(ctx, { groups, window }, event)) return true;
  ctx.state[group] = next;
  return false;
}

/** Looks for a name where an aggregator with fewer or more groups kept it. */
function isKnownInFormerGroup(
  ctx: Ctx,
  { groups, window: { windowMs } }: Pick<AggregatorRules, "groups" | "window">,
  event: readonly [name: string, now: number],
): boolean {
  const [name, now] = event;
  const { grouping: stored } = ctx.state;
  const grouping = currentGrouping(stored, groups.length, { now, windowMs });
  if (grouping !== stored) ctx.state.grouping = grouping;
  if (grouping === undefined) return false;
  return formerCounts(grouping, now).some((count) =>
    knowsEvent(ctx.state[dedupeGroupOf(name, count)] ?? EMPTY_WINDOW, windowMs, event),
  );
}

function isLateEvent(ctx: Ctx, rules: AggregatorRules, at: unknown): boolean {
  if (typeof at !== "number" || !Number.isFinite(at))
    throw invalidOption(`result of timeOf of ${rules.type}`, "ms since the epoch", at);
  const change = checkEventTime(ctx.state.newestAt, at, rules);
  if (!change.isLate) ctx.state.newestAt = change.newestAt;
  return change.isLate;
}

/** Adds an event to a batch and sends what is due. Returns the instant for a new timer. */
function putEvent(
  ctx: Ctx,
  rules: AggregatorRules,
  { event, now }: { readonly event: unknown; readonly now: number },
): number | undefined {
  const { open } = ctx.state;
  const step = { bytes: eventSize(event), batchId: callIdOf(ctx) };
  const change = addEvent(open && totalsOf(open), step, rules.bounds, now);
  if (change.flushBefore !== undefined) sendBatch(ctx, rules, change.flushBefore);
  const { count: _, ...totals } = change.batch;
  // The list is changed in place: copying it would cost more with each event.
  const buffer = (ctx.state.open ??= { ...totals, events: [] });
  buffer.events.push(event);
  buffer.bytes = totals.bytes;
  buffer.lastAt = totals.lastAt;
  if (change.flushAfter !== undefined) sendBatch(ctx, rules, change.flushAfter);
  return change.timerAt;
}

/** Sends and clears the current batch in this commit. */
function sendBatch(ctx: Ctx, { flush }: AggregatorRules, reason: FlushReason): void {
  const { open } = ctx.state;
  if (open === undefined) return;
  const { bytes: _, events, ...about } = open;
  ctx.state.open = undefined;
  cancelAddressTimer(ctx);
  sendToDestination(ctx, flush, { ...about, key: ctx.self.id, events, reason });
}

function added(ctx: Ctx, status: Added["status"]): Added {
  return { status, count: ctx.state.open?.events.length ?? 0 };
}

function aggregatorShape(
  { type, flush, onLate }: AggregatorRules,
  { maxCount = 1_000, maxWait, gap }: AggregatorOptions<unknown>,
): Shape {
  const limits = [
    `${maxCount} events`,
    maxWait && `${durationInWords(maxWait)} old`,
    gap && `${durationInWords(gap)} of silence`,
  ];
  return {
    kind: "aggregator",
    name: type,
    flush: partOf(flush),
    bounds: limits.filter(Boolean).join(", or "),
    ...(onLate !== undefined && { onLate: partOf(onLate) }),
  };
}
