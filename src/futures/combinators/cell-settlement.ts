import type { Activation } from "../../core/activation/activation.ts";
import { NO_USAGE } from "../../core/activation/meter.ts";
import { unwatchCancellation } from "../protocol/cancellation-watch.ts";
import { toLate } from "../protocol/consumer.ts";
import { carryOrBillUsage, deliverCancelled, deliverSettlement } from "../protocol/deliver.ts";
import type { WatchToken } from "../protocol/messages.ts";
import { scopeName } from "../../core/message/scope-name.ts";
import { cancelledSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { sendSystemMessage } from "../protocol/system.ts";
import { EXPIRE, OWN_GUARD } from "./cell-record.ts";
import type { CellRecord, Subscriber } from "./cell-record.ts";

/** How a cell settles, is canceled, and serves its subscribers (see `cell.ts`). */

/**
 * Subscribers served in one activation. Others take turns, so that no activation grows with their
 * number.
 */
export const TURN = 64;

/** Settles an unsettled cell as canceled, and cancels the work that was to settle it. */
export function cancelCell(activation: Activation, state: CellRecord): CellRecord {
  if (state.settled !== undefined) return state;
  activation.cancelScope(scopeName(activation.address.id, state.detached));
  // Nothing but its token settles a promise.
  const isWorking = state.digests.length === 0;
  const settled = cancelledSettlement("the future", isWorking ? "unknown" : "neverBegan");
  return { ...withSettlement(activation, state, settled), cancelled: true, working: isWorking };
}

/**
 * Cancels a cell with the scope in which it was made. Its subscribers are served once all scopes
 * are known that are canceled with that one.
 */
function cancelWithScope(activation: Activation, state: CellRecord): CellRecord {
  if (state.settled !== undefined) return state;
  const { id } = activation.address;
  sendSystemMessage(activation, { to: "cell", id, name: "turn", control: null });
  const scope = state.guard?.[0];
  const subscribers = state.subscribers.map((subscriber) =>
    subscriber.guard === undefined && scope !== undefined
      ? { ...subscriber, guard: [scope, OWN_GUARD] as const }
      : subscriber,
  );
  return cancelCell(activation, { ...state, subscribers });
}

/** Sets aside the subscribers of canceled scopes. They wait until the work has ended. */
export function separateLate(activation: Activation, state: CellRecord): CellRecord {
  if (!state.cancelled) return state;
  const isCutOff = ({ guard }: Subscriber): boolean => activation.isCancelled(guard?.[0]);
  const cutOff = state.subscribers.filter(isCutOff);
  if (cutOff.length === 0) return state;
  for (const { guard } of cutOff) unwatchCancellation(activation, guard);
  const rest = state.subscribers.filter((subscriber) => !isCutOff(subscriber));
  const late = cutOff.map(({ consumers }) => ({ consumers: toLate(consumers) }));
  if (state.working) return { ...state, subscribers: rest, late: [...state.late, ...late] };
  return { ...state, subscribers: [...late, ...rest] };
}

export function lateSubscriber({ consumers, ...rest }: Subscriber): Subscriber {
  return { ...rest, consumers: toLate(consumers) };
}

/** The work of a canceled cell has ended. Its late subscribers get the outcome. */
export function serveLate(activation: Activation, state: CellRecord, settled: Settled): CellRecord {
  const { late, flow, ...rest } = separateLate(activation, state);
  const consumers = late.flatMap((subscriber) => subscriber.consumers);
  deliverSettlement(activation, consumers, settled, flow);
  return { ...rest, flow, late: [], working: false };
}

/** A scope was canceled: that of the cell, or that of a subscriber. */
export function endWatch(
  activation: Activation,
  state: CellRecord,
  { token }: WatchToken,
): CellRecord {
  // A watch that was removed in this batch may still report.
  if (token === OWN_GUARD)
    return state.guard === undefined ? state : cancelWithScope(activation, state);
  const gone = state.subscribers.find(({ guard: own }) => own?.[1] === token);
  if (gone === undefined) return state;
  // The cell is canceled, too, or will be in this batch: its turn comes later.
  if (state.cancelled || activation.isCancelled(state.guard?.[0])) return state;
  if (gone.within === undefined) return releaseSubscribers(activation, state, [gone]);
  const { id } = activation.address;
  sendSystemMessage(activation, { to: "cell", id, name: "turn", control: null });
  return state;
}

/**
 * Releases subscribers whose scope was canceled. Those whose work was canceled with them wait for its
 * end.
 */
export function releaseCutOff(activation: Activation, state: CellRecord): CellRecord {
  if (state.settled !== undefined) return state;
  const isCutOff = ({ guard, within }: Subscriber): boolean =>
    within !== undefined && activation.isCancelled(guard?.[0]);
  const isLate = ({ within }: Subscriber): boolean => activation.isCancelled(within);
  if (!state.subscribers.some(isCutOff)) return state;
  const subscribers = state.subscribers.map((subscriber) =>
    isCutOff(subscriber) && isLate(subscriber)
      ? { consumers: toLate(subscriber.consumers) }
      : subscriber,
  );
  return releaseSubscribers(activation, { ...state, subscribers }, subscribers.filter(isCutOff));
}

/** Tells subscribers that their wait is canceled, while the work that they waited for goes on. */
function releaseSubscribers(
  activation: Activation,
  state: CellRecord,
  gone: readonly Subscriber[],
): CellRecord {
  for (const { consumers } of gone)
    deliverCancelled(activation, consumers, {
      what: "the wait for the future",
      run: "unknown",
      flow: state.flow,
    });
  const subscribers = state.subscribers.filter((subscriber) => !gone.includes(subscriber));
  const left = state.left || (state.released && subscribers.length === 0);
  return { ...state, subscribers, left };
}

/** Returns the cell with its settlement, which is kept for the retention time from now (C4). */
export function withSettlement(
  activation: Activation,
  state: CellRecord,
  settled: Settled,
): CellRecord {
  unwatchCancellation(activation, state.guard);
  if (state.expiring) activation.cancelSend(EXPIRE);
  const retainUntil = Math.max(
    state.retainUntil,
    activation.now + activation.environment.retentionMs,
  );
  return { ...state, settled, retainUntil, guard: undefined, expiring: false };
}

/** Serves the subscribers of a settled cell, a bounded number at a time. */
export function serveSubscribers(activation: Activation, state: CellRecord): CellRecord {
  const { settled, tally, subscribers, flow } = state;
  if (settled === undefined || subscribers.length === 0) return state;
  const now = subscribers.slice(0, TURN);
  for (const subscriber of now) unwatchCancellation(activation, subscriber.guard);
  const consumers = now.flatMap((subscriber) => subscriber.consumers);
  const carriers = carryOrBillUsage(activation, consumers, { tally: tally ?? NO_USAGE, flow });
  deliverSettlement(activation, carriers, settled, flow);
  const { id } = activation.address;
  if (subscribers.length > TURN)
    sendSystemMessage(activation, { to: "cell", id, name: "turn", control: null });
  return { ...state, tally: undefined, subscribers: subscribers.slice(TURN) };
}
