import type { Activation } from "../../core/activation/activation.ts";
import { addUsage } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { noteWork } from "../../core/activation/work-note.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { flowPauseId } from "../../core/engine/pauses.ts";
import { FLOW_DIGITS, isGeneratedId, rootId } from "../../core/message/message-id.ts";
import { eventOfQueue, queueId } from "../combinators/event.ts";
import { CALL } from "../define/spec.ts";
import { noteFlowEnd, noteFlowStart, notePause, noteUnhandled } from "../history/note-flow.ts";
import { noteWait } from "../history/note-work.ts";
import type { CallControl } from "../protocol/call.ts";
import { flowConsumer } from "../protocol/consumer.ts";
import type { Messages, Repair, ReplyKey, StartFlow } from "../protocol/messages.ts";
import { cancelledSettlement, failureOfSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { sendSystemMessage, systemFunction } from "../protocol/system.ts";
import { answerFlow } from "./answer-flow.ts";
import { derivedFlowRecord, recordOfFirstCall } from "./record/derived-record.ts";
import { changedAttributes } from "./flow-attributes.ts";
import { attributesDroppedLine, flowFailedLine, unhandledLine } from "./flow-lines.ts";
import { choosePaused, withoutPaused, withPaused } from "../repair/paused-calls.ts";
import { firstNumberOf, isFromEarlierRun, isOfEarlierRun, runsOf } from "./record/earlier-runs.ts";
import { FLOW_VALUE, flowStatusOf } from "./record/flow-record.ts";
import type { FlowRecord } from "./record/flow-record.ts";
import { isRemembered, isRepeated, rememberRequest, REQUESTS_VALUE } from "./repeated-requests.ts";
import { restartFlow } from "./restart-flow.ts";
import { settledReplyKey } from "./record/settled-reply.ts";
import { checkSignal, endSignalKeys, forgetSignalKeys, unreserveKey } from "./signal-keys.ts";
import {
  INPUT_VALUE,
  readFlow,
  saveEndedFlow,
  saveFlow,
  saveNewFlow,
  STATUS_VALUE,
} from "./record/stored-flow.ts";

const MAX_UNHANDLED = 16;
/** What a flow keeps of events that it does not wait for: values, their characters, and names. */
export const MOST_KEPT_EVENTS = 10_000;
export const MOST_KEPT_CHARACTERS = 67_108_864;
export const MOST_EVENT_NAMES = 1_000;

const VALUE_NAMES = [FLOW_VALUE, STATUS_VALUE, REQUESTS_VALUE, INPUT_VALUE];

/** Changes the record of an existing flow. Late messages of a deleted one are dropped. */
function changing<Control>(
  change: (activation: Activation, record: FlowRecord, control: Control) => FlowRecord,
) {
  return (activation: Activation, control: Control): void => {
    const record = readFlow(activation);
    if (record !== undefined) saveFlow(activation, change(activation, record, control));
  };
}

/**
 * The system function of flows. Its id is the flow's key, and its record says what was started and
 * how it stands.
 *
 * L1 A start is idempotent by key. The same function and input attach to the flow. Others conflict
 * and change nothing.
 * L2 A flow settles once and tells whoever is connected. Its outcome is kept for the retention
 * time.
 * L3 Canceling settles the flow as canceled at once, and cancels its scope. The scope is the flow's
 * number, with which the names of all its scopes begin.
 * L4 A settled flow can be purged before its time. Later messages for it are dropped, as after its
 * retention.
 * L5 The usage of late runs is added whenever it comes. The bill is `final` when every message sent
 * has been counted.
 * L6 A restart cancels the scope of the run before in its own commit. Late settlements, statuses,
 * attributes and pauses of an earlier run change nothing but the bill.
 */
export const flow = systemFunction("flow", VALUE_NAMES, {
  start: startFlow,
  query: queryFlow,
  signal: signalFlow,
  admit(activation, { key, event }) {
    const record = readFlow(activation);
    if (record?.ok === undefined) sendEvent(activation, event, record);
    activation.replyTo(key, UNDEFINED, { outcome: "signalled" });
  },
  unreserve: changing((_, record) => unreserveKey(record)),
  cancel: cancelFlow,
  purge: purgeFlow,
  pause: pauseFlow,
  settle: settleFlow,
  bill: changing((_, record, { tally }) => addToBill(record, tally)),
  unhandled: changing(addUnhandled),
  kept: changing((_, record, { count, chars }) => {
    const kept = record.kept ?? NONE_KEPT;
    return { ...record, kept: { count: kept.count + count, chars: kept.chars + chars } };
  }),
  attributes: changing(changeAttributes),
  status(activation) {
    const record = readFlow(activation);
    if (record === undefined || isFromEarlierRun(record, activation.envelope.id)) return;
    const { expiresAt } = activation.read(FLOW_VALUE) ?? {};
    activation.write(STATUS_VALUE, { text: activation.envelope.payload }, expiresAt);
  },
  paused(activation, { call }) {
    const record = readFlow(activation);
    const isOver = record?.ok !== undefined || (record && isFromEarlierRun(record, call.call));
    const paused = isOver === true ? undefined : withPaused(record?.paused, call);
    if (record === undefined || paused === undefined) return endPausedCall(activation, call.call);
    saveFlow(activation, { ...record, paused });
    notePause(activation, record, { type: "paused", message: call.call });
  },
  released: changing((_, record, { call }) => ({
    ...record,
    paused: withoutPaused(record.paused, call),
  })),
  repair: repairFlow,
  restart: restartFlow,
  ask: answerFlow,
  queue(activation, { queue }) {
    const record = readFlow(activation);
    // A queue must learn that its flow is over, even if the flow's record is deleted.
    if (record === undefined || record.ok !== undefined) return endQueue(activation, queue);
    const { queues = [] } = record;
    const events = declaredWith(record, eventOfQueue(queue));
    saveFlow(activation, { ...record, events, queues: [...queues, queue] });
  },
});

/**
 * Adds a name to the declared events. A flow takes every event that it waits for: after a deploy,
 * its functions may wait for more of them than they did when it began.
 */
function declaredWith({ events }: FlowRecord, name: string): FlowRecord["events"] {
  return events === undefined || events.includes(name) ? events : [...events, name];
}

const NONE_KEPT = { count: 0, chars: 0 };

/** Tells whether a key has the form of those that the engine makes. Nobody else may make one. */
function isMadeByEngine(key: string): boolean {
  return (key.length === FLOW_DIGITS && /^[0-9a-f]+$/.test(key)) || isGeneratedId(key);
}

/** Tells whether a flow keeps as many events for later as it may, or as many names of events. */
function isFull(
  { kept = NONE_KEPT, queues = [] }: FlowRecord,
  queue: string,
  size: number,
): boolean {
  return (
    kept.count >= MOST_KEPT_EVENTS ||
    kept.chars + size > MOST_KEPT_CHARACTERS ||
    (queues.length >= MOST_EVENT_NAMES && !queues.includes(queue))
  );
}

function addToBill(record: FlowRecord, tally: UsageTotals): FlowRecord {
  return { ...record, tally: addUsage(record.tally, tally) };
}

function addUnhandled(activation: Activation, record: FlowRecord): FlowRecord {
  const failure = failureOfSettlement({ ok: false, text: activation.envelope.payload });
  noteUnhandled(activation, record, failure);
  noteWork(activation.environment, unhandledLine({ key: activation.address.id, record, failure }));
  const unhandled = [...(record.unhandled ?? []), failure].slice(-MAX_UNHANDLED);
  return { ...record, unhandled };
}

function changeAttributes(
  { address, environment, envelope }: Activation,
  record: FlowRecord,
  { changes }: Messages["flow"]["attributes"],
): FlowRecord {
  if (isFromEarlierRun(record, envelope.id)) return record;
  const { attributes, dropped } = changedAttributes(record.attributes, changes);
  if (dropped.length > 0)
    noteWork(environment, attributesDroppedLine({ key: address.id, record, dropped }));
  return { ...record, attributes };
}

function startFlow(activation: Activation, call: StartFlow): void {
  const { key, number, type, stateId, name, digest, creates, events, traceparent } = call;
  const flow = activation.address.id;
  const record = readFlow(activation);
  if (record !== undefined) return startAgain(activation, call, record);
  if (isRemembered(activation, startKey(number)) || isRemembered(activation, key)) return;
  if (flow !== number && isMadeByEngine(flow))
    return activation.replyTo(key, UNDEFINED, { outcome: "reserved", type });
  const id = rootId(number);
  const control: CallControl = {
    consumers: [flowConsumer(flow)],
    flow,
    creates,
    startedAt: activation.now,
    traceparent,
  };
  const first = {
    id,
    target: { type, id: stateId ?? id },
    name,
    payload: activation.envelope.payload,
    control,
    scope: number,
  };
  activation.send(first);
  noteFlowStart(activation, { type, number });
  if (number === flow && events === undefined)
    activation.writeDerived(FLOW_VALUE, derivedFlowRecord.contentOf(first));
  else {
    const record = { ...recordOfFirstCall(first), number, digest, events };
    saveNewFlow(activation, record, first.payload);
  }
  activation.confirm(key, { outcome: "started", type, stateId });
}

/**
 * Names the start of a purged flow among the requests that have come. Other starts are remembered when
 * they come, and this one when the flow is purged, so that most flows remember nothing.
 */
function startKey(number: string): string {
  return `start ${number}`;
}

/** Answers a start of a flow that exists: the same one again, one that attaches, or another one. */
function startAgain(activation: Activation, call: StartFlow, record: FlowRecord): void {
  const { key, number, type, name, digest, awaits } = call;
  const { ok, stateId } = record;
  const isFirst = firstNumberOf(record, activation.address.id) === number;
  if (!isFirst) rememberRequest(activation, key);
  const isOfFunction = record.type === type && (record.name ?? CALL) === name;
  const isSame = isOfFunction && isFirst;
  const isEqual = isOfFunction && record.digest === digest && digest !== undefined;
  const started = { type: record.type, name: record.name ?? CALL, stateId };
  if (!isSame && !isEqual)
    return activation.replyTo(key, UNDEFINED, { outcome: "conflict", ...started });
  if (awaits === true && ok !== undefined) {
    const settled = activation.read(FLOW_VALUE)?.content.text ?? UNDEFINED;
    return activation.replyTo(key, settled, { ok });
  }
  const outcome = isSame ? "started" : "attached";
  if (ok === undefined) activation.confirm(key, { outcome, ...started });
  else activation.replyTo(key, UNDEFINED, { outcome, ...started });
}

function settleFlow(activation: Activation, settled: Messages["flow"]["settle"]): void {
  const { ok, tally, attempt, run } = settled;
  const record = readFlow(activation);
  if (record === undefined) return;
  const billed = addToBill(record, tally);
  if (record.ok !== undefined || isOfEarlierRun(record, run)) return saveFlow(activation, billed);
  endFlow(activation, billed, { ok, text: activation.envelope.payload, attempt });
}

function cancelFlow(activation: Activation, { key }: ReplyKey): void {
  if (isRepeated(activation, key)) return;
  const record = readFlow(activation);
  const outcome = record === undefined ? "unknown" : record.ok === undefined ? "cancelled" : "over";
  activation.replyTo(key, UNDEFINED, { outcome });
  if (record === undefined || outcome !== "cancelled") return;
  const settled = cancelledSettlement(`the flow ${activation.address.id}`);
  endFlow(activation, { ...record, cancelled: true }, settled);
  activation.cancelScope(record.number ?? activation.address.id);
}

function purgeFlow(activation: Activation, { key }: ReplyKey): void {
  if (isRepeated(activation, key)) return;
  const record = readFlow(activation);
  const outcome = record === undefined ? "unknown" : record.ok === undefined ? "pending" : "purged";
  activation.replyTo(key, UNDEFINED, { outcome });
  if (record === undefined || outcome !== "purged") return;
  rememberRequest(activation, startKey(firstNumberOf(record, activation.address.id)));
  forgetSignalKeys(activation, record);
  for (const number of runsOf(record, activation.address.id)) activation.purgeJournal(number);
  for (const name of [FLOW_VALUE, STATUS_VALUE, INPUT_VALUE]) activation.delete(name);
}

/** Settles the flow, and tells whoever waits for its outcome. */
function endFlow(activation: Activation, record: FlowRecord, settled: Settled): void {
  const { ok, text, attempt } = settled;
  const failure = ok ? undefined : failureOfSettlement({ ok, text });
  if (failure !== undefined && record.cancelled !== true) {
    noteWork(
      activation.environment,
      flowFailedLine({ key: activation.address.id, record, failure, attempt }),
    );
  }
  for (const queue of record.queues ?? []) endQueue(activation, queue);
  for (const { call } of record.paused ?? []) endPausedCall(activation, call);
  if (record.pausedAt !== undefined) sendPause(activation, record, "end");
  const hasEnds = (record.queues ?? record.paused ?? record.pausedAt) !== undefined;
  const ended = { queues: undefined, paused: undefined, pausedAt: undefined };
  const rest = hasEnds ? { ...record, ...ended } : record;
  saveEndedFlow(activation, { ...rest, ok, settledAt: activation.now }, text);
  const status = activation.read(STATUS_VALUE);
  const keepUntil = activation.now + activation.environment.retentionMs;
  endSignalKeys(activation, record, keepUntil);
  if (status !== undefined) activation.write(STATUS_VALUE, status.content, keepUntil);
  activation.replyTo(settledReplyKey(activation.address.id), text, { ok });
  noteFlowEnd(activation, record, failure);
}

function queryFlow(activation: Activation, { key }: ReplyKey): void {
  const record = readFlow(activation);
  const status = activation.read(STATUS_VALUE);
  const outcome = record?.ok === undefined ? undefined : activation.read(FLOW_VALUE)?.content.text;
  activation.replyTo(key, status?.content.text ?? UNDEFINED, {
    record: record ?? null,
    ...(outcome !== undefined && { outcome }),
  });
}

function signalFlow(activation: Activation, signal: Messages["flow"]["signal"]): void {
  const { key, event, once } = signal;
  if (isRepeated(activation, key)) return;
  const record = readFlow(activation);
  const { payload, target } = activation.envelope;
  if (record?.ok === undefined && record?.events?.includes(event) === false)
    return activation.replyTo(key, UNDEFINED, { outcome: "undeclared" });
  const full = record !== undefined && isFull(record, queueId(target.id, event), payload.length);
  if (once !== undefined && record !== undefined) {
    const counted = checkSignal(activation, record, { ...signal, once }, full);
    if (counted !== undefined) saveFlow(activation, counted);
    return;
  }
  const outcome = record === undefined ? "unknown" : record.ok === undefined ? "signalled" : "over";
  // A flow that keeps no more events still takes one that it waits for.
  const number = record?.number ?? target.id;
  if (outcome === "signalled" && full) return offerEvent(activation, { event, key, number });
  if (outcome === "signalled") sendEvent(activation, event, record);
  activation.replyTo(key, UNDEFINED, { outcome });
}

function offerEvent(
  activation: Activation,
  { event, ...control }: Messages["event"]["offer"] & { readonly event: string },
): void {
  const id = queueId(activation.address.id, event);
  const { payload } = activation.envelope;
  sendSystemMessage(activation, { to: "event", id, name: "offer", control, payload });
}

/** Sends the value of a signal to the queue of its event. */
function sendEvent(activation: Activation, event: string, record?: FlowRecord): void {
  const flow = activation.address.id;
  const id = queueId(flow, event);
  const { payload } = activation.envelope;
  const noted = { type: "eventReceived", at: activation.now, event } as const;
  noteWait(activation, { id: record?.number ?? flow, flow }, noted);
  sendSystemMessage(activation, { to: "event", id, name: "signal", control: null, payload });
}

function endQueue(activation: Activation, id: string): void {
  sendSystemMessage(activation, { to: "event", id, name: "over", control: null });
}

/** Lets the failure of a paused call pass on, because its flow does not wait for it. */
function endPausedCall(activation: Activation, id: string): void {
  sendSystemMessage(activation, { to: "pausedCall", id, name: "over", control: null });
}

function pauseFlow(activation: Activation, { key }: ReplyKey): void {
  const record = readFlow(activation);
  if (record === undefined) return activation.replyTo(key, UNDEFINED, { outcome: "unknown" });
  if (record.ok !== undefined)
    return activation.replyTo(key, UNDEFINED, { outcome: "over", status: flowStatusOf(record) });
  activation.replyTo(key, UNDEFINED, { outcome: "paused" });
  if (record.pausedAt !== undefined) return;
  saveFlow(activation, { ...record, pausedAt: activation.now });
  sendPause(activation, record, "begin");
  notePause(activation, record, { type: "paused" });
}

/** Ends the pause of a flow that a client paused. */
function resumeFlow(activation: Activation, record: FlowRecord): void {
  saveFlow(activation, { ...record, pausedAt: undefined });
  sendPause(activation, record, "end");
  notePause(activation, record, { type: "resumed" });
}

/** Lets the engine hold the messages of a flow, or no longer. */
function sendPause(
  activation: Activation,
  { number = activation.address.id }: FlowRecord,
  name: "begin" | "end",
): void {
  sendSystemMessage(activation, { to: "pause", id: flowPauseId(number), name, control: {} });
}

/** Passes a decision on to the paused call that it is about. */
function repairFlow(activation: Activation, repair: Repair): void {
  if (isRepeated(activation, repair.key)) return;
  const record = readFlow(activation);
  if (record === undefined)
    return activation.replyTo(repair.key, UNDEFINED, { outcome: "unknown" });
  const isAboutCall = repair.call ?? repair.hasInput ?? repair.newKey;
  if (record.pausedAt !== undefined && repair.action === "resume" && isAboutCall === undefined) {
    resumeFlow(activation, record);
    return activation.replyTo(repair.key, UNDEFINED, { outcome: "resumed" });
  }
  const chosen = choosePaused(record.paused, repair.call);
  if ("outcome" in chosen) {
    const refusal = { ...chosen, status: flowStatusOf(record) };
    return activation.replyTo(repair.key, UNDEFINED, refusal);
  }
  if (repair.action === "resume")
    notePause(activation, record, { type: "resumed", message: chosen.call });
  const { payload } = activation.envelope;
  const request = { to: "pausedCall", id: chosen.call, name: "repair", control: repair } as const;
  sendSystemMessage(activation, { ...request, payload });
}
