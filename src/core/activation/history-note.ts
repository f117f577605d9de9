import type { Json } from "../data/json.ts";

/**
 * What the history of flows tells about a function: nothing, the starts and ends of its flows, or
 * its runs and messages as well.
 */
export type HistoryDetail = "nothing" | "lifecycle" | "everything";

/** Decides what the history tells. */
export interface HistoryRule {
  /** Returns what the history tells about a function. */
  detailOf(type: string): HistoryDetail;
}

/** An entry for the history of a flow. */
export interface HistoryNote {
  /** Number of the flow. */
  readonly flow: string;
  /** Key of the flow. */
  readonly owner: string;
  /** Control data of the layer above. */
  readonly entry: Json;
}
