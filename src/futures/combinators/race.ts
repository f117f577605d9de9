import type { Activation } from "../../core/activation/activation.ts";
import { GRACE_MS } from "../../core/activation/definition.ts";
import { addUsage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { childId } from "../../core/message/message-id.ts";
import {
  closeScope,
  unwatchCancellation,
  watchCancellation,
} from "../protocol/cancellation-watch.ts";
import {
  combinatorFunction,
  OPEN,
  planOf,
  readVersioned,
  TIMEOUT,
} from "../protocol/combinator.ts";
import type { Combinator, Compiled, ReadValue } from "../protocol/combinator.ts";
import type { BranchConsumer, Consumer } from "../protocol/consumer.ts";
import { isLate, toLate } from "../protocol/consumer.ts";
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
import {
  cancelledSettlement,
  fulfilledSettlement,
  rejectedSettlement,
  rejectedWithCode,
} from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { scheduleControl, sendControl } from "../protocol/system.ts";
import { toFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";
import { eitherEnding } from "../types/run-ending.ts";
import type { RunEnding } from "../types/run-ending.ts";
import { listSegments, sendOpenAll } from "./all.ts";
import { graceOf, mustWait, patientRejection } from "./held-consumers.ts";
import type { Held } from "./held-consumers.ts";
import { timerPlan } from "./timer.ts";

/**
 * `race`: one of several futures decides, and the others are canceled. `ctx.race`, `ctx.any` and
 * `ctx.timeout` are races.
 *
 * RC1 It is decided once: in `race` by the first settlement, in `any` by the first fulfillment.
 * Later ones are counted and dropped.
 * RC2 Each branch is a scope of its own. The decision cancels all of them but that of a fulfilled
 * winner, so work that the winner started continues. It is canceled with the race's own scope.
 * RC3 It is deleted once it was opened, is decided, and all branches have arrived, and no sooner: a
 * late one would create it again.
 * RC4 `any` keeps no failures. An `all` beside it collects the settlements and fills one more
 * branch, which decides if nothing else did.
 * RC5 A rejection can have to wait until the work that it canceled has ended: in a canceled scope for
 * all consumers, else for those with patience. The race then *holds* these consumers until all
 * branches have arrived, and tells them how the work ended.
 */

/** `timeout`: a race of a future and, as its second branch, a timer. */
type Mode = "race" | "any" | "timeout";

/** Index of the timer in a timeout. */
const TIMER = 1;

/** Opens a race. `branches` excludes the extra branch of `any`. `scope` cancels the race itself. */
type OpenRace = {
  readonly mode: Mode;
  readonly branches: number;
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
  readonly scope?: string;
};

type Branch = {
  readonly index: number;
  readonly settled: Settled;
  readonly run?: RunEnding | undefined;
};

type RaceState = {
  readonly v?: number;
  readonly opening?: OpenRace;
  /** Branches that settled before the opening message. */
  readonly early: readonly Branch[];
  readonly arrived: number;
  readonly over: boolean;
  readonly tally: UsageTotals;
  readonly held?: Held | undefined;
};

type OpenedRace = RaceState & { readonly opening: OpenRace };

const TYPE = "_sys/race";
const VALUE = "race";
const CANCEL = "cancel";
const NO_RUN: Settled = cancelledSettlement("the race", "neverBegan");
/** Version of the stored state. Version 0 had no number. */
const FORMAT = 1;
const UNOPENED: RaceState = { v: FORMAT, early: [], arrived: 0, over: false, tally: NO_USAGE };

/** Names a future in a message. */
function nameOfPlan(plan: Plan): string {
  if (plan.kind === "promise") return "a promise";
  if (plan.kind !== "call") return "a future";
  const { target, name } = plan;
  // A stateless function has one operation, of this name.
  return `the call of ${name === "call" ? target.type : `${target.type}.${name}`}`;
}

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
      settle(activation, { index, ok, tally, run }) {
        const state = loadRace(activation);
        const counted = { ...state, tally: addUsage(state.tally, tally) };
        const branch: Branch = { index, settled: { ok, text: activation.envelope.payload }, run };
        saveRace(activation, settleBranch(activation, counted, branch));
      },
      cancel: (activation) => saveRace(activation, cancelRace(activation, loadRace(activation))),
      // An engine that cannot cancel running work lets it run on.
      timeout: (activation) => saveRace(activation, endPatience(activation, loadRace(activation))),
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
      const limit = typeof duration === "number" ? `${duration} ms` : String(duration);
      const why = `${nameOfPlan(need.node.plan)} in ${context.type} had not settled within ${limit}`;
      const late = (text: string): Settled =>
        rejectedWithCode("TIMEOUT", text, { duration: duration as string | number });
      const former = (): Settled => late(`a future of ${context.type} had not settled in time`);
      const timer = context.graph.add(timerPlan({ dueAt, settled: late(why), former }));
      return context.add(planOf(race, [need, { node: timer }], "timeout"));
    },
  },
  compile: sendRace,
  consumersAt(read) {
    const { opening, over, held } = readRace(read);
    if (held !== undefined) return held.consumers;
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
  const { index, settled } = branch;
  if (state.over) {
    billFlow(activation, state.tally, opening.flow);
    const late = index === opening.branches ? counted : noteEnding(counted, branch);
    return serveHeld(activation, { ...late, tally: NO_USAGE });
  }
  if (index === opening.branches) {
    const outcome = settled.ok ? allRejected(settled) : settled;
    // A fulfilled branch has a consumer of its own, whose message is still on its way.
    return outcome === undefined ? counted : decideRace(activation, counted, outcome);
  }
  return opening.mode === "any" && !settled.ok
    ? counted
    : decideRace(activation, counted, settled, index);
}

