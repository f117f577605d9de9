import type { Activation } from "../../core/activation/activation.ts";
import { addUsage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { childId } from "../../core/message/message-id.ts";
import { unwatchCancellation, watchCancellation } from "../protocol/cancellation-watch.ts";
import { combinatorFunction, OPEN, planOf, readVersioned } from "../protocol/combinator.ts";
import type { Combinator, Compiled, ReadValue } from "../protocol/combinator.ts";
import type { BranchConsumer, Consumer } from "../protocol/consumer.ts";
import {
  billFlow,
  carryOrBillUsage,
  deliverSettlement,
  reportUnhandled,
} from "../protocol/deliver.ts";
import type { Graph } from "../protocol/graph.ts";
import { addConsumer } from "../protocol/node.ts";
import type { CombinatorPlan, Node, Plan } from "../protocol/node.ts";
import { isDetached, scopeName } from "../../core/message/scope-name.ts";
import type { Scope } from "../protocol/scope.ts";
import { cancelledSettlement, rejectedSettlement, rejectedWithCode } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { sendControl } from "../protocol/system.ts";
import { toFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";
import { listSegments, sendOpenAll } from "./all.ts";
import { timerPlan } from "./timer.ts";

/**
 * `race`: one of several futures decides, and the others are canceled. `ctx.race`, `ctx.any` and
 * `ctx.timeout` are races.
 *
 * RC1 It is decided once: in `race` by the first settlement, in `any` by the first fulfillment.
 * Later ones are counted and dropped.
 * RC2 Each branch is a scope of its own. The decision cancels all of them but that of a fulfilled
 * winner, so work that the winner started continues.
 * RC3 It is deleted once it was opened, is decided, and all branches have arrived, and no sooner: a
 * late one would create it again.
 * RC4 `any` keeps no failures. An `all` beside it collects the settlements and fills one more
 * branch, which decides if nothing else did.
 */

type Mode = "race" | "any";

/** Opens a race. `branches` excludes the extra branch of `any`. `scope` cancels the race itself. */
type OpenRace = {
  readonly mode: Mode;
  readonly branches: number;
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
  readonly scope?: string;
};

type Branch = { readonly index: number; readonly settled: Settled };

type RaceState = {
  readonly v?: number;
  readonly opening?: OpenRace;
  /** Branches that settled before the opening message. */
  readonly early: readonly Branch[];
  readonly arrived: number;
  readonly over: boolean;
  readonly tally: UsageTotals;
};

type OpenedRace = RaceState & { readonly opening: OpenRace };

const TYPE = "_sys/race";
const VALUE = "race";
const CANCEL = "cancel";
/** Version of the stored state. Version 0 had no number. */
const FORMAT = 1;
const UNOPENED: RaceState = { v: FORMAT, early: [], arrived: 0, over: false, tally: NO_USAGE };

function loadRace(activation: Activation): RaceState {
  return readVersioned<RaceState>(activation, VALUE, FORMAT) ?? UNOPENED;
}

/** The combinator of `ctx.race`, `ctx.any` and `ctx.timeout`. */
export const race: Combinator<Mode> = {
  kind: "race",
  definitions: [
    combinatorFunction<OpenRace>({
      type: TYPE,
      valueNames: [VALUE],
      open: (activation, opening) =>
        saveRace(activation, openRace(activation, loadRace(activation), opening)),
      settle(activation, { index, ok, tally }) {
        const state = loadRace(activation);
        const counted = { ...state, tally: addUsage(state.tally, tally) };
        const branch: Branch = { index, settled: { ok, text: activation.envelope.payload } };
        saveRace(activation, settleBranch(activation, counted, branch));
      },
      cancel: (activation) => saveRace(activation, cancelRace(activation, loadRace(activation))),
    }),
  ],
  isActive: true,
  methods: {
    race(context, futures) {
      const needs = context.needs(futures, "race");
      if (needs.length > 0) return context.add(planOf(race, needs, "race"));
      throw new HandbackError("EMPTY_RACE", "race: there are no futures, so it would never settle");
    },
    any(context, futures) {
      const needs = context.needs(futures, "any");
      return context.add(
        needs.length > 0 ? planOf(race, needs, "any") : noneFulfilled(context.type),
      );
    },
    timeout(context, future, duration) {
      const need = context.need(future);
      const dueAt = context.dueAt(duration, "the duration of ctx.timeout");
      const why = `a future of ${context.type} had not settled in time`;
      const settled = rejectedWithCode("TIMEOUT", why, { duration: duration as string | number });
      const timer = context.graph.add(timerPlan(dueAt, settled));
      return context.add(planOf(race, [need, { node: timer }], "race"));
    },
  },
  compile: sendRace,
  consumersAt(read) {
    const { opening, over } = readRace(read);
    return opening === undefined || over ? [] : opening.consumers;
  },
  canSpare(read, lost) {
    const { opening, arrived } = readRace(read);
    return opening === undefined || lost + arrived < slotsOf(opening);
  },
  describe: () => ({ kind: "race", name: "" }),
};

function noneFulfilled(type: string): Plan {
  const error = new AggregateError([], "any: there are no futures");
  return { kind: "settled", settled: rejectedSettlement(toFailure(error, type)) };
}

function readRace(read: ReadValue): RaceState {
  return (read(VALUE) as RaceState | undefined) ?? UNOPENED;
}

/** Returns the id of a branch's scope. No such id begins with another one. */
export function branchScope(id: string, index: number, scope: string | undefined): string {
  return `${scopeName(id, isDetached(scope))}/${index}.`;
}

function sendRace(
  graph: Graph,
  node: Node,
  { needs, details: mode }: CombinatorPlan<Mode>,
  { scope, consumers }: Compiled,
): void {
  const { activation, flow } = graph;
  const scopes = needs.map((_, index): Scope => ({
    id: branchScope(node.id, index, scope.id),
    parent: scope,
  }));
  const assignEach = (consumerOf: (index: number) => Consumer): void => {
    for (const [index, need] of needs.entries())
      addConsumer(need, scopes[index] ?? scope, consumerOf(index), true);
  };
  assignEach((index) => ({ to: "race", id: node.id, index }));
  if (mode === "any") {
    const last: BranchConsumer = { to: "race", id: node.id, index: needs.length };
    const collectors = collectSettlements(graph, node, needs.length, last);
    assignEach((index) => collectors[index] ?? last);
  }
  const control: OpenRace = {
    mode,
    branches: needs.length,
    consumers,
    ...(flow !== undefined && { flow }),
    ...(scope.id !== undefined && { scope: scope.id }),
  };
  const target = { type: TYPE, id: node.id };
  sendControl(activation, { target, name: OPEN, control, fresh: true });
}

/** Collects the settlements of all branches beside a race, which then fill its last branch. */
function collectSettlements(
  { activation, flow, epoch }: Graph,
  node: Node,
  count: number,
  last: BranchConsumer,
): readonly Consumer[] {
  const collectors: Consumer[] = [];
  const opening = {
    segments: listSegments(count),
    consumers: [last],
    ...(flow !== undefined && { flow }),
  };
  sendOpenAll(activation, childId(node.id, epoch, "settlements"), opening, (branch, consumer) => {
    collectors[branch] = { ...consumer, want: "settlement" };
  });
  return collectors;
}

function openRace(activation: Activation, state: RaceState, opening: OpenRace): RaceState {
  let opened: RaceState = { ...state, opening, early: [] };
  watchCancellation(activation, opening.scope, CANCEL);
  for (const branch of state.early) opened = settleBranch(activation, opened, branch);
  return opened;
}

function settleBranch(activation: Activation, state: RaceState, branch: Branch): RaceState {
  const { opening } = state;
  if (opening === undefined) return { ...state, early: [...state.early, branch] };
  const counted: OpenedRace = { ...state, opening, arrived: state.arrived + 1 };
  if (state.over) {
    billFlow(activation, state.tally, opening.flow);
    return { ...counted, tally: NO_USAGE };
  }
  const { index, settled } = branch;
  if (index === opening.branches) {
    const outcome = settled.ok ? allRejected(settled) : settled;
    // A fulfilled branch has a consumer of its own, whose message is still on its way.
    return outcome === undefined ? counted : decideRace(activation, counted, outcome);
  }
  if (opening.mode === "race" || settled.ok)
    return decideRace(activation, counted, settled, settled.ok ? index : undefined);
  return counted;
}

/** Ends the race with a settlement. `winner` is the fulfilled branch, if there is one. */
function decideRace(
  activation: Activation,
  { opening, tally, ...state }: OpenedRace,
  settled: Settled,
  winner?: number,
): RaceState {
  const { scope, flow, consumers } = opening;
  if (scope !== undefined) unwatchCancellation(activation, [scope, CANCEL]);
  if (!settled.ok && consumers.length === 0) reportUnhandled(activation, settled, flow);
  const carriers = carryOrBillUsage(activation, consumers, { tally, flow });
  deliverSettlement(activation, carriers, settled, flow);
  for (let index = 0; index < opening.branches; index++) {
    if (index !== winner) activation.cancelScope(branchScope(activation.address.id, index, scope));
  }
  return { ...state, opening, over: true, tally: NO_USAGE };
}

function cancelRace(activation: Activation, state: RaceState): RaceState {
  const { opening, over } = state;
  if (opening === undefined || over) return state;
  return decideRace(activation, { ...state, opening }, cancelledSettlement("the race"));
}

/** Returns the rejection of `any` if no branch was fulfilled. The text holds all settlements. */
function allRejected({ text }: Settled): Settled | undefined {
  const settlements = JSON.parse(text) as readonly {
    readonly status: string;
    readonly reason: Failure;
  }[];
  if (settlements.some(({ status }) => status === "fulfilled")) return undefined;
  const errors = settlements.map(({ reason }) => reason);
  const message = `all ${errors.length} futures were rejected`;
  return rejectedSettlement({ name: "AggregateError", message, errors });
}

/** Returns the number of branches that arrive: `any` has one more than futures. */
function slotsOf({ mode, branches }: OpenRace): number {
  return mode === "any" ? branches + 1 : branches;
}

function saveRace(activation: Activation, state: RaceState): void {
  const { opening, over, arrived } = state;
  if (over && opening !== undefined && arrived === slotsOf(opening)) activation.delete(VALUE);
  else if (state !== UNOPENED) activation.write(VALUE, { json: { ...state, v: FORMAT } });
}
