import type { Activation } from "../../core/activation/activation.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Definition } from "../../core/activation/definition.ts";
import type { Json } from "../../core/data/json.ts";
import { rootId } from "../../core/message/message-id.ts";
import { addUsage } from "../../core/activation/meter.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { CallControl } from "../protocol/call.ts";
import { queueId } from "../combinators/event.ts";
import { derivedFlowRecord, recordOfFirstCall } from "./derived-record.ts";
import { FLOW_VALUE, encodeFlowRecord, decodeFlowRecord } from "./flow-record.ts";
import type { FlowRecord } from "./flow-record.ts";
import { cancelledSettlement, failureOfSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { CALL } from "../define/spec.ts";
import { SYSTEM, systemAddress, sendSystemMessage } from "../protocol/system.ts";

/** What starts a flow; the payload of the message is the input. */
export type Start = {
  readonly number: string;
  readonly type: string;
  readonly stateId?: string | undefined;
  readonly name: string;
  readonly digest?: string | undefined;
  readonly creates?: true | undefined;
  /** Where the answer goes: `started`, `attached` or `conflict`. */
  readonly key: string;
};

/** Name under which a flow's custom status is kept. */
export const STATUS_VALUE = "status";
const MAX_UNHANDLED = 16;

/** The key of the answer that a settled flow gives. */
export function settledReplyKey(flow: string): string {
  return `flow/${flow}`;
}

/**
 * The system function `_sys/flow`; its id is the flow's key. The cell of a flow: what was started under a key, and how it stands.
 *
 * L1 A start is idempotent by key: the same function and input attach, others are a conflict, and change nothing.
 * L2 It settles once, and announces that to whoever is connected; what was settled is kept for the retention time.
 * L3 Cancelling settles it as cancelled at once, and cancels its scope: its number, with which the names of all its scopes begin.
 * L4 One that has settled may be forgotten before its time; what comes late for it is dropped, as after its retention.
 * L5 The sums of late runs are added whenever they come; `final` is when every message sent has been counted.
 */
export const flow: Definition = {
  type: SYSTEM.flow,
  valueNames: [FLOW_VALUE, STATUS_VALUE],
  system: true,
  receive(activation) {
    const { name, control } = activation.envelope;
    const kept = activation.json(FLOW_VALUE);
    const record = kept === undefined ? undefined : decodeFlowRecord(kept);
    if (name === "start") return start(activation, record, control as Start);
    if (name === "query") return query(activation, record, control as { key: string });
    if (name === "signal")
      return signal(activation, record, control as { key: string; event: string });
    if (name === "cancel") return cancel(activation, record, control as { key: string });
    if (name === "purge") return purge(activation, record, control as { key: string });
    if (record === undefined) return orphan(activation, name, control);
    switch (name) {
      case "settle":
        return settle(activation, record, control as { ok: boolean; tally: UsageTotals });
      case "bill":
        return save(activation, {
          ...record,
          tally: addUsage(record.tally, (control as { tally: UsageTotals }).tally),
        });
      case "unhandled":
        return save(activation, {
          ...record,
          unhandled: [
            ...(record.unhandled ?? []),
            failureOfSettlement({ ok: false, text: activation.envelope.payload }),
          ].slice(-MAX_UNHANDLED),
        });
      case "status":
        return activation.write(
          STATUS_VALUE,
          { text: activation.envelope.payload },
          activation.read(FLOW_VALUE)?.expiresAt,
        );
      default:
        return addQueue(activation, record, (control as { queue: string }).queue);
    }
  },
};

function start(activation: Activation, record: FlowRecord | undefined, call: Start): void {
  const { key, number, type, stateId, name, digest, creates } = call;
  const flow = activation.address.id;
  if (record !== undefined) {
    const same =
      record.type === type &&
      (record.name ?? CALL) === name &&
      record.digest === digest &&
      digest !== undefined;
    return activation.replyTo(key, UNDEFINED, {
      outcome: same ? "attached" : "conflict",
      type: record.type,
      stateId: record.stateId,
    });
  }
  const id = rootId(number);
  const control: CallControl = {
    consumers: [{ to: "flow", id: flow }],
    flow,
    creates,
    startedAt: activation.now,
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
  if (number === flow) activation.writeDerived(FLOW_VALUE, derivedFlowRecord.contentOf(first));
  else save(activation, { ...recordOfFirstCall(first), number, digest });
  activation.replyTo(key, UNDEFINED, { outcome: "started", type, stateId });
}

function settle(
  activation: Activation,
  record: FlowRecord,
  { ok, tally }: { ok: boolean; tally: UsageTotals },
): void {
  const summed = { ...record, tally: addUsage(record.tally, tally) };
  if (record.ok !== undefined) return save(activation, summed);
  end(activation, summed, { ok, text: activation.envelope.payload });
}

function cancel(
  activation: Activation,
  record: FlowRecord | undefined,
  { key }: { key: string },
): void {
  const outcome = record === undefined ? "unknown" : record.ok === undefined ? "cancelled" : "over";
  activation.replyTo(key, UNDEFINED, { outcome });
  if (record === undefined || outcome !== "cancelled") return;
  end(
    activation,
    { ...record, cancelled: true },
    cancelledSettlement(`the flow ${activation.address.id}`),
  );
  activation.cancelScope(record.number ?? activation.address.id);
}

function purge(
  activation: Activation,
  record: FlowRecord | undefined,
  { key }: { key: string },
): void {
  const outcome = record === undefined ? "unknown" : record.ok === undefined ? "pending" : "purged";
  activation.replyTo(key, UNDEFINED, { outcome });
  if (outcome !== "purged") return;
  activation.delete(FLOW_VALUE);
  activation.delete(STATUS_VALUE);
}

/** Settles the flow, and tells whoever waits for that. */
function end(activation: Activation, record: FlowRecord, { ok, text }: Settled): void {
  if (record.queues !== undefined) for (const queue of record.queues) endQueue(activation, queue);
  save(activation, { ...record, queues: undefined, ok, settledAt: activation.now }, text);
  const status = activation.read(STATUS_VALUE);
  if (status !== undefined)
    activation.write(
      STATUS_VALUE,
      status.content,
      activation.now + activation.environment.retentionMs,
    );
  activation.replyTo(settledReplyKey(activation.address.id), text, { ok });
}

function query(
  activation: Activation,
  record: FlowRecord | undefined,
  { key }: { key: string },
): void {
  const status = activation.read(STATUS_VALUE);
  const outcome = record?.ok === undefined ? undefined : activation.read(FLOW_VALUE)?.content.text;
  activation.replyTo(key, status?.content.text ?? UNDEFINED, {
    record: record ?? null,
    ...(outcome !== undefined && { outcome }),
  });
}

function signal(
  activation: Activation,
  record: FlowRecord | undefined,
  { key, event }: { key: string; event: string },
): void {
  const outcome = record === undefined ? "unknown" : record.ok === undefined ? "signalled" : "over";
  if (outcome === "signalled")
    sendSystemMessage(activation, {
      target: systemAddress("event", queueId(activation.address.id, event)),
      name: "signal",
      control: null,
      payload: activation.envelope.payload,
    });
  activation.replyTo(key, UNDEFINED, { outcome });
}

function addQueue(activation: Activation, record: FlowRecord, queue: string): void {
  if (record.ok !== undefined) return endQueue(activation, queue);
  save(activation, { ...record, queues: [...(record.queues ?? []), queue] });
}

function endQueue(activation: Activation, id: string): void {
  sendSystemMessage(activation, {
    target: systemAddress("event", id),
    name: "over",
    control: null,
  });
}

/** The flow's record is gone: what comes late is dropped, but an event queue must learn that its flow is over. */
function orphan(activation: Activation, name: string, control: Json | undefined): void {
  if (name === "queue") endQueue(activation, (control as { queue: string }).queue);
}

/** Writes the record; `outcome` is given when it is settled, and kept from then on. */
function save(
  activation: Activation,
  record: FlowRecord,
  outcome = activation.read(FLOW_VALUE)?.content.text,
): void {
  const keepUntil =
    record.settledAt === undefined
      ? undefined
      : record.settledAt + activation.environment.retentionMs;
  const json = encodeFlowRecord(record);
  activation.write(
    FLOW_VALUE,
    outcome === undefined ? { json } : { json, text: outcome },
    keepUntil,
  );
}
