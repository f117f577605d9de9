import type { Reply } from "../../core/activation/effects.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import type { Encoded } from "../../core/codec/encoded.ts";
import type { ReplyListener } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import { flowStatusOf } from "../flow/flow-record.ts";
import type { FlowRecord } from "../flow/flow-record.ts";
import { codec } from "../protocol/codec.ts";
import { failureOfSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import type { FlowStatus } from "./flow-handle.ts";
import { toError } from "../types/failure.ts";

/** A flow's record, outcome and custom status. */
export interface FoundFlow {
  readonly record: FlowRecord;
  readonly settled: Settled | undefined;
  readonly custom: Encoded;
}

/** Puts together what a flow's record says. */
export function foundFlow(
  record: FlowRecord,
  outcome: Encoded,
  custom: Encoded = UNDEFINED,
): FoundFlow {
  return {
    record,
    settled: record.ok === undefined ? undefined : { ok: record.ok, text: outcome },
    custom,
  };
}

/** Returns the status of a flow. */
export function statusOf({ record, settled, custom }: FoundFlow): FlowStatus {
  const { startedAt, settledAt, unhandled = [], paused = [], pausedAt } = record;
  return {
    function: record.type,
    status: flowStatusOf(record),
    custom: codec.decode(custom),
    startedAt,
    settledAt,
    failure: settled === undefined || settled.ok ? undefined : failureOfSettlement(settled),
    unhandled,
    paused,
    ...(pausedAt !== undefined && { pausedAt }),
  };
}

/** Names the state of a flow. `isParked` applies while it is pending. */
export function statusWord(record: FlowRecord, isParked: boolean): FlowStatusName {
  const status = flowStatusOf(record);
  return status === "pending" && isParked ? "parked" : status;
}

/** Reads the reply of a settled flow. */
export function settlementOfReply({ payload, control }: Reply): Settled {
  return { ok: (control as { ok: boolean }).ok, text: payload };
}

/** Waits for a reply, or until `signal` is aborted. */
export function awaitReply(
  listening: ReplyListener,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  return signal === undefined ? listening.wait() : untilAborted(listening, signal);
}

async function untilAborted(listening: ReplyListener, signal: AbortSignal): Promise<Reply> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => {
    listening.stop();
    aborted.reject(signal.reason);
  };
  const reply = listening.wait();
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([reply, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Returns the value of a settled flow, or throws its failure. */
export function decodeOutcome<Output>(settled: Settled): Output {
  if (!settled.ok) throw toError(failureOfSettlement(settled));
  return codec.decode(settled.text) as Output;
}

/** Makes the error for a flow that does not exist. */
export function flowNotFound(id: string): HandbackError {
  return new HandbackError(
    "NOT_FOUND",
    `there is no flow ${id}; it was never started, or is past its retention`,
    {
      details: { flow: id },
    },
  );
}
