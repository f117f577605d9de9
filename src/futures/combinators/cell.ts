import type { Activation } from "../../core/activation/activation.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Definition } from "../../core/activation/definition.ts";
import { SCOPE_CANCELLED } from "../../core/activation/effects.ts";
import type { Send } from "../../core/activation/effects.ts";
import type { Json } from "../../core/data/json.ts";
import { childId, flowOf } from "../../core/message/message-id.ts";
import { NO_USAGE } from "../../core/activation/meter.ts";
import { CELL_VALUE, encodeCell, NO_CELL, OWN_GUARD, decodeCell } from "./cell-record.ts";
import type { CellRecord } from "./cell-record.ts";
import type { Consumer } from "../protocol/consumer.ts";
import {
  billFlow,
  carryOrBillUsage,
  deliverSettlement,
  reportUnhandled,
} from "../protocol/deliver.ts";
import type { Settling } from "../protocol/deliver.ts";
import { watchCancellation, unwatchCancellation } from "../protocol/cancellation-watch.ts";
import { scopeName } from "../protocol/scope.ts";
import { cancelledSettlement, rejectedWithCode, SETTLED_UNDEFINED } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import {
  SYSTEM,
  systemAddress,
  sendSystemMessage,
  scheduleSystemMessage,
} from "../protocol/system.ts";
import { startCycleProbe, forwardCycleProbe, CYCLE_PROBE } from "../protocol/cycle-detection.ts";
import type { CycleProbe } from "../protocol/cycle-detection.ts";

/**
 * The cell: keeps the settlement of a future that escaped its handler, and tells whoever asks, before or after.
 *
 * C1 Settled once: the first settlement stays; later ones change nothing, and a token's holder is told which stood.
 * C2 Each subscriber is served once, whether it came before or after.
 * C3 A subscriber may overtake the creator: it waits in an absent cell until the latest retention deadline of those that wait, then all
 *    are EXPIRED.
 * C4 A settled cell is kept until the later of that deadline and its settlement plus the retention time.
 * C5 A gate (the cell of what a blocked handler flushed) lets its messages out once, however often the handler runs again;
 *    so it outlives the retention time until it is released. One that no run asks for again ends after a month.
 * C6 A cell whose only user is known (spilled consumers, a released gate) is gone once it has served it.
 * C7 A cell is the boundary of a scope, whose id is its own: cancelling it settles it at once, and cancels that scope. It is cancelled
 *    with the scope in which it was made; a subscriber is let go with the scope in which it subscribed. Guards see to both.
 * C8 One that waits for itself, directly or through others, is rejected as DEADLOCK.
 */

/** Subscribers told in one go; more take turns, so that no activation grows with their number. */
const TURN = 64;

/** How long a handler may block, and after a crash still find what it has let out. */
const GATE_MS = 30 * 86_400_000;

type Create = {
  readonly retainUntil: number;
  readonly digest?: string;
  readonly flow?: string;
  readonly scope?: string;
  readonly detached?: true;
};
type Subscribe = {
  readonly consumers: readonly Consumer[];
  readonly retainUntil: number;
  readonly spill?: true;
  readonly flow?: string;
  readonly scope?: string;
};
/** Lets go of a gate; `kept` when somebody holds a handle of it. */
type Release = { readonly kept: boolean };
/** Cancels the future; `retainUntil` is what its handle says. */
type Cancel = { readonly retainUntil: number };
type SettleByToken = { readonly ok: boolean; readonly digest: string; readonly key: string };
/** Names of the messages that the cell sends to itself, for later. */
const EXPIRE = "expire";
/** What a gate holds back; `oneWay` when that settles nothing. */
export type SendOnce = {
  readonly held: readonly Send[];
  readonly retainUntil: number;
  readonly flow?: string;
  readonly oneWay?: true;
};

