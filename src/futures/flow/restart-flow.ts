import type { Activation } from "../../core/activation/activation.ts";
import { addUsage } from "../../core/activation/meter.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import { rootId } from "../../core/message/message-id.ts";
import { CALL } from "../define/spec.ts";
import { noteFlowRestart } from "../history/note-flow.ts";
import type { CallControl } from "../protocol/call.ts";
import { flowConsumer } from "../protocol/consumer.ts";
import type { RestartFlow } from "../protocol/messages.ts";
import { recordOfFirstCall } from "./record/derived-record.ts";
import { addEarlierRun } from "./record/earlier-runs.ts";
import { flowStatusOf } from "./record/flow-record.ts";
import type { FlowRecord } from "./record/flow-record.ts";
import { isRepeated } from "./repeated-requests.ts";
import { forgetSignalKeys } from "./signal-keys.ts";
import {
  INPUT_VALUE,
  readFlow,
  readKeptInput,
  saveNewFlow,
  STATUS_VALUE,
} from "./record/stored-flow.ts";

/** Why a flow cannot be restarted. */
export type RestartRefusal = "running" | "completed" | "compensated" | "inputNotKept";

/** The outcome of a restart. */
export type RestartReply =
  | { readonly outcome: "restarted" | "unknown" }
  | { readonly outcome: "unregistered"; readonly type: string; readonly name: string }
  | { readonly outcome: "refused"; readonly status: string; readonly reason: RestartRefusal };

/** Runs a flow again that has failed or was canceled, and cancels what is left of its last run. */
export function restartFlow(activation: Activation, restart: RestartFlow): void {
  const { key, keys } = restart;
  if (isRepeated(activation, key)) return;
  const record = readFlow(activation);
  if (record === undefined) return activation.replyTo(key, UNDEFINED, { outcome: "unknown" });
  const input = readKeptInput(activation, record);
  const reason = whyRefused(record, keys) ?? (input === undefined ? "inputNotKept" : undefined);
  if (reason !== undefined || input === undefined) {
    const status = flowStatusOf(record);
    return activation.replyTo(key, UNDEFINED, { outcome: "refused", status, reason });
  }
  const { type, name = CALL } = record;
  if (!activation.environment.knows(type, name, input))
    return activation.replyTo(key, UNDEFINED, { outcome: "unregistered", type, name });
  beginRun(activation, { record, input, restart });
  activation.replyTo(key, UNDEFINED, { outcome: "restarted" });
}

function whyRefused(record: FlowRecord, keys: RestartFlow["keys"]): RestartRefusal | undefined {
  if (record.ok === undefined) return "running";
  if (record.ok) return "completed";
  return keys === "same" && record.compensates === true ? "compensated" : undefined;
}

/** A flow, its input, and the restart that was asked for. */
interface Restarted {
  readonly record: FlowRecord;
  readonly input: Encoded;
  readonly restart: RestartFlow;
}

function beginRun(activation: Activation, restarted: Restarted): void {
  const { record, input, restart } = restarted;
  const flow = activation.address.id;
  const { number } = restart;
  const { earlier, dropped } = addEarlierRun(record, flow, restart.keys);
  const first = firstCall(activation, restarted, earlier.keys);
  activation.cancelScope(record.number ?? flow);
  for (const each of dropped) activation.purgeJournal(each);
  forgetSignalKeys(activation, record);
  activation.send(first);
  const { digest, events, attributes, tally } = record;
  const begun = recordOfFirstCall(first);
  saveNewFlow(
    activation,
    {
      ...begun,
      tally: addUsage(tally, begun.tally),
      number,
      digest,
      events,
      attributes,
      earlier,
    },
    input,
  );
  for (const name of [STATUS_VALUE, INPUT_VALUE]) activation.delete(name);
  noteFlowRestart(activation, { type: record.type, number }, restart.keys);
}

/** Makes the first call of the new run. A state that the run before has made is not used again. */
function firstCall(
  { address: { id: flow }, now }: Activation,
  { record, input, restart: { number } }: Restarted,
  keys: string | undefined,
): Envelope {
  const id = rootId(number);
  const { type, name = CALL, stateId, traceparent } = record;
  const isOwnState = stateId === `@${rootId(record.number ?? flow)}`;
  const control: CallControl = {
    consumers: [flowConsumer(flow, number)],
    flow,
    creates: isOwnState ? true : undefined,
    startedAt: now,
    traceparent,
    keyId: keys === undefined ? undefined : rootId(keys),
  };
  const target = { type, id: isOwnState ? `@${id}` : (stateId ?? id) };
  return { id, target, name, payload: input, control, scope: number };
}
