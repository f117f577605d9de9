import type { Activation } from "../../core/activation/activation.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import { usedUpCalls } from "../../core/activation/used-up-call.ts";
import type { UsedUpCall } from "../../core/activation/used-up-call.ts";
import { noteWork } from "../../core/activation/work-note.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { readProperty } from "../../core/errors/thrown.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { FunctionSpec } from "../define/spec.ts";
import { CALL } from "../define/spec.ts";
import { callControlOf } from "../protocol/call.ts";
import type { CallControl } from "../protocol/call.ts";
import { codec } from "../protocol/codec.ts";
import { isLate } from "../protocol/consumer.ts";
import { carryOrBillUsage } from "../protocol/deliver.ts";
import { controlForAttempt } from "../protocol/idempotency-key.ts";
import { sendSystemMessage } from "../protocol/system.ts";
import type { Failure } from "../types/failure.ts";
import { handbackCode } from "../types/handback-code.ts";
import { pausedLine } from "./attempt-lines.ts";

/**
 * Tells whether a call that cannot go on pauses in place of failing: its function or engine wants
 * that, it belongs to a flow, something waits for its outcome, and no caller deals with failures.
 */
export function mayPause({ whenFailed }: FunctionSpec, activation: Activation): boolean {
  if ((whenFailed ?? activation.environment.whenFailed) !== "pause") return false;
  const { flow, oneWay, noPause, consumers } = callControlOf(activation.envelope);
  return flow !== undefined && oneWay !== true && noPause !== true && !consumers.every(isLate);
}

/**
 * Tells whether a thrown value is a failure of the handler itself. Not so are a cancellation or
 * another failure of the system, a failure of another function that is passed on, and one that the
 * function calls final (`terminal`).
 */
export function isOwnFailure(thrown: unknown, failure: Failure, type: string): boolean {
  if (usedUpCalls.read(thrown) !== undefined) return true;
  const code = handbackCode(failure);
  const isOwn = failure.function === type;
  if (code === "HANDLER_TIMEOUT") return isOwn;
  if (code === "CANCELLED" || code === "FUNCTION_FAILED") return false;
  const isPassedOn = HandbackError.is(thrown) && readProperty(thrown, "failure") !== undefined;
  return isOwn && !isPassedOn;
}

/** A call that stops, and what it is resumed with. */
interface Stopped {
  readonly failure: Failure;
  /** The usage of its runs that no message carries yet. */
  readonly tally: UsageTotals;
  /** Changes of its control data. */
  readonly control: Partial<CallControl>;
  readonly scope: string | undefined;
  /** The thrown value. */
  readonly thrown?: unknown;
}

/** Puts the call of this activation aside, with its consumers, until a person decides. */
export function pauseCall(activation: Activation, stopped: Stopped): void {
  const { failure, tally, scope, thrown } = stopped;
  const { startedAt: _, ...known } = controlForAttempt(
    activation.envelope,
    callControlOf(activation.envelope),
  );
  const { flow = "" } = known;
  const consumers = carryOrBillUsage(activation, known.consumers, { tally, flow });
  const control: CallControl = { ...known, consumers, ...stopped.control };
  const stoppedCall = { ...activation.envelope, control, scope };
  const again = usedUpCalls.read(thrown);
  const { payload, ...call } =
    again === undefined ? stoppedCall : callAgain(activation, stoppedCall, again);
  noteWork(
    activation.environment,
    pausedLine({ address: call.target, attempt: control.retries ?? 0 }, failure),
  );
  sendSystemMessage(activation, {
    to: "pausedCall",
    id: call.id,
    name: "hold",
    control: { call, failure, flow },
    payload,
  });
}

/** Returns the call of a pattern in place of that of its stage, which has used up its attempts. */
function callAgain(activation: Activation, stage: Envelope, { type, input }: UsedUpCall): Envelope {
  const { settles: _, cancelled: __, ...control } = callControlOf(stage);
  const limit = activation.environment.payloadLimit;
  const payload = codec.encode(input, { limit, root: "input" });
  return { ...stage, target: { ...stage.target, type }, name: CALL, payload, control };
}
