import type { Activation } from "../../core/activation/activation.ts";
import {
  addUsage,
  markOfMessage,
  usageOfCrashes,
  usageOfRun,
} from "../../core/activation/meter.ts";
import { noteMessage } from "../history/note-work.ts";
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
 *
 * CC3 If it is held as a dead letter, its consumers get the cancellation, and it is never sent again.
 */
export function cancelCall(activation: Activation): void {
  if (activation.withdrawn === "held") return cancelHeldCall(activation);
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
  noteMessage(activation, { ...envelope, flow }, { type: "callCancelled", at: activation.now });
  const tally = markOfMessage(envelope.id);
  deliverCancelled(activation, consumers, { what, run: endingOf(activation), tally, flow });
}

/**
 * Settles the consumers of a held call, and replaces its dead letter by one that is not held. A
 * clean-up function stays held: nothing cancels it, and it would crash the process again.
 */
function cancelHeldCall(activation: Activation): void {
  const { scope: _, ...envelope } = activation.envelope;
  const { held = 0, ...control } = callControlOf(envelope);
  const failure = activation.discarded ?? null;
  const consumers = toLate(control.consumers);
  if (control.settles !== undefined) {
    const cleanUp: CallControl = { ...control, held, consumers, cancelled: true };
    return activation.deadLetter({ ...envelope, control: cleanUp }, failure);
  }
  const withdrawn: CallControl = { ...control, consumers: [], withdrawn: true };
  activation.deadLetter({ ...envelope, control: withdrawn }, failure);
  const what = `the call of ${envelope.target.type}`;
  const tally = addUsage(markOfMessage(envelope.id), usageOfCrashes(held));
  deliverCancelled(activation, consumers, { what, run: "unknown", tally, flow: control.flow });
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
  noteMessage(activation, { id, target, flow }, { type: "runAbandoned", at: activation.now });
  const usage = run === undefined ? usageOfCrashes(1) : usageOfRun(run);
  const tally = addUsage(markOfMessage(id), usage);
  deliverCancelled(activation, consumers, { what, run: "unknown", tally, flow });
}
