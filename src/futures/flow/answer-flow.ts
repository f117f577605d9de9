import type { Activation } from "../../core/activation/activation.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import { codec } from "../protocol/codec.ts";
import { deliverSettlement } from "../protocol/deliver.ts";
import type { AskFlow } from "../protocol/messages.ts";
import {
  fulfilledSettlement,
  rejectedSettlement,
  rejectedWithCode,
  SETTLED_UNDEFINED,
} from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { toFailure } from "../types/failure.ts";
import { isRepeatedBy } from "./record/earlier-runs.ts";
import { FLOW_VALUE } from "./record/flow-record.ts";
import type { FlowRecord } from "./record/flow-record.ts";
import { flowNotFound, foundFlow, statusOf } from "./record/found-flow.ts";
import { readFlow, saveFlow, STATUS_VALUE } from "./record/stored-flow.ts";

/** Answers what a handler asks a flow. */
export function answerFlow(activation: Activation, asked: AskFlow): void {
  const { about, run, consumers, flow } = asked;
  const record = readFlow(activation);
  const settled =
    about === "status"
      ? describeFlow(activation, record)
      : beginCompensation(activation, record, run);
  deliverSettlement(activation, consumers, settled, flow);
}

function describeFlow(activation: Activation, record: FlowRecord | undefined): Settled {
  const { id } = activation.address;
  if (record === undefined) return rejectedSettlement(toFailure(flowNotFound(id)));
  const outcome = activation.read(FLOW_VALUE)?.content.text ?? ("" as Encoded);
  const custom = activation.read(STATUS_VALUE)?.content.text;
  const text = codec.encode(statusOf(foundFlow(record, outcome, custom)), { root: "status" });
  const [size, limit] = [text.length, activation.environment.payloadLimit];
  if (size <= limit) return fulfilledSettlement(text);
  const why = `the status of the flow ${id} has ${size} characters, the limit is ${limit}`;
  return rejectedWithCode("PAYLOAD_TOO_LARGE", why, { size, limit });
}

/**
 * Lets a compensation begin, unless a restart does the work of its run again under the same keys. From
 * then on no restart can do that.
 */
function beginCompensation(
  activation: Activation,
  record: FlowRecord | undefined,
  run: string,
): Settled {
  if (record === undefined) return SETTLED_UNDEFINED;
  const number = record.number ?? activation.address.id;
  if (isRepeatedBy(record, run)) {
    const why = "the flow was restarted with the same keys, so its earlier run is not compensated";
    return rejectedWithCode("CANCELLED", why, { restarted: true });
  }
  if (number === run && record.compensates !== true)
    saveFlow(activation, { ...record, compensates: true });
  return SETTLED_UNDEFINED;
}
