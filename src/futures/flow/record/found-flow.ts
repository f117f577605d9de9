import { UNDEFINED } from "../../../core/codec/encoded.ts";
import type { Encoded } from "../../../core/codec/encoded.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { codec } from "../../protocol/codec.ts";
import { failureOfSettlement } from "../../protocol/settled.ts";
import type { Settled } from "../../protocol/settled.ts";
import type { FlowStatus } from "../../types/flow-status.ts";
import { flowStatusOf } from "./flow-record.ts";
import type { FlowRecord } from "./flow-record.ts";

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
  const { startedAt, settledAt, unhandled = [], paused = [], pausedAt, earlier } = record;
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
    ...(earlier !== undefined && { run: earlier.count + 1 }),
  };
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
