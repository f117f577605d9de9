import type { Activation } from "../../core/activation/activation.ts";
import { HELD_WATCH } from "../../core/activation/effects.ts";
import { formatAddress } from "../../core/message/address.ts";
import { addUsage, markOfMessage, usageOfCrashes } from "../../core/activation/meter.ts";
import { noteMessage } from "../history/note-work.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { watchCancellation } from "../protocol/cancellation-watch.ts";
import {
  addDeadLetter,
  carryOrBillUsage,
  deliverSettlement,
  reportUnhandled,
} from "../protocol/deliver.ts";
import type { FunctionSpec } from "../define/spec.ts";
import { rejectedSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { systemFailure } from "../types/failure.ts";
import type { Failure } from "../types/failure.ts";
import { settleRecord } from "./cancel-call.ts";
import { mayPause, pauseCall } from "./pause-call.ts";

/**
 * Gives up a call that crashed the process. It becomes a dead letter. If it has consumers, it is
 * held: its consumers stay unsettled until the letter is redriven, discarded, or canceled with its
 * scope. If the engine cannot redrive it, they settle at once.
 */
export function poisonCall(spec: FunctionSpec, activation: Activation, crashes: number): void {
  const { envelope } = activation;
  const control = callControlOf(envelope);
  const { consumers, flow, oneWay, counted } = control;
  if (counted === true) return settleRecord(activation, control);
  noteMessage(activation, { ...envelope, flow }, { type: "poisoned", at: activation.now, crashes });
  if (mayPause(spec, activation)) return pausePoisoned(activation, crashes);
  const isHeld = activation.environment.holdsDeadLetters !== false;
  if (isHeld && oneWay !== true && consumers.length > 0) {
    const held: CallControl = { ...control, held: crashes };
    watchCancellation(activation, envelope.scope, HELD_WATCH + envelope.id);
    return void addPoisonDeadLetter(activation, crashes, { ...envelope, control: held });
  }
  const settled = addPoisonDeadLetter(activation, crashes);
  if (oneWay === true) return;
  reportUnhandled(activation, settled, flow);
  settleGivenUp(activation, settled, crashes);
}

/** Puts a call aside that crashed the process. Its runs may have left something behind. */
function pausePoisoned(activation: Activation, crashes: number): void {
  const failure = poisonFailure(activation, crashes);
  const { scope } = activation.envelope;
  const tally = usageOfCrashes(crashes);
  pauseCall(activation, { failure, tally, control: { rerun: true }, scope });
}

/**
 * Lets the failure of a held message pass on to its consumers. Its runs never ended, so the bill
 * counts them with no time.
 */
export function discardCall(activation: Activation, failure: Failure): void {
  const { held = 0 } = callControlOf(activation.envelope);
  settleGivenUp(activation, rejectedSettlement(failure), held);
}

function settleGivenUp(activation: Activation, settled: Settled, crashes: number): void {
  const { envelope } = activation;
  const { consumers, flow } = callControlOf(envelope);
  const tally = addUsage(markOfMessage(envelope.id), usageOfCrashes(crashes));
  const loaded = carryOrBillUsage(activation, consumers, { tally, flow });
  deliverSettlement(activation, loaded, settled, flow);
}

/** Makes the message a dead letter, and returns the rejection for its consumers. */
export function addPoisonDeadLetter(
  activation: Activation,
  crashes: number,
  letter = activation.envelope,
): Settled {
  const failure = poisonFailure(activation, crashes);
  addDeadLetter(activation, letter, failure);
  return rejectedSettlement(failure);
}

function poisonFailure({ envelope }: Activation, crashes: number): Failure {
  const { id, target } = envelope;
  const address = formatAddress(target);
  const why = `the process died ${crashes} times in a row soon after ${address} had begun to handle the message ${id} alone; it is not handled any more`;
  const details = { function: target.type, id: target.id, message: id, crashes };
  return systemFailure("POISONED", why, { details });
}
