import type { Envelope } from "../../core/message/envelope.ts";
import type { DerivedValues } from "../../core/state/derived-values.ts";
import { markOfMessage } from "../../core/activation/meter.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { FLOW_VALUE, encodeFlowRecord } from "./flow-record.ts";
import type { FlowRecord } from "./flow-record.ts";
import { CALL } from "../define/spec.ts";
import { SYSTEM } from "../protocol/system.ts";

/**
 * The first call of a flow tells all that is known of the flow until it is handled, unless the flow
 * was started under a key.
 *
 * FC1 The record is what {@link recordOfFirstCall} makes of the call, whoever asks: the flow when
 * it starts, or an engine after a crash.
 * FC2 A call that is tried again tells nothing: the record was written when it was first handled.
 */
export const derivedFlowRecord: DerivedValues = {
  type: SYSTEM.flow,
  name: FLOW_VALUE,
  idOf({ control, scope }) {
    const { startedAt, flow, retries } = (control ?? {}) as Partial<CallControl>;
    return startedAt !== undefined && flow === scope && retries === undefined ? flow : undefined;
  },
  contentOf: (call) => ({ json: encodeFlowRecord(recordOfFirstCall(call)) }),
};

/** What is known of a flow from its first call. */
export function recordOfFirstCall(call: Envelope): FlowRecord {
  const { id, target, name } = call;
  const { startedAt = 0 } = callControlOf(call);
  const stateId = target.id === id ? undefined : target.id;
  return {
    type: target.type,
    stateId,
    name: name === CALL ? undefined : name,
    startedAt,
    tally: markOfMessage(id),
  };
}
