import type { Activation } from "../../core/activation/activation.ts";
import { addUsage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { childId } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import { checkedBy, optional, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Duration } from "../../core/validation/duration.ts";
import { unwatchCancellation, watchCancellation } from "../protocol/cancellation-watch.ts";
import { encodeHandle } from "../protocol/codec.ts";
import {
  combinatorFunction,
  OPEN,
  planOf,
  readVersioned,
  TIMEOUT,
} from "../protocol/combinator.ts";
import { noteWait } from "../history/note-work.ts";
import type { BranchSettled, Combinator, Compiled, ReadValue } from "../protocol/combinator.ts";
import type { Consumer } from "../protocol/consumer.ts";
import {
  billFlow,
  carryOrBillUsage,
  deliverCancelled,
  deliverSettlement,
} from "../protocol/deliver.ts";
import type { Graph } from "../protocol/graph.ts";
import { addConsumer } from "../protocol/node.ts";
import type { CombinatorPlan, Node } from "../protocol/node.ts";
import { fulfilledSettlement } from "../protocol/settled.ts";
import { scheduleControl, sendControl } from "../protocol/system.ts";
import type { WaitOptions } from "../types/context.ts";
import { sendOpenAll } from "./all.ts";
import { subscribeToCell } from "./cell.ts";

/**
 * `wait`: counts settled futures up to a number or an instant, then collects their settlements.
 *
 * W1 Ready and pending partition the futures, both in the given order.
 * W2 A branch changes one bit and brings no value, so n branches cost O(n) messages of flat size.
 * Once it is decided which futures are ready, an `all` fetches their settlements from their cells.
 * W3 It lives until it was opened, is decided, and all branches have arrived: a later one would
 * create it again.
 * W4 It is canceled with its scope, and its consumers are told once all branches have arrived.
 * W5 The usage of its branches travels on with the outcome. That of later ones goes to the flow.
 */

/** The parts of a wait that its handler decides. */
type WaitDetails = {
  readonly count: number;
  readonly dueAt?: number;
};

/**
 * Opens a wait. `cells` are those of its futures, `count` is the number of settlements to wait for.
 */
type OpenWait = WaitDetails & {
  readonly cells: readonly MessageId[];
  readonly retainUntil: number;
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
  readonly scope?: string;
};

type Arrivals = {
  readonly v?: number;
  readonly bits: readonly number[];
  readonly count: number;
  readonly over: boolean;
  readonly tally?: UsageTotals;
  /** It was canceled before it was decided. */
  readonly late?: true;
};

const TYPE = "_sys/wait";
const OPENING = "opening";
const ARRIVALS = "ticks";
/** Version of the stored state. Version 0 had no number. */
const FORMAT = 1;
const NONE: Arrivals = { bits: [], count: 0, over: false };

const OPTIONS = {
  count: optional(checkedBy<number>((value) => value as number)),
  timeout: optional(checkedBy<Duration>((value) => value as Duration)),
} satisfies OptionTable<WaitOptions>;

function loadArrivals(activation: Activation): Arrivals {
  return readVersioned<Arrivals>(activation, ARRIVALS, FORMAT) ?? NONE;
}

/** The combinator of `ctx.wait`. */
export const wait: Combinator<WaitDetails> = {
  kind: "wait",
  definitions: [
    combinatorFunction<OpenWait>({
      type: TYPE,
      valueNames: [OPENING, ARRIVALS],
      open(activation, opening) {
        openWait(activation, opening);
        proceed(activation, loadArrivals(activation), false);
      },
      settle: (activation, branch) =>
        proceed(activation, addArrival(loadArrivals(activation), branch), false),
      cancel: (activation) => cancelWait(activation, loadArrivals(activation)),
      timeout(activation) {
        if (activation.json(OPENING) === undefined) return;
        proceed(activation, loadArrivals(activation), true);
      },
    }),
  ],
  methods: {
    wait(context, futures, options = {}) {
      const { count: wanted, timeout } = readOptions("ctx.wait", OPTIONS, options);
      // A branch needs no value: the cell of its future keeps that.
      const needs = context.needs(futures, "wait", "completion");
      const count = wanted === undefined ? needs.length : wanted;
      if (!Number.isInteger(count) || count < 0 || count > needs.length) {
        const expected = `a count from 0 to ${needs.length}, the number of futures`;
        throw new HandbackError(
          "INVALID_OPTIONS",
          `wait: expected ${expected}, got ${show(count)}`,
        );
      }
      if (timeout === undefined) return context.add(planOf(wait, needs, { count }));
      const dueAt = context.dueAt(timeout, "the timeout of ctx.wait");
      return context.add(planOf(wait, needs, { count, dueAt }));
    },
  },
  compile: sendWait,
  consumersAt(read) {
    return readArrivals(read).over ? [] : (readOpening(read)?.consumers ?? []);
  },
  canSpare(read, lost) {
    const opening = readOpening(read);
    if (opening === undefined || opening.dueAt !== undefined) return true;
    return opening.cells.length - lost >= opening.count;
  },
  describe: () => ({ kind: "wait", name: "" }),
};

function readOpening(read: ReadValue): OpenWait | undefined {
  return read(OPENING) as OpenWait | undefined;
}

function readArrivals(read: ReadValue): Arrivals {
  return (read(ARRIVALS) as Arrivals | undefined) ?? NONE;
}

function sendWait(
  graph: Graph,
  node: Node,
  { needs, details: { count, dueAt } }: CombinatorPlan<WaitDetails>,
  { scope, consumers }: Compiled,
): void {
  const { flow, activation } = graph;
  const { clock, retentionMs } = activation.environment;
  const cells = needs.map((need) => graph.makeHandle(need.node, scope).id);
  for (const [index, need] of needs.entries())
    addConsumer(need, scope, { to: "wait", id: node.id, index });
  const control: OpenWait = {
    cells,
    retainUntil: clock.now() + retentionMs,
    count,
    consumers,
    ...(dueAt !== undefined && { dueAt }),
    ...(flow !== undefined && { flow }),
    ...(scope.id !== undefined && { scope: scope.id }),
  };
  const target = { type: TYPE, id: node.id };
  sendControl(activation, { target, name: OPEN, control, fresh: true });
}

function openWait(activation: Activation, opening: OpenWait): void {
  activation.write(OPENING, { json: opening });
  const { dueAt, scope } = opening;
  if (dueAt === undefined) return void watchCancellation(activation, scope, TIMEOUT);
  const target = activation.address;
  const at = { id: childId(target.id, 0, TIMEOUT), dueAt, token: TIMEOUT, scope };
  scheduleControl(activation, { target, name: TIMEOUT, control: null }, at);
  const set = { type: "timerSet", at: activation.now, timer: target.id, dueAt } as const;
  noteWait(activation, { id: target.id, flow: opening.flow }, set);
}

/** Notes the end of the timer, if the wait has one. */
function noteTimerEnd(
  activation: Activation,
  { dueAt, flow }: OpenWait,
  type: "timerFired" | "timerCancelled",
): void {
  const { id } = activation.address;
  if (dueAt !== undefined)
    noteWait(activation, { id, flow }, { type, at: activation.now, timer: id });
}

function cancelWait(activation: Activation, arrivals: Arrivals): void {
  const opening = activation.json(OPENING) as OpenWait | undefined;
  if (opening === undefined || arrivals.over) return;
  noteTimerEnd(activation, opening, "timerCancelled");
  proceedLate(activation, opening, { ...arrivals, over: true, late: true });
}

/** Rejects the consumers of a canceled wait once all branches have arrived. */
function proceedLate(activation: Activation, opening: OpenWait, arrivals: Arrivals): void {
  const { flow, consumers, cells } = opening;
  if (arrivals.count < cells.length) return saveWait(activation, opening, arrivals);
  const { tally = NO_USAGE } = arrivals;
  deliverCancelled(activation, consumers, {
    what: "the wait",
    run: "unknown",
    tally,
    flow,
  });
  saveWait(activation, opening, { ...arrivals, tally: NO_USAGE });
}

function addArrival(
  arrivals: Arrivals,
  { index, tally: added }: Partial<BranchSettled> & { readonly index: number },
): Arrivals {
  const { bits, count, tally = NO_USAGE } = arrivals;
  const word = index >> 5;
  const length = Math.max(bits.length, word + 1);
  const longer = Array.from({ length }, (_, at) => bits[at] ?? 0);
  const set = longer.with(word, (longer[word] ?? 0) | (1 << (index & 31)));
  return { ...arrivals, bits: set, count: count + 1, tally: addUsage(tally, added ?? NO_USAGE) };
}

function proceed(activation: Activation, arrivals: Arrivals, timedOut: boolean): void {
  const opening = activation.json(OPENING) as OpenWait | undefined;
  if (opening === undefined) return saveWait(activation, opening, arrivals);
  if (arrivals.late === true) return proceedLate(activation, opening, arrivals);
  if (arrivals.over) {
    billFlow(activation, arrivals.tally ?? NO_USAGE, opening.flow);
    return saveWait(activation, opening, { ...arrivals, tally: NO_USAGE });
  }
  if (!timedOut && arrivals.count < opening.count) return saveWait(activation, opening, arrivals);
  decideWait(activation, opening, arrivals, timedOut);
  saveWait(activation, opening, { ...arrivals, over: true, tally: NO_USAGE });
}

function saveWait(activation: Activation, opening: OpenWait | undefined, arrivals: Arrivals): void {
  if (arrivals.over && arrivals.count === opening?.cells.length) {
    activation.delete(OPENING);
    activation.delete(ARRIVALS);
  } else activation.write(ARRIVALS, { json: { ...arrivals, v: FORMAT } });
}

function decideWait(
  activation: Activation,
  opening: OpenWait,
  { bits, tally = NO_USAGE }: Arrivals,
  timedOut: boolean,
): void {
  const { dueAt, scope, cells, retainUntil, flow } = opening;
  if (dueAt === undefined && scope !== undefined) unwatchCancellation(activation, [scope, TIMEOUT]);
  else if (!timedOut) activation.cancelSend(TIMEOUT);
  noteTimerEnd(activation, opening, timedOut ? "timerFired" : "timerCancelled");
  const { ready, pending } = partition(cells.length, bits);
  const { storeId } = activation.environment;
  const handles = pending.map(
    (index) =>
      `{"index":${index},"handle":${encodeHandle(cells[index] ?? "", storeId, retainUntil)}}`,
  );
  const tail = `],"pending":[${handles.join(",")}]}`;
  const consumers = carryOrBillUsage(activation, opening.consumers, { tally, flow });
  if (ready.length === 0) {
    const settled = fulfilledSettlement(`{"ready":[${tail}` as Encoded);
    return deliverSettlement(activation, consumers, settled, flow);
  }
  const commas = Array.from({ length: ready.length - 1 }, () => ",");
  const segments = ['{"ready":[', ...commas, tail];
  const fetching = flow === undefined ? { segments, consumers } : { segments, consumers, flow };
  const id = childId(activation.address.id, 0, "ready");
  sendOpenAll(activation, id, fetching, (branch, filler) => {
    const index = ready[branch] ?? 0;
    const consumer: Consumer = { ...filler, want: "settlement", position: index };
    subscribeToCell(activation, { cell: cells[index] ?? "", retainUntil }, [consumer]);
  });
}

function partition(
  length: number,
  bits: readonly number[],
): { readonly ready: readonly number[]; readonly pending: readonly number[] } {
  const isReady = (index: number): boolean => (((bits[index >> 5] ?? 0) >> (index & 31)) & 1) === 1;
  const indexes = Array.from({ length }, (_, index) => index);
  return {
    ready: indexes.filter(isReady),
    pending: indexes.filter((index) => !isReady(index)),
  };
}
