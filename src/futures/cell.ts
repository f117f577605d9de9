import type { Activation } from "../core/activation.ts";
import { UNDEFINED } from "../core/codec/encoded.ts";
import type { Definition } from "../core/definition.ts";
import type { Send } from "../core/effects.ts";
import type { Json } from "../core/json.ts";
import { childId } from "../core/message-id.ts";
import { NO_TALLY } from "../core/meter.ts";
import type { Tally } from "../core/meter.ts";
import type { Consumer } from "./consumer.ts";
import { bill, carryOrBill, deliver, reportUnhandled } from "./deliver.ts";
import type { Settling } from "./deliver.ts";
import { rejectedWith, SETTLED_UNDEFINED } from "./settled.ts";
import type { Settled } from "./settled.ts";
import { SYSTEM, system, tell, tellAt } from "./system.ts";

/**
 * The cell: keeps the settlement of a future that escaped its handler, and tells whoever asks, before or after.
 *
 * C1 Settled once: the first settlement stays; later ones change nothing, and a token's holder is told which stood.
 * C2 Each subscriber is served once, whether it came before or after.
 * C3 A subscriber may overtake the creator: it waits in an absent cell until the handle's retention deadline, then is EXPIRED.
 * C4 A settled cell is kept until the later of that deadline and its settlement plus the retention time.
 * C5 A gate (the cell of what a blocked handler flushed) lets its messages out once, however often the handler runs again;
 *    so it outlives the retention time until it is released. One that no run asks for again ends after a month.
 * C6 A cell whose only user is known (spilled consumers, a released gate) is gone once it has served it.
 */

/** Subscribers told in one go; more take turns, so that no activation grows with their number. */
const TURN = 64;

/** How long a handler may block, and after a crash still find what it has let out. */
const GATE_MS = 30 * 86_400_000;

type Cell = {
  /** It was made by its owner, not by a subscriber that came first. */
  readonly made: boolean;
  readonly subscribers: readonly Consumer[];
  readonly settled?: Settled;
  readonly tally?: Tally;
  /** Instant until which the settlement is kept at least. */
  readonly retainUntil: number;
  /** Digests of the tokens that may settle it. */
  readonly digests: readonly string[];
  /** Nobody but the subscribers it has will ask. */
  readonly released: boolean;
  /** A handler that blocks has let something out here, and may ask again after a crash. */
  readonly gate?: true;
  readonly flow?: string;
};

const VALUE = "cell";
const ABSENT: Cell = { made: false, subscribers: [], retainUntil: 0, digests: [], released: false };

type Create = { readonly retainUntil: number; readonly digest?: string; readonly flow?: string };
type Subscribe = { readonly consumers: readonly Consumer[]; readonly retainUntil: number; readonly spill?: true; readonly flow?: string };
/** Lets go of a gate; `kept` when somebody holds a handle of it. */
type Release = { readonly kept: boolean };
type SettleByToken = { readonly ok: boolean; readonly digest: string; readonly key: string };
/** What a gate holds back; `oneWay` when that settles nothing. */
export type Gate = { readonly held: readonly Send[]; readonly retainUntil: number; readonly flow?: string; readonly oneWay?: true };

/** The system function `_sys/cell`; its id is that of the future. */
export const cell: Definition = {
  type: SYSTEM.cell,
  valueNames: [VALUE],
  system: true,
  receive(activation) {
    const { name, control } = activation.envelope;
    const state = (activation.json(VALUE) as Cell | undefined) ?? ABSENT;
    switch (name) {
      case "create":
        return save(activation, create(state, control as Create));
      case "gate":
        return save(activation, gate(activation, state, control as Gate));
      case "subscribe":
        return save(activation, subscribe(activation, state, control as Subscribe));
      case "settle":
        return save(activation, settle(activation, state, control as Settling));
      case "settleByToken":
        return settleByToken(activation, state, control as SettleByToken);
      case "release":
        return release(activation, state, control as Release);
      case "turn":
        return save(activation, announce(activation, state));
      default:
        return expire(activation, state);
    }
  },
};

/** Who waits for a cell to be settled; `read` gives its values. */
export function consumersOfCell(read: (name: string) => Json | undefined): readonly Consumer[] {
  return (read(VALUE) as Cell | undefined)?.subscribers ?? [];
}

function create(state: Cell, { retainUntil, digest, flow }: Create): Cell {
  const digests = digest === undefined ? state.digests : [...state.digests, digest];
  return { ...state, made: true, retainUntil: Math.max(retainUntil, state.retainUntil), digests, ...(flow !== undefined && { flow }) };
}

function gate(activation: Activation, state: Cell, { held, oneWay, ...creation }: Gate): Cell {
  if (state.made) return state;
  for (const { envelope, dueAt, token } of held) activation.send(envelope, dueAt, token);
  const made: Cell = { ...create(state, creation), gate: true };
  return oneWay === true ? keep(activation, made, SETTLED_UNDEFINED) : made;
}

