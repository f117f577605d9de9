import type { Envelope } from "../../../core/message/envelope.ts";
import type { DerivedValues } from "../../../core/state/derived-values.ts";
import { markOfMessage } from "../../../core/activation/meter.ts";
import { callControlOf } from "../../protocol/call.ts";
import type { CallControl } from "../../protocol/call.ts";
import { FLOW_VALUE, encodeFlowRecord } from "./flow-record.ts";
import type { FlowRecord } from "./flow-record.ts";
import { CALL } from "../../define/spec.ts";
import { SYSTEM } from "../../protocol/system.ts";

/**
 * The record of a flow without a given key, derived from its first call until that call is handled.
 *
 * FC1 {@link recordOfFirstCall} makes the record, both when the flow starts and when an engine
 * recovers.
 * FC2 A retried call has no derived record, because the record was written when the call first ran.
 */
export const derivedFlowRecord: DerivedValues = {
  type: SYSTEM.flow,
  name: FLOW_VALUE,
  idOf({ control, scope }) {
    const { startedAt, flow, retries } = (control ?? {}) as Partial<CallControl>;
    return startedAt !== undefined && flow === scope && retries === undefined ? flow : undefined;
  },
  contentOf: (call) => ({ json: encodeFlowRecord(recordOfFirstCall(call)), text: call.payload }),
};

/** Makes the record of a flow from its first call. */
export function recordOfFirstCall(call: Envelope): FlowRecord {
  const { id, target, name } = call;
  const { startedAt = 0, traceparent } = callControlOf(call);
  const stateId = target.id === id ? undefined : target.id;
  return {
    type: target.type,
    stateId,
    name: name === CALL ? undefined : name,
    startedAt,
    tally: markOfMessage(id),
    traceparent,
  };
}
