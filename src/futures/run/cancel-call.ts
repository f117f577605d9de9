import type { Activation } from "../../core/activation/activation.ts";
import { markOfMessage, NO_USAGE } from "../../core/activation/meter.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { carryOrBillUsage, deliverSettlement } from "../protocol/deliver.ts";
import { cancelledSettlement } from "../protocol/settled.ts";

/**
 * Handles a canceled call: its consumers get the cancellation. A clean-up function that has not
 * begun runs anyway, in no scope. A running handler posts its usage when it ends. A message behind
 * it posts its mark, also after a crash.
 */
export function cancelCall(activation: Activation): void {
  const { scope: _, ...envelope } = activation.envelope;
  const control = callControlOf(envelope);
  const { consumers, flow, settles } = control;
  const isRunning = activation.withdrawn === "running";
  const left: CallControl | undefined = isRunning
    ? { consumers: [], counted: true, ...(flow !== undefined && { flow }) }
    : settles !== undefined
      ? { ...control, consumers: [], cancelled: true }
      : undefined;
  if (left !== undefined) activation.send({ ...envelope, control: left });
  const tally = left === undefined ? markOfMessage(envelope.id) : NO_USAGE;
  deliverSettlement(
    activation,
    carryOrBillUsage(activation, consumers, { tally, flow }),
    cancelledSettlement(`the call of ${envelope.target.type}`),
    flow,
  );
}
