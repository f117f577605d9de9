import { hasEqualValue } from "../../core/codec/canonical-text.ts";
import type { Activation } from "../../core/activation/activation.ts";
import { NO_USAGE } from "../../core/activation/meter.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import { childId, flowOf, MESSAGE_ID } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import {
  closeScope,
  unwatchCancellation,
  watchCancellation,
} from "../protocol/cancellation-watch.ts";
import { scopeName } from "../../core/message/scope-name.ts";
import { noteWait } from "../history/note-work.ts";
import type { Combinator, FutureMaker, ReadValue } from "../protocol/combinator.ts";
import type { Consumer } from "../protocol/consumer.ts";
import { forwardCycleProbe, startCycleProbe } from "../protocol/cycle-detection.ts";
import { billFlow, deliverSettlement, reportUnhandled } from "../protocol/deliver.ts";
import type {
  CreateCell,
  CycleProbe,
  SendOnce,
  SettleByToken,
  SettleCell,
  Subscribe,
} from "../protocol/messages.ts";
import { PendingFuture } from "../protocol/pending-future.ts";
import { rejectedWithCode, SETTLED_UNDEFINED } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { scheduleControl, sendSystemMessage, systemFunction } from "../protocol/system.ts";
import { newToken } from "../protocol/token.ts";
import { isHandle } from "../types/handle.ts";
import { CELL_VALUE, decodeCell, encodeCell, EXPIRE, NO_CELL, OWN_GUARD } from "./cell-record.ts";
import type { CellRecord } from "./cell-record.ts";
import {
  cancelCell,
  endWatch,
  lateSubscriber,
  releaseCutOff,
  separateLate,
  serveLate,
  serveSubscribers,
  TURN,
  withSettlement,
} from "./cell-settlement.ts";

/**
 * The cell keeps the settlement of a future that escaped its handler, for consumers that come
 * before or after it.
 *
 * C1 It is settled once. The first settlement stays. Later ones change nothing, and the holder of a
 * token learns which one stood.
 * C2 Each subscriber is served once, whether it came before or after the settlement.
 * C3 A subscriber may overtake the message that creates the cell. It waits until the latest
 * deadline of those that wait, then all are rejected with EXPIRED.
 * C4 A settled cell is kept until the later of that deadline and its settlement plus the retention
 * time.
 * C5 A gate is the cell of messages that a blocked handler flushed. It sends them once, however
 * often the handler runs again, so it outlives the retention time until it is released. One that no
 * run asks for again after a crash ends after a month.
 * C6 A cell whose only users are known (spilled consumers, a released gate) is deleted once it has
 * served them.
 * C7 A cell is the boundary of a scope that has the cell's id. Canceling the cell settles it at
 * once and cancels that scope. Watches cancel it with the scope in which it was made, and release a
 * subscriber with the scope in which it subscribed.
 * Work that is left in its scope when it settles is canceled with the scope in which it was made.
 * C8 A cell that waits for itself, directly or through others, is rejected with DEADLOCK.
 * C9 If the scope in which it was made is canceled, its subscribers of that scope are late. They wait
 * until the work that was to settle it has ended. So are spilled consumers if the scope of the work
 * that they wait for is canceled with their own.
 */

/** How long a handler may block and, after a crash, still find its gates. */
const GATE_MS = 30 * 86_400_000;

/** Changes a cell. The result is stored. */
type Change<Control> = (activation: Activation, state: CellRecord, control: Control) => CellRecord;

function changing<Control>(change: Change<Control>) {
  return (activation: Activation, control: Control): void =>
    saveCell(activation, change(activation, readCell(activation), control));
}

/**
 * The combinator of `ctx.future` and `ctx.promise`, and of every future that escapes. Its instances
 * are cells.
 */
export const cell: Combinator = {
  kind: "cell",
  definitions: [
    systemFunction("cell", [CELL_VALUE], {
      create: changing(createCell),
      gate: changing(openGate),
      subscribe: changing(addSubscriber),
      settle: changing(settleCell),
      settleByToken: settleCellByToken,
      release(activation, { kept }) {
        const state = readCell(activation);
        if (state.made) saveCell(activation, { ...state, gate: false, released: !kept });
      },
      cancel: changing((activation, state, handle) =>
        isPastRetention(activation, state, handle)
          ? state
          : serveSubscribers(activation, cancelCell(activation, state)),
      ),
      guard: changing(endWatch),
      trace: changing(receiveProbe),
      turn: changing((activation, state) =>
        serveSubscribers(activation, releaseCutOff(activation, separateLate(activation, state))),
      ),
      expire: expireSubscribers,
    }),
  ],
  methods: { future: futureOfHandle, promise: makePromise },
  consumersAt: (read) => readRecord(read).subscribers.flatMap(({ consumers }) => consumers),
  describe: (_, read) => ({
    kind: readRecord(read).digests.length > 0 ? "promise" : "future",
    name: "",
  }),
};

