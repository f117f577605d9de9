import type { Activation } from "../../core/activation/activation.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import { addUsage, NO_USAGE } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { Consumer } from "../protocol/consumer.ts";
import {
  billFlow,
  carryOrBillUsage,
  deliverSettlement,
  reportUnhandled,
} from "../protocol/deliver.ts";
import type { Failure } from "../types/failure.ts";
import { watchCancellation, unwatchCancellation } from "../protocol/cancellation-watch.ts";
import { isDetached, scopeName } from "../protocol/scope.ts";
import { cancelledSettlement, rejectedSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { SYSTEM } from "../protocol/system.ts";

/**
 * The race: the first of several futures decides; the others are cancelled. `race`, `any` and `timeout` are races.
 *
 * RC1 It is decided once: in `race` by the first settlement, in `any` by the first fulfilment. What comes later is counted, and dropped.
 * RC2 Each branch is a scope of its own; deciding cancels all but that of a winner that was fulfilled, which has what it
 *     started without waiting for it go on.
 * RC3 It is gone once it was opened, decided, and all slots have arrived; not before, or a late one would re-create it.
 * RC4 `any` keeps no failures: a join gathers all settlements beside it, and fills one more slot, which decides if nothing else did.
 */
export type Racing = {
  readonly mode: "race" | "any";
  /** Number of branches; `any` has one slot more than branches. */
  readonly branches: number;
  readonly consumers: readonly Consumer[];
  readonly flow?: string;
  /** What the race itself is cancelled with. */
  readonly scope?: string;
};

type Slot = { readonly index: number; readonly settled: Settled };

type Race = {
  readonly opening?: Racing;
  /** Slots that came before the opening message. */
  readonly early: readonly Slot[];
  readonly arrived: number;
  readonly over: boolean;
  readonly tally: UsageTotals;
};

type Opened = Race & { readonly opening: Racing };

const VALUE = "race";
const CANCEL = "cancel";
const UNOPENED: Race = { early: [], arrived: 0, over: false, tally: NO_USAGE };

/** The system function `_sys/race`. */
export const race: Definition = {
  type: SYSTEM.race,
  valueNames: [VALUE],
  system: true,
  receive(activation) {
    const { name, control, payload } = activation.envelope;
    const state = (activation.json(VALUE) as Race | undefined) ?? UNOPENED;
    if (activation.withdrawn !== undefined) return save(activation, withdraw(activation, state));
    if (name === "open") return save(activation, open(activation, state, control as Racing));
    const { index, ok, tally } = control as { index: number; ok: boolean; tally: UsageTotals };
    save(
      activation,
      fill(
        activation,
        { ...state, tally: addUsage(state.tally, tally) },
        { index, settled: { ok, text: payload } },
      ),
    );
  },
};

/** Who waits for a race that has not been decided, if it cannot be while `lost` of its futures do not settle; `read` gives its values. */
export function consumersOfRace(
  read: (name: string) => Json | undefined,
  lost: number,
): readonly Consumer[] {
  const { opening, over = false, arrived = 0 } = (read(VALUE) as Race | undefined) ?? {};
  return opening === undefined || over || lost + arrived < slotsOf(opening)
    ? []
    : opening.consumers;
}

/** The id of the scope of a branch of a race in `scope`; none begins with another's. */
export function branchScope(race: string, index: number, scope: string | undefined): string {
  return `${scopeName(race, isDetached(scope))}/${index}.`;
}

function open(activation: Activation, state: Race, opening: Racing): Race {
  let opened: Race = { ...state, opening, early: [] };
  watchCancellation(activation, opening.scope, CANCEL);
  for (const slot of state.early) opened = fill(activation, opened, slot);
  return opened;
}

function fill(activation: Activation, state: Race, slot: Slot): Race {
  const { opening } = state;
  if (opening === undefined) return { ...state, early: [...state.early, slot] };
  const counted: Opened = { ...state, opening, arrived: state.arrived + 1 };
  if (state.over) {
    billFlow(activation, state.tally, opening.flow);
    return { ...counted, tally: NO_USAGE };
  }
  const { index, settled } = slot;
  if (index === opening.branches) {
    const outcome = settled.ok ? allRejected(settled) : settled;
    // One that was fulfilled fills a slot of its own, which is still on its way.
    return outcome === undefined ? counted : decide(activation, counted, outcome);
  }
  if (opening.mode === "race" || settled.ok)
    return decide(activation, counted, settled, settled.ok ? index : undefined);
  return counted;
}

/** Ends the race with a settlement; `winner` is the branch that was fulfilled, if one was. */
function decide(
  activation: Activation,
  { opening, tally, ...state }: Opened,
  settled: Settled,
  winner?: number,
): Race {
  if (opening.scope !== undefined) unwatchCancellation(activation, [opening.scope, CANCEL]);
  if (!settled.ok && opening.consumers.length === 0)
    reportUnhandled(activation, settled, opening.flow);
  deliverSettlement(
    activation,
    carryOrBillUsage(activation, opening.consumers, { tally, flow: opening.flow }),
    settled,
    opening.flow,
  );
  for (let index = 0; index < opening.branches; index++) {
    if (index !== winner)
      activation.cancelScope(branchScope(activation.address.id, index, opening.scope));
  }
  return { ...state, opening, over: true, tally: NO_USAGE };
}

function withdraw(activation: Activation, state: Race): Race {
  const { opening, over } = state;
  return opening === undefined || over
    ? state
    : decide(activation, { ...state, opening }, cancelledSettlement("the race"));
}

/** What `any` comes to when no branch was fulfilled; the text holds their settlements. */
function allRejected({ text }: Settled): Settled | undefined {
  const settlements = JSON.parse(text) as readonly {
    readonly status: string;
    readonly reason: Failure;
  }[];
  if (settlements.some(({ status }) => status === "fulfilled")) return undefined;
  const errors = settlements.map(({ reason }) => reason);
  return rejectedSettlement({
    name: "AggregateError",
    message: `all ${errors.length} futures were rejected`,
    errors,
  });
}

function slotsOf({ mode, branches }: Racing): number {
  return mode === "any" ? branches + 1 : branches;
}

function save(activation: Activation, state: Race): void {
  const { opening, over, arrived } = state;
  if (over && opening !== undefined && arrived === slotsOf(opening)) activation.delete(VALUE);
  else if (state !== UNOPENED) activation.write(VALUE, { json: state });
}
