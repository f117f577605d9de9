import type { Reply } from "../../core/activation/effects.ts";
import type { ReplyListener } from "../../core/engine/engine.ts";
import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import { flowStatusOf } from "../flow/record/flow-record.ts";
import type { FlowRecord } from "../flow/record/flow-record.ts";
import { codec } from "../protocol/codec.ts";
import { failureOfSettlement } from "../protocol/settled.ts";
import type { Settled } from "../protocol/settled.ts";
import { toError } from "../types/failure.ts";

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
