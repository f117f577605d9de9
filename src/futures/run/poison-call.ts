import type { Activation } from "../../core/activation/activation.ts";
import { formatAddress } from "../../core/message/address.ts";
import { addUsage, markOfMessage, usageOfCrashes } from "../../core/activation/meter.ts";
import { callControlOf } from "../protocol/call.ts";
import {
  billFlow,
  carryOrBillUsage,
  deliverSettlement,
  reportUnhandled,
} from "../protocol/deliver.ts";
import { failureOfSettlement, rejectedWithCode } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";

/**
 * Gives up a call that crashed the process. It becomes a dead letter, and its consumers get the
 * reason. Its runs never ended, so the bill counts them with no time.
 */
export function poisonCall(activation: Activation, crashes: number): void {
  const { envelope } = activation;
  const { consumers, flow, oneWay, counted } = callControlOf(envelope);
  const mark = markOfMessage(envelope.id);
  if (counted === true) return billFlow(activation, mark, flow);
  const settled = addPoisonDeadLetter(activation, crashes);
  if (oneWay === true) return;
  if (consumers.length === 0) reportUnhandled(activation, settled, flow);
  const tally = addUsage(mark, usageOfCrashes(crashes));
  deliverSettlement(
    activation,
    carryOrBillUsage(activation, consumers, { tally, flow }),
    settled,
    flow,
  );
}

/** Makes the message a dead letter, and returns the rejection for its consumers. */
export function addPoisonDeadLetter(activation: Activation, crashes: number): Settled {
  const { id, target } = activation.envelope;
  const why = `the process died ${crashes} times in a row while ${formatAddress(target)} handled the message ${id}; it is not handled any more`;
  const settled = rejectedWithCode("POISONED", why, {
    function: target.type,
    id: target.id,
    message: id,
    crashes,
  });
  activation.deadLetter(activation.envelope, failureOfSettlement(settled));
  return settled;
}
