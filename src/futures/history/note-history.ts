import type { Activation } from "../../core/activation/activation.ts";
import { handbackCode } from "../types/handback-code.ts";
import type { Failure } from "../types/failure.ts";
import { encodeHistoryFact, LIFECYCLE } from "./history-facts.ts";
import type { HistoryFact } from "./history-facts.ts";

/** An entry for the history of a flow. */
export interface FlowNote {
  /** Key and number of the flow. */
  readonly key: string;
  readonly number: string;
  /** The function that the entry tells about. Its options decide whether the entry is kept. */
  readonly about: string;
  readonly fact: HistoryFact;
}

/**
 * Adds an entry to the history of a flow, if the engine keeps it. Callers look for
 * `environment.history` before they make a note, so that an engine without history pays nothing.
 */
export function noteHistory(activation: Activation, { key, number, about, fact }: FlowNote): void {
  const detail = activation.environment.history?.detailOf(about) ?? "nothing";
  if (detail === "nothing" || (detail === "lifecycle" && !LIFECYCLE.has(fact.type))) return;
  activation.note({ flow: number, owner: key, entry: encodeHistoryFact(fact) });
}

/** Names the code of a failure. The codes of users' errors are values, which no history holds. */
export function historyCode(failure: Failure): string {
  return handbackCode(failure) ?? "FUNCTION_FAILED";
}