/** The system function `_sys/cell`; its id is that of the future. */
export const cell: Definition = {
  type: SYSTEM.cell,
  valueNames: [CELL_VALUE],
  system: true,
  receive(activation) {
    const { name, control } = activation.envelope;
    const kept = activation.json(CELL_VALUE);
    const state = kept === undefined ? NO_CELL : decodeCell(kept, flowOf(activation.address.id));
    switch (name) {
      case "create":
        return save(activation, create(activation, state, control as Create));
      case "gate":
        return save(activation, gate(activation, state, control as SendOnce));
      case "subscribe":
        return save(activation, subscribe(activation, state, control as Subscribe));
      case "settle":
        return save(activation, settle(activation, state, control as Settling));
      case "settleByToken":
        return settleByToken(activation, state, control as SettleByToken);
      case "release":
        return release(activation, state, control as Release);
      case "cancel":
        return save(
          activation,
          isForgotten(activation, state, control as Cancel) ? state : cancel(activation, state),
        );
      case SCOPE_CANCELLED:
        return save(activation, withdraw(activation, state, control as { token: string }));
      case CYCLE_PROBE:
        return save(activation, arrive(activation, state, control as CycleProbe));
      case "turn":
        return save(activation, announce(activation, state));
      default:
        return expire(activation, state);
    }
  },
};

/** Who waits for a cell to be settled; `read` gives its values. */
export function consumersOfCell(read: (name: string) => Json | undefined): readonly Consumer[] {
  return lookAt(read).subscribers.flatMap(({ consumers }) => consumers);
}

/** Whether a cell is settled from outside, by a token; `read` gives its values. */
export function isPromise(read: (name: string) => Json | undefined): boolean {
  return lookAt(read).digests.length > 0;
}

/** The cell, for who does not ask for its flow. */
function lookAt(read: (name: string) => Json | undefined): CellRecord {
  const kept = read(CELL_VALUE);
  return kept === undefined ? NO_CELL : decodeCell(kept, "");
}

function create(
  activation: Activation,
  state: CellRecord,
  { retainUntil, digest, flow, scope, detached }: Create,
): CellRecord {
  if (state.expiring) activation.cancelSend(EXPIRE);
  const made: CellRecord = {
    ...state,
    made: true,
    expiring: false,
    retainUntil: Math.max(retainUntil, state.retainUntil),
    digests: digest === undefined ? state.digests : [...state.digests, digest],
    flow: flow ?? state.flow,
    detached: state.detached || detached === true,
  };
  if (made.settled !== undefined || made.guard !== undefined) return made;
  return { ...made, guard: watchCancellation(activation, scope, OWN_GUARD) };
}

function gate(
  activation: Activation,
  state: CellRecord,
  { held, oneWay, ...creation }: SendOnce,
): CellRecord {
  if (state.made) return state;
  for (const { envelope, dueAt, token } of held) activation.send(envelope, dueAt, token);
  const made: CellRecord = { ...create(activation, state, creation), gate: true };
  return oneWay === true ? keep(activation, made, SETTLED_UNDEFINED) : made;
}

function release(activation: Activation, state: CellRecord, { kept }: Release): void {
  if (state.gate) save(activation, { ...state, gate: false, released: !kept });
}

function subscribe(
  activation: Activation,
  state: CellRecord,
  { consumers, retainUntil, spill, flow, scope }: Subscribe,
): CellRecord {
  const overtaking = !state.made && state.settled === undefined && spill === undefined;
  if (overtaking && isForgotten(activation, state, { retainUntil })) {
    deliverSettlement(
      activation,
      consumers,
      rejectedWithCode("EXPIRED", `the future ${activation.address.id} is past its retention`),
    );
    return state;
  }
  const until = Math.max(retainUntil, state.retainUntil);
  if (overtaking) {
    // Its token lets a later deadline take the place of an earlier one.
    const at = {
      id: childId(activation.address.id, 0, `${EXPIRE}/${until}`),
      dueAt: until,
      token: EXPIRE,
    };
    scheduleSystemMessage(
      activation,
      { target: activation.address, name: EXPIRE, control: null },
      at,
    );
  }
  const { guards } = state;
  const token = `subscriber/${guards}`;
  // The cell's own guard lets go also of those who subscribed in its scope.
  const isApart =
    state.settled === undefined && (state.guard === undefined || state.guard[0] !== scope);
  const own = isApart ? watchCancellation(activation, scope, token) : undefined;
  const joined: CellRecord = {
    ...state,
    released: state.released || spill === true,
    retainUntil: until,
    subscribers: [
      ...state.subscribers,
      own === undefined ? { consumers } : { consumers, guard: own },
    ],
    guards: own === undefined ? guards : guards + 1,
    expiring: state.expiring || overtaking,
    flow: flow ?? state.flow,
  };
  if (joined.settled !== undefined) return announce(activation, joined);
  if (spill !== true) startCycleProbe(activation, consumers);
  return joined;
}