/** Ends the race with a settlement, that of a branch if there is an index. */
function decideRace(
  activation: Activation,
  { opening, tally, ...state }: OpenedRace,
  settled: Settled,
  index?: number,
): RaceState {
  const { scope, flow, consumers } = opening;
  if (!settled.ok && consumers.length === 0) reportUnhandled(activation, settled, flow);
  const isHeld = (consumer: Consumer): boolean =>
    !settled.ok && state.arrived < slotsOf(opening) && mustWait(consumer);
  const held = consumers.filter(isHeld);
  const carriers = carryOrBillUsage(
    activation,
    consumers.filter((consumer) => !isHeld(consumer)),
    { tally, flow },
  );
  deliverSettlement(activation, carriers, settled, flow);
  const graceMs = graceOf(held);
  for (let branch = 0; branch < opening.branches; branch++) {
    const own = branchScope(activation.address.id, branch, scope);
    if (branch !== index || !settled.ok) activation.cancelScope(own, graceMs);
    else closeScope(activation, own, scope);
  }
  const decided = { ...state, opening, over: true, tally: NO_USAGE };
  const isTimeout = opening.mode === "timeout" && index === TIMER;
  if (held.length > 0)
    return holdConsumers(activation, decided, { consumers: held, reason: settled.text, isTimeout });
  if (scope !== undefined) unwatchCancellation(activation, [scope, CANCEL]);
  return decided;
}

function holdConsumers(activation: Activation, state: OpenedRace, held: Held): RaceState {
  const { id } = activation.address;
  if (!activation.environment.scopedCancel) {
    const dueAt = activation.now + (graceOf(held.consumers) ?? GRACE_MS);
    const message = { target: activation.address, name: TIMEOUT, control: null };
    scheduleControl(activation, message, { id: childId(id, 0, TIMEOUT), dueAt, token: TIMEOUT });
  }
  return { ...state, held };
}

/** Notes how a canceled branch ended. */
function noteEnding(state: OpenedRace, { settled: { ok, text }, run: end }: Branch): OpenedRace {
  const { held } = state;
  if (held === undefined) return state;
  const run = eitherEnding(held.run, end ?? (ok ? "fulfilled" : "threw"));
  return { ...state, held: { ...held, run, value: ok ? text : held.value } };
}

/** Serves the held consumers once all branches have arrived. */
function serveHeld(activation: Activation, state: OpenedRace): RaceState {
  const { held, opening, arrived } = state;
  if (held === undefined || arrived < slotsOf(opening)) return state;
  const { consumers, run = "neverBegan", value } = held;
  const { flow, scope } = opening;
  if (scope !== undefined) unwatchCancellation(activation, [scope, CANCEL]);
  if (!activation.environment.scopedCancel) activation.cancelSend(TIMEOUT);
  const fulfilled = run === "fulfilled" ? (value as Encoded | undefined) : undefined;
  const late =
    fulfilled === undefined ? cancelledSettlement("the race", run) : fulfilledSettlement(fulfilled);
  deliverSettlement(activation, consumers.filter(isLate), late, flow);
  const patient = consumers.filter((consumer) => !isLate(consumer));
  deliverSettlement(activation, patient, patientRejection(held, run, fulfilled), flow);
  return { ...state, held: undefined };
}

/** Serves the held consumers, although work that no engine can cancel is still running. */
function endPatience(activation: Activation, state: RaceState): RaceState {
  const { held, opening } = state;
  if (held === undefined || opening === undefined) return state;
  const arrived = slotsOf(opening);
  const ended = { ...state, opening, arrived, held: { ...held, run: "unknown" } } as const;
  return { ...serveHeld(activation, ended), arrived: state.arrived };
}

/** The scope of the race was canceled. Its consumers are late from now on. */
function cancelRace(activation: Activation, state: RaceState): RaceState {
  const { opening, over, held } = state;
  if (opening === undefined) return state;
  if (held !== undefined) return { ...state, held: { ...held, consumers: toLate(held.consumers) } };
  if (over) return state;
  const consumers = toLate(opening.consumers);
  return decideRace(activation, { ...state, opening: { ...opening, consumers } }, NO_RUN);
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