function futureOfHandle(context: FutureMaker, handle: unknown): PendingFuture {
  if (typeof handle !== "object" || handle === null || !isHandle(handle)) {
    const expected = "expected a handle (of future.handle())";
    throw new HandbackError("INVALID_ID", `ctx.future: ${expected}, got ${show(handle)}`);
  }
  const { id, storeId, retainUntil } = handle;
  if (typeof id !== "string" || !MESSAGE_ID.test(id) || !Number.isSafeInteger(retainUntil)) {
    const why = "the handle is malformed; it was not made by future.handle()";
    throw new HandbackError("INVALID_ID", `ctx.future: ${why}`);
  }
  if (storeId !== context.graph.activation.environment.storeId) {
    const why = `the handle ${id} belongs to the store ${storeId}, not to this one`;
    throw new HandbackError("FOREIGN_HANDLE", why, { details: { id, storeId } });
  }
  return context.add({ kind: "cell", cell: id, retainUntil });
}

function makePromise(context: FutureMaker): PendingFuture {
  const { graph } = context;
  const id = graph.nextId();
  const { environment } = graph.activation;
  const { token, digest } = newToken(id, environment);
  const retainUntil = context.now() + environment.retentionMs;
  return new PendingFuture(graph, graph.add({ kind: "promise", digest, retainUntil }, id), {
    token,
  });
}

function readCell(activation: Activation): CellRecord {
  const stored = activation.json(CELL_VALUE);
  return stored === undefined ? NO_CELL : decodeCell(stored, flowOf(activation.address.id));
}

/** Reads a cell whose flow does not matter. */
function readRecord(read: ReadValue): CellRecord {
  const stored = read(CELL_VALUE);
  return stored === undefined ? NO_CELL : decodeCell(stored, "");
}

function createCell(
  activation: Activation,
  state: CellRecord,
  { retainUntil, digest, flow, scope, detached }: CreateCell,
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
  if (made.settled !== undefined) closeOwnScope(activation, made, scope);
  if (made.settled !== undefined || made.guard !== undefined) return made;
  return { ...made, guard: watchCancellation(activation, scope, OWN_GUARD) };
}

function openGate(
  activation: Activation,
  state: CellRecord,
  { held, oneWay, ...creation }: SendOnce,
): CellRecord {
  if (state.made) return state;
  for (const { envelope, dueAt, token } of held) activation.send(envelope, dueAt, token);
  const made: CellRecord = { ...createCell(activation, state, creation), gate: true };
  return oneWay === true ? withSettlement(activation, made, SETTLED_UNDEFINED) : made;
}

function addSubscriber(
  activation: Activation,
  state: CellRecord,
  { consumers, retainUntil, spill, flow, scope, within }: Subscribe,
): CellRecord {
  const overtaking = !state.made && state.settled === undefined && spill === undefined;
  if (overtaking && isPastRetention(activation, state, { retainUntil })) {
    deliverSettlement(
      activation,
      consumers,
      rejectedWithCode("EXPIRED", `the future ${activation.address.id} is past its retention`),
    );
    return state;
  }
  const until = Math.max(retainUntil, state.retainUntil);
  if (overtaking) {
    // The token replaces an earlier deadline by a later one.
    const id = childId(activation.address.id, 0, `${EXPIRE}/${until}`);
    const message = { target: activation.address, name: EXPIRE, control: null };
    scheduleControl(activation, message, { id, dueAt: until, token: EXPIRE });
  }
  const { guards } = state;
  const token = `subscriber/${guards}`;
  // The cell's own watch also ends the waits of subscribers of its scope.
  const isApart =
    state.settled === undefined && (state.guard === undefined || state.guard[0] !== scope);
  const own = isApart ? watchCancellation(activation, scope, token) : undefined;
  const joined: CellRecord = {
    ...state,
    released: state.released || spill === true,
    retainUntil: until,
    subscribers: [
      ...state.subscribers,
      own === undefined ? { consumers } : { consumers, guard: own, ...(within && { within }) },
    ],
    guards: own === undefined ? guards : guards + 1,
    expiring: state.expiring || overtaking,
    flow: flow ?? state.flow,
  };
  if (joined.settled !== undefined) return serveSubscribers(activation, joined);
  if (spill !== true) startCycleProbe(activation, consumers);
  return joined;
}

/** A cycle probe has arrived. If it started here, this future waits for itself. */
function receiveProbe(activation: Activation, state: CellRecord, probe: CycleProbe): CellRecord {
  if (state.settled !== undefined) return state;
  const { id } = activation.address;
  if (probe.origin !== id) {
    for (const { consumers } of state.subscribers) forwardCycleProbe(activation, consumers, probe);
    return state;
  }
  const why = `the future ${id} waits for itself, so that it can never be settled`;
  const deadlock = rejectedWithCode("DEADLOCK", why, { cycle: [id] });
  return serveSubscribers(activation, withSettlement(activation, state, deadlock));
}