/** A trace has come here: if it began here, this future waits for itself. */
function arrive(activation: Activation, state: CellRecord, trace: CycleProbe): CellRecord {
  if (state.settled !== undefined) return state;
  const { id } = activation.address;
  if (trace.origin !== id) {
    for (const { consumers } of state.subscribers) forwardCycleProbe(activation, consumers, trace);
    return state;
  }
  const deadlock = rejectedWithCode(
    "DEADLOCK",
    `the future ${id} waits for itself, so that it can never be settled`,
    { cycle: [id] },
  );
  return announce(activation, keep(activation, state, deadlock));
}

function settle(
  activation: Activation,
  state: CellRecord,
  { ok, tally, spill, flow }: Settling,
): CellRecord {
  // Spilled consumers are the flow's own continuation, and carry on its sums; other subscribers may be of other flows.
  if (spill !== true || state.left) billFlow(activation, tally, flow ?? state.flow);
  if (state.settled !== undefined) return state;
  const kept = keep(activation, state, { ok, text: activation.envelope.payload });
  return announce(activation, spill === true && !state.left ? { ...kept, tally } : kept);
}

/** Whether the cell is past its retention, so that nobody knows any more how it was settled. */
function isForgotten(
  { now }: Activation,
  { made, settled }: CellRecord,
  { retainUntil }: Cancel,
): boolean {
  return !made && settled === undefined && retainUntil <= now;
}

/** Settles the cell as cancelled, unless it is settled, and cancels what was to settle it. */
function cancel(activation: Activation, state: CellRecord): CellRecord {
  if (state.settled !== undefined) return state;
  activation.cancelScope(scopeName(activation.address.id, state.detached));
  const kept = keep(activation, state, cancelledSettlement("the future"));
  return announce(activation, { ...kept, cancelled: true });
}

/** A scope is cancelled: that in which the cell was made, or that of a subscriber. */
function withdraw(
  activation: Activation,
  state: CellRecord,
  { token }: { readonly token: string },
): CellRecord {
  // A guard that was taken away in this batch may still be told.
  if (token === OWN_GUARD) return state.guard === undefined ? state : cancel(activation, state);
  const gone = state.subscribers.find(({ guard: own }) => own?.[1] === token);
  if (gone === undefined) return state;
  deliverSettlement(
    activation,
    gone.consumers,
    cancelledSettlement("the wait for the future"),
    state.flow,
  );
  const subscribers = state.subscribers.filter((subscriber) => subscriber !== gone);
  return {
    ...state,
    subscribers,
    left: state.left || (state.released && subscribers.length === 0),
  };
}

/** The cell with its settlement, kept for the retention time from now (C4). */
function keep(activation: Activation, state: CellRecord, settled: Settled): CellRecord {
  unwatchCancellation(activation, state.guard);
  if (state.expiring) activation.cancelSend(EXPIRE);
  const retainUntil = Math.max(
    state.retainUntil,
    activation.now + activation.environment.retentionMs,
  );
  return { ...state, settled, retainUntil, guard: undefined, expiring: false };
}

