import type { Activation } from "../../core/activation/activation.ts";
import { NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { childId } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import {
  closeScope,
  unwatchCancellation,
  watchCancellation,
} from "../protocol/cancellation-watch.ts";
import { combinatorFunction, OPEN, planOf, readVersioned } from "../protocol/combinator.ts";
import type { BranchSettled, Combinator, Compiled, ReadValue } from "../protocol/combinator.ts";
import { addCarriedUsage } from "../protocol/consumer.ts";
import { billFlow, deliverCancelled, deliverSettlement } from "../protocol/deliver.ts";
import type { Graph } from "../protocol/graph.ts";
import { addConsumer } from "../protocol/node.ts";
import type { CombinatorPlan, Node } from "../protocol/node.ts";
import {
  cancelledSettlement,
  fulfilledSettlement,
  rejectedSettlement,
  SETTLED_UNDEFINED,
} from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { sendControl } from "../protocol/system.ts";
import type { Failure } from "../types/failure.ts";
import { branchOfAll, listPlan, listSegments, sendOpenAll } from "./all.ts";
import { branchScope } from "./race.ts";

/**
 * `first`: the first `count` fulfilled of several futures, in the order of their fulfillment. The
 * others are canceled.
 *
 * F1 Two lists collect the branches: one of the wanted number of values, and one of as many
 * failures as make that number impossible. Exactly one list can become full, and it decides.
 * F2 The lists are instances of `all`. So an instance of `first` holds only numbers, whatever the
 * size of the values.
 * F3 Each branch is a scope of its own. The decision cancels all of them but those that were
 * fulfilled.
 * F4 Every arrival fills one place of either list, so both are deleted once all branches have
 * arrived. The one place that is left over is filled by the decision.
 * F5 In a canceled scope the outcome is a rejection, and it waits for all branches.
 */

/** Opens an instance. `scope` cancels it. */
type OpenFirst = {
  readonly count: number;
  readonly branches: number;
  readonly flow?: string;
  readonly scope?: string;
};

/** A branch that has settled, or the list of failures, whose index is the number of branches. */
type Arrival = BranchSettled & { readonly settled: Settled };

type FirstState = {
  readonly v: number;
  readonly opening?: OpenFirst;
  /** Branches that settled before the opening message. */
  readonly early: readonly Arrival[];
  /** Indexes of the fulfilled branches. */
  readonly fulfilled: readonly number[];
  /** Places of each list that are filled. */
  readonly values: number;
  readonly failures: number;
  readonly over: boolean;
  /** The list of failures has settled. */
  readonly listed: boolean;
  /** Its scope was canceled. Its consumers are told once all branches have arrived. */
  readonly late?: true;
};

type OpenedFirst = FirstState & { readonly opening: OpenFirst };

const TYPE = "_sys/first";
const VALUE = "first";
const CANCEL = "cancel";
const FORMAT = 1;
const UNOPENED: FirstState = {
  v: FORMAT,
  early: [],
  fulfilled: [],
  values: 0,
  failures: 0,
  over: false,
  listed: false,
};

function loadFirst(activation: Activation): FirstState {
  return readVersioned<FirstState>(activation, VALUE, FORMAT) ?? UNOPENED;
}

/** The combinator of `ctx.first`. */
export const first: Combinator<number> = {
  kind: "first",
  definitions: [
    combinatorFunction<OpenFirst>({
      type: TYPE,
      valueNames: [VALUE],
      open: (activation, opening) =>
        saveFirst(activation, openFirst(activation, loadFirst(activation), opening)),
      settle(activation, branch) {
        const settled = { ok: branch.ok, text: activation.envelope.payload };
        const state = loadFirst(activation);
        saveFirst(activation, addArrival(activation, state, { ...branch, settled }));
      },
      cancel: (activation) => saveFirst(activation, cancelFirst(activation, loadFirst(activation))),
    }),
  ],
  isActive: true,
  methods: {
    first(context, count, futures) {
      const needs = context.needs(futures, "first");
      if (
        typeof count !== "number" ||
        !Number.isInteger(count) ||
        count < 0 ||
        count > needs.length
      ) {
        const expected = `a count from 0 to ${needs.length}, the number of futures`;
        throw new HandbackError(
          "INVALID_OPTIONS",
          `first: expected ${expected}, got ${show(count)}`,
        );
      }
      if (count > 0) return context.add(planOf(first, needs, count));
      for (const { node } of needs) node.abandoned = true;
      return context.add(listPlan([]));
    },
  },
  compile: sendFirst,
  consumersAt(read, id) {
    const { opening, over } = readFirst(read);
    return opening === undefined || over ? [] : [branchOfAll(valuesId(id), opening.count, 0)];
  },
  canSpare(read, lost) {
    const { opening } = readFirst(read);
    return opening === undefined || opening.branches - lost >= opening.count;
  },
  describe: () => ({ kind: "first", name: "" }),
};

function readFirst(read: ReadValue): FirstState {
  return (read(VALUE) as FirstState | undefined) ?? UNOPENED;
}

/** Returns the id of the `all` that collects the values. Its consumers are those of the whole. */
function valuesId(id: MessageId): MessageId {
  return childId(id, 0, "values");
}

function failuresId(id: MessageId): MessageId {
  return childId(id, 0, "failures");
}

/** Returns the number of failures that make `count` fulfilled branches impossible. */
function failureLimit({ count, branches }: OpenFirst): number {
  return branches - count + 1;
}

function sendFirst(
  { activation, flow }: Graph,
  { id }: Node,
  { needs, details: count }: CombinatorPlan<number>,
  { scope, consumers }: Compiled,
): void {
  for (const [index, need] of needs.entries()) {
    const branch = { id: branchScope(id, index, scope.id), parent: scope };
    addConsumer(need, branch, { to: "first", id, index }, true);
  }
  const inFlow = flow === undefined ? {} : { flow };
  const control: OpenFirst = {
    count,
    branches: needs.length,
    ...inFlow,
    ...(scope.id !== undefined && { scope: scope.id }),
  };
  const values = { segments: listSegments(count), consumers, ...inFlow };
  const failures = {
    segments: listSegments(failureLimit(control)),
    consumers: [{ to: "first", id, index: needs.length }],
    ...inFlow,
  };
  // The branches of both lists are filled by this function alone.
  sendOpenAll(activation, valuesId(id), values, () => undefined);
  sendOpenAll(activation, failuresId(id), failures, () => undefined);
  sendControl(activation, { target: { type: TYPE, id }, name: OPEN, control, fresh: true });
}

function openFirst(activation: Activation, state: FirstState, opening: OpenFirst): FirstState {
  watchCancellation(activation, opening.scope, CANCEL);
  let opened: FirstState = { ...state, opening, early: [] };
  for (const arrival of state.early) opened = addArrival(activation, opened, arrival);
  return opened;
}

function addArrival(activation: Activation, state: FirstState, arrival: Arrival): FirstState {
  const { opening } = state;
  if (opening === undefined) return { ...state, early: [...state.early, arrival] };
  const opened: OpenedFirst = { ...state, opening };
  const { index, settled, tally } = arrival;
  if (index === opening.branches) return receiveFailures(activation, opened, arrival);
  if (state.late === true) return fillLate(activation, opened, tally);
  if (state.over) return fillLeftOver(activation, opened, SETTLED_UNDEFINED, tally);
  if (!settled.ok) return fillFailure(activation, opened, fulfilledSettlement(settled.text), tally);
  const filled = fillValue(activation, opened, settled, tally);
  const fulfilled = [...state.fulfilled, index];
  if (fulfilled.length < opening.count) return { ...filled, fulfilled };
  const over = endBranches(activation, { ...filled, fulfilled });
  return fillFailure(activation, over, cancelledSettlement("the list of failures"));
}

/** The list of failures has settled: it is full, unless another outcome came before. */
function receiveFailures(
  activation: Activation,
  state: OpenedFirst,
  { settled, tally }: Arrival,
): FirstState {
  const listed = { ...state, listed: true };
  const { count, branches, flow } = state.opening;
  if (state.over) {
    billFlow(activation, tally, flow);
    return listed;
  }
  const errors = JSON.parse(settled.text) as readonly Failure[];
  const message = `${errors.length} of ${branches} futures were rejected, and ${count} had to be fulfilled`;
  const rejection = rejectedSettlement({ name: "AggregateError", message, errors });
  return fillValue(activation, endBranches(activation, listed), rejection, tally);
}

function cancelFirst(activation: Activation, state: FirstState): FirstState {
  const { opening, over } = state;
  if (opening === undefined || over) return state;
  const ended = { ...endBranches(activation, { ...state, opening }), late: true } as const;
  return countFilled(ended) < opening.branches ? ended : rejectLate(activation, ended);
}

/** A branch has arrived after the cancellation. The last one leaves one place in the values. */
function fillLate(activation: Activation, state: OpenedFirst, tally: UsageTotals): FirstState {
  const fill = state.failures < failureLimit(state.opening) ? fillFailure : fillValue;
  const filled = fill(activation, state, SETTLED_UNDEFINED, tally);
  return countFilled(filled) < state.opening.branches ? filled : rejectLate(activation, filled);
}

function rejectLate(activation: Activation, state: OpenedFirst): FirstState {
  const { count, flow } = state.opening;
  const place = branchOfAll(valuesId(activation.address.id), count, state.values);
  const work = { what: "the wait for the first futures", run: "unknown", flow } as const;
  deliverCancelled(activation, [place], work);
  return { ...state, values: state.values + 1 };
}

function countFilled({ values, failures }: FirstState): number {
  return values + failures;
}

/** Cancels every branch that was not fulfilled. */
function endBranches(activation: Activation, state: OpenedFirst): OpenedFirst {
  const { scope, branches } = state.opening;
  if (scope !== undefined) unwatchCancellation(activation, [scope, CANCEL]);
  const winners = new Set(state.fulfilled);
  for (let index = 0; index < branches; index++) {
    const own = branchScope(activation.address.id, index, scope);
    if (winners.has(index)) closeScope(activation, own, scope);
    else activation.cancelScope(own);
  }
  return { ...state, over: true };
}

function fillValue(
  activation: Activation,
  state: OpenedFirst,
  settled: Settled,
  tally = NO_USAGE,
): OpenedFirst {
  const { count, flow } = state.opening;
  const place = branchOfAll(valuesId(activation.address.id), count, state.values);
  deliverSettlement(activation, addCarriedUsage([place], tally), settled, flow);
  return { ...state, values: state.values + 1 };
}

function fillFailure(
  activation: Activation,
  state: OpenedFirst,
  settled: Settled,
  tally = NO_USAGE,
): OpenedFirst {
  const { opening, failures } = state;
  const place = branchOfAll(failuresId(activation.address.id), failureLimit(opening), failures);
  deliverSettlement(activation, addCarriedUsage([place], tally), settled, opening.flow);
  return { ...state, failures: failures + 1 };
}

function fillLeftOver(
  activation: Activation,
  state: OpenedFirst,
  settled: Settled,
  tally: UsageTotals,
): OpenedFirst {
  const fill = state.values < state.opening.count ? fillValue : fillFailure;
  return fill(activation, state, settled, tally);
}

function saveFirst(activation: Activation, state: FirstState): void {
  const { opening, values, failures, listed } = state;
  if (listed && values + failures === (opening?.branches ?? 0) + 1) activation.delete(VALUE);
  else if (state !== UNOPENED) activation.write(VALUE, { json: state });
}