function settleCell(
  activation: Activation,
  state: CellRecord,
  { ok, tally, spill, flow, late }: SettleCell,
): CellRecord {
  // Spilled consumers continue the same flow and carry its usage. Other subscribers may belong to
  // other flows.
  if (spill !== true || state.left) billFlow(activation, tally, flow ?? state.flow);
  const settled: Settled = { ok, text: activation.envelope.payload };
  if (state.settled !== undefined) return serveLate(activation, state, settled);
  closeOwnScope(activation, state, state.guard?.[0]);
  const subscribers = late === true ? state.subscribers.map(lateSubscriber) : state.subscribers;
  const kept = withSettlement(activation, { ...state, subscribers }, settled);
  return serveSubscribers(activation, spill === true && !state.left ? { ...kept, tally } : kept);
}

function closeOwnScope(
  activation: Activation,
  { detached, digests }: CellRecord,
  parent: string | undefined,
): void {
  // Nothing but its token settles a promise, so its scope is empty.
  if (digests.length > 0) return;
  closeScope(activation, scopeName(activation.address.id, detached), parent);
}

/**
 * Tells whether the cell was deleted after its retention time, so that its settlement is unknown.
 */
function isPastRetention(
  { now }: Activation,
  { made, settled }: CellRecord,
  { retainUntil }: { readonly retainUntil: number },
): boolean {
  return !made && settled === undefined && retainUntil <= now;
}

function settleCellByToken(activation: Activation, { ok, digest, key }: SettleByToken): void {
  const state = readCell(activation);
  if (!state.digests.includes(digest))
    return activation.replyTo(key, UNDEFINED, { outcome: "unknown" });
  const { settled } = state;
  if (settled !== undefined) {
    const same = settled.ok === ok && hasEqualValue(settled.text, activation.envelope.payload);
    if (state.cancelled) return activation.replyTo(key, UNDEFINED, { outcome: "cancelled" });
    return activation.replyTo(key, settled.text, {
      outcome: same ? "same" : settled.ok ? "fulfilled" : "rejected",
    });
  }
  activation.replyTo(key, UNDEFINED, { outcome: "settled" });
  const { id } = activation.address;
  const outcome = ok ? "fulfilled" : "rejected";
  const noted = { type: "promiseSettled", at: activation.now, promise: id, outcome } as const;
  noteWait(activation, { id, flow: state.flow }, noted);
  if (!ok && state.subscribers.length === 0)
    reportUnhandled(activation, { ok, text: activation.envelope.payload }, state.flow);
  saveCell(activation, settleCell(activation, state, { ok, tally: NO_USAGE }));
}

/** Rejects subscribers whose cell was never created. */
function expireSubscribers(activation: Activation): void {
  const state = readCell(activation);
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

function saveCell(activation: Activation, state: CellRecord): void {
  if (state === NO_CELL) return;
  const served = state.settled !== undefined && state.subscribers.length + state.late.length === 0;
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

/** An escaped future, and the instant until which its settlement is kept. */
export type Subscription = {
  readonly cell: MessageId;
  readonly retainUntil: number;
  readonly scope?: string | undefined;
};

/** Subscribes consumers to an escaped future, until `scope` is canceled. */
export function subscribeToCell(
  activation: Activation,
  { cell: id, retainUntil, scope }: Subscription,
  consumers: readonly Consumer[],
): void {
  const scoped = scope === undefined ? { retainUntil } : { retainUntil, scope };
  for (let start = 0; start < consumers.length; start += TURN) {
    const control = { consumers: consumers.slice(start, start + TURN), ...scoped };
    sendSystemMessage(activation, { to: "cell", id, name: "subscribe", control });
  }
}

/** The flow and scope of consumers, and the scope of the work that they wait for. */
type Belonging = {
  readonly flow: string | undefined;
  readonly scope?: string | undefined;
  readonly within?: string | undefined;
};

/**
 * Moves consumers into a cell of their own, and returns the one consumer that stands for them. They
 * outgrew a message, or belong to a scope that ends before the future's own.
 */
export function spillConsumers(
  activation: Activation,
  id: string,
  consumers: readonly Consumer[],
  { flow, scope, within }: Belonging,
): Consumer {
  const control: Subscribe = {
    consumers,
    retainUntil: 0,
    spill: true,
    ...(flow !== undefined && { flow }),
    ...(scope !== undefined && { scope }),
    ...(within !== undefined && { within }),
  };
  sendSystemMessage(activation, { to: "cell", id, name: "subscribe", control });
  return { to: "cell", id, spill: true, want: undefined, tally: undefined, parked: undefined };
}
