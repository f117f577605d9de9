import type { Activation } from "../../core/activation/activation.ts";
import {
  addUsage,
  markOfMessage,
  usageOfCrashes,
  usageOfRun,
} from "../../core/activation/meter.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { toLate } from "../protocol/consumer.ts";
import { deliverCancelled } from "../protocol/deliver.ts";
import type { RunEnding } from "../types/run-ending.ts";

/**
 * Handles a canceled call.
 *
 * CC1 If it waits, its consumers get the cancellation at once. A clean-up function runs anyway, in
 * no scope.
 * CC2 If its handler is running, a record takes its place. The consumers get the outcome of the run
 * when it ends. If it never ends, the record settles them. That of a clean-up function calls it
 * again.
 */
export function cancelCall(activation: Activation): void {
  const { scope: _, ...envelope } = activation.envelope;
  const control = callControlOf(envelope);
  const { flow, settles } = control;
  const consumers = toLate(control.consumers);
  if (settles !== undefined)
    return activation.send({ ...envelope, control: { ...control, consumers, cancelled: true } });
  if (activation.withdrawn === "running") {
    const record: CallControl = { consumers, counted: true, ...(flow !== undefined && { flow }) };
    return activation.send({ ...envelope, control: record });
  }
  const what = `the call of ${envelope.target.type}`;
  const tally = markOfMessage(envelope.id);
  deliverCancelled(activation, consumers, { what, run: endingOf(activation), tally, flow });
}

/** Returns how a call ended that waits for its handler. */
function endingOf({ envelope, isFirstRun }: Activation): RunEnding {
  if (!isFirstRun) return "unknown";
  return (callControlOf(envelope).retries ?? 0) > 0 ? "threw" : "neverBegan";
}

/**
 * Settles the consumers of a canceled run that crashed, or was given up. The time of a run that
 * crashed is unknown.
 */
export function settleRecord(activation: Activation, { consumers, flow }: CallControl): void {
  const { envelope, abandonedRun: run } = activation;
  const { id, target } = envelope;
  const what = `the call of ${target.type}`;
  const usage = run === undefined ? usageOfCrashes(1) : usageOfRun(run);
  const tally = addUsage(markOfMessage(id), usage);
  deliverCancelled(activation, consumers, { what, run: "unknown", tally, flow });
}