/** Tells the subscribers, a bounded number at a time. */
function announce(activation: Activation, state: CellRecord): CellRecord {
  const { settled, tally, subscribers, flow } = state;
  if (settled === undefined || subscribers.length === 0) return state;
  const now = subscribers.slice(0, TURN);
  for (const subscriber of now) unwatchCancellation(activation, subscriber.guard);
  const consumers = now.flatMap((subscriber) => subscriber.consumers);
  deliverSettlement(
    activation,
    carryOrBillUsage(activation, consumers, { tally: tally ?? NO_USAGE, flow }),
    settled,
    flow,
  );
  if (subscribers.length > TURN)
    sendSystemMessage(activation, { target: activation.address, name: "turn", control: null });
  return { ...state, tally: undefined, subscribers: subscribers.slice(TURN) };
}

function settleByToken(
  activation: Activation,
  state: CellRecord,
  { ok, digest, key }: SettleByToken,
): void {
  if (!state.digests.includes(digest))
    return activation.replyTo(key, UNDEFINED, { outcome: "unknown" });
  const { settled } = state;
  if (settled !== undefined) {
    const same = settled.ok === ok && settled.text === activation.envelope.payload;
    if (state.cancelled) return activation.replyTo(key, UNDEFINED, { outcome: "cancelled" });
    return activation.replyTo(key, settled.text, {
      outcome: same ? "same" : settled.ok ? "fulfilled" : "rejected",
    });
  }
  activation.replyTo(key, UNDEFINED, { outcome: "settled" });
  if (!ok && state.subscribers.length === 0)
    reportUnhandled(activation, { ok, text: activation.envelope.payload }, state.flow);
  save(activation, settle(activation, state, { ok, tally: NO_USAGE }));
}

/** A subscriber that overtook the creator has waited long enough. */
function expire(activation: Activation, state: CellRecord): void {
  if (state.made || state.settled !== undefined) return;
  const expired = rejectedWithCode(
    "EXPIRED",
    `the future ${activation.address.id} is past its retention`,
  );
  for (const subscriber of state.subscribers) {
    unwatchCancellation(activation, subscriber.guard);
    deliverSettlement(activation, subscriber.consumers, expired);
  }
  activation.delete(CELL_VALUE);
}

function save(activation: Activation, state: CellRecord): void {
  if (state === NO_CELL) return;
  const served = state.settled !== undefined && state.subscribers.length === 0;
  if (state.released && served) return activation.delete(CELL_VALUE);
  const keepUntil = state.gate
    ? Math.max(state.retainUntil, activation.now + GATE_MS)
    : state.retainUntil;
  activation.write(
    CELL_VALUE,
    { json: encodeCell(state, flowOf(activation.address.id)) },
    served ? keepUntil : undefined,
  );
}

/** A future that escaped, and until when its settlement is kept. */
export type Subscription = {
  readonly cell: string;
  readonly retainUntil: number;
  readonly scope?: string | undefined;
};

/** Subscribes consumers to a future that escaped, until `scope` is cancelled. */
export function subscribeToCell(
  activation: Activation,
  { cell: id, retainUntil, scope }: Subscription,
  consumers: readonly Consumer[],
): void {
  const scoped = scope === undefined ? { retainUntil } : { retainUntil, scope };
  for (let start = 0; start < consumers.length; start += TURN) {
    const control = { consumers: consumers.slice(start, start + TURN), ...scoped };
    sendSystemMessage(activation, {
      target: systemAddress("cell", id),
      name: "subscribe",
      control,
    });
  }
}

/** Where consumers belong that are kept apart. */
type Belonging = { readonly flow: string | undefined; readonly scope?: string | undefined };

/**
 * Parks consumers in a cell of their own, and gives the one consumer that stands for them: because they outgrew a message, or
 * because they are cancelled with a scope that what they wait for outlives.
 */
export function spillConsumers(
  activation: Activation,
  id: string,
  consumers: readonly Consumer[],
  { flow, scope }: Belonging,
): Consumer {
  const control: Subscribe = {
    consumers,
    retainUntil: 0,
    spill: true,
    ...(flow !== undefined && { flow }),
    ...(scope !== undefined && { scope }),
  };
  sendSystemMessage(activation, { target: systemAddress("cell", id), name: "subscribe", control });
  return { to: "cell", id, spill: true };
}
