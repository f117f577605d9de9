import type { Activation } from "../../core/activation/activation.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { Failure } from "../types/failure.ts";
import type { HistoryFact } from "./history-facts.ts";
import { historyCode, noteHistory } from "./note-history.ts";

/** A flow, as the activation of its system function knows it. */
interface NotedFlow {
  /** Type of the function that was started. */
  readonly type: string;
  /** Default: the key. */
  readonly number?: string | undefined;
  readonly cancelled?: true | undefined;
}

/** Notes the start of a flow. */
export function noteFlowStart(activation: Activation, flow: NotedFlow): void {
  if (activation.environment.history === undefined) return;
  noteFlow(activation, flow, { type: "started", at: activation.now, function: flow.type });
}

/** Notes a new run of a flow. */
export function noteFlowRestart(
  activation: Activation,
  flow: NotedFlow,
  keys: "same" | "new",
): void {
  if (activation.environment.history === undefined) return;
  const about = { at: activation.now, function: flow.type };
  noteFlow(activation, flow, { type: "restarted", ...about, keys });
}

/** Notes the end of a flow, with its failure if it did not complete. */
export function noteFlowEnd(
  activation: Activation,
  flow: NotedFlow,
  failure: Failure | undefined,
): void {
  if (activation.environment.history === undefined) return;
  const about = { at: activation.now, function: flow.type };
  if (failure === undefined) return noteFlow(activation, flow, { type: "completed", ...about });
  const type = flow.cancelled === true ? "cancelled" : "failed";
  noteFlow(activation, flow, { type, ...about, code: historyCode(failure) });
}

/** Notes a rejection that nothing awaits. */
export function noteUnhandled(activation: Activation, flow: NotedFlow, failure: Failure): void {
  if (activation.environment.history === undefined) return;
  noteFlow(activation, flow, { type: "unhandled", at: activation.now, code: historyCode(failure) });
}

/** Notes that a flow, or one of its calls, is paused or goes on. */
export function notePause(
  activation: Activation,
  flow: NotedFlow,
  { type, message }: { readonly type: "paused" | "resumed"; readonly message?: MessageId },
): void {
  if (activation.environment.history === undefined) return;
  noteFlow(activation, flow, { type, at: activation.now, message });
}

function noteFlow(activation: Activation, { type, number }: NotedFlow, fact: HistoryFact): void {
  const key = activation.address.id;
  noteHistory(activation, { key, number: number ?? key, about: type, fact });
}