function release(activation: Activation, { gate, ...state }: Cell, { kept }: Release): void {
  if (gate === true) save(activation, { ...state, released: !kept });
}

function subscribe(activation: Activation, state: Cell, { consumers, retainUntil, spill, flow }: Subscribe): Cell {
  const overtaking = !state.made && state.settled === undefined && spill === undefined;
  if (overtaking && retainUntil <= activation.now) {
    deliver(activation, consumers, rejectedWith("EXPIRED", `the future ${activation.address.id} is past its retention`));
    return state;
  }
  if (overtaking) {
    const id = childId(activation.address.id, 0, `expire/${retainUntil}/${state.subscribers.length}`);
    tellAt(activation, { target: activation.address, name: "expire", control: null }, { id, dueAt: retainUntil });
  }
  const released = state.released || spill === true;
  const joined: Cell = {
    ...state,
    released,
    retainUntil: Math.max(retainUntil, state.retainUntil),
    subscribers: [...state.subscribers, ...consumers],
    ...(flow !== undefined && { flow }),
  };
  return joined.settled === undefined ? joined : announce(activation, joined);
}

function settle(activation: Activation, state: Cell, { ok, tally, spill, flow }: Settling): Cell {
  // Spilled consumers are the flow's own continuation, and carry on its sums; other subscribers may be of other flows.
  if (spill !== true) bill(activation, tally, flow);
  if (state.settled !== undefined) return state;
  const settled = { ok, text: activation.envelope.payload };
  return announce(activation, { ...keep(activation, state, settled), ...(spill === true && { tally }) });
}

/** The cell with its settlement, kept for the retention time from now (C4). */
function keep(activation: Activation, state: Cell, settled: Settled): Cell {
  return { ...state, settled, retainUntil: Math.max(state.retainUntil, activation.now + activation.environment.retentionMs) };
}

/** Tells the subscribers, a bounded number at a time. */
function announce(activation: Activation, state: Cell): Cell {
  const { settled, tally, subscribers, flow } = state;
  if (settled === undefined || subscribers.length === 0) return state;
  const now = subscribers.slice(0, TURN);
  deliver(activation, carryOrBill(activation, now, { tally: tally ?? NO_TALLY, flow }), settled, flow);
  if (subscribers.length > TURN) tell(activation, { target: activation.address, name: "turn", control: null });
  const { tally: _, ...rest } = state;
  return { ...rest, subscribers: subscribers.slice(TURN) };
}

function settleByToken(activation: Activation, state: Cell, { ok, digest, key }: SettleByToken): void {
  if (!state.digests.includes(digest)) return activation.answer(key, UNDEFINED, { outcome: "unknown" });
  const { settled } = state;
  if (settled !== undefined) {
    const same = settled.ok === ok && settled.text === activation.envelope.payload;
    return activation.answer(key, settled.text, { outcome: same ? "same" : settled.ok ? "fulfilled" : "rejected" });
  }
  activation.answer(key, UNDEFINED, { outcome: "settled" });
  if (!ok && state.subscribers.length === 0) reportUnhandled(activation, { ok, text: activation.envelope.payload }, state.flow);
  save(activation, settle(activation, state, { ok, tally: NO_TALLY }));
}

/** A subscriber that overtook the creator has waited long enough. */
function expire(activation: Activation, state: Cell): void {
  if (state.made || state.settled !== undefined) return;
  deliver(activation, state.subscribers, rejectedWith("EXPIRED", `the future ${activation.address.id} is past its retention`));
  activation.delete(VALUE);
}

function save(activation: Activation, state: Cell): void {
  const served = state.settled !== undefined && state.subscribers.length === 0;
  if (state.released && served) return activation.delete(VALUE);
  const keepUntil = state.gate === true ? Math.max(state.retainUntil, activation.now + GATE_MS) : state.retainUntil;
  if (state !== ABSENT) activation.write(VALUE, { json: state }, served ? keepUntil : undefined);
}

/** Subscribes consumers to a future that escaped. */
export function subscribeTo(activation: Activation, id: string, consumers: readonly Consumer[], retainUntil: number): void {
  for (let start = 0; start < consumers.length; start += TURN) {
    tell(activation, {
      target: system("cell", id),
      name: "subscribe",
      control: { consumers: consumers.slice(start, start + TURN), retainUntil },
    });
  }
}

/** Parks consumers that outgrew a message in a cell of their own, and gives the one consumer that stands for them. */
export function spill(activation: Activation, id: string, consumers: readonly Consumer[], flow: string | undefined): readonly Consumer[] {
  tell(activation, {
    target: system("cell", id),
    name: "subscribe",
    control: { consumers, retainUntil: 0, spill: true, ...(flow !== undefined && { flow }) },
  });
  return [{ to: "cell", id, spill: true }];
}
