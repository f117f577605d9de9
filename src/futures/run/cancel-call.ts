import type { Activation } from "../../core/activation/activation.ts";
import { markOfMessage, NO_USAGE } from "../../core/activation/meter.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { carryOrBillUsage, deliverSettlement } from "../protocol/deliver.ts";
import { cancelledSettlement } from "../protocol/settled.ts";

/**
 * Answers for the call of a user's function that is withdrawn: whoever waits for it is told. One
 * that takes a settlement, and has not begun, runs all the same, to clean up, in no scope. A
 * handler that is at work posts its own sums when it ends; its mark is posted by a message behind
 * it, which is there after a crash, too.
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
