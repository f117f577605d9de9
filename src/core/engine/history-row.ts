import type { Json } from "../data/json.ts";

/** The topic of the journal that holds the history of flows. */
export const HISTORY_TOPIC = "history";

/** Encodes the entries of one flow in one commit. */
export function encodeHistoryRow(entries: readonly Json[]): string {
  return JSON.stringify(entries);
}

/** Decodes the result of {@link encodeHistoryRow}. */
export function decodeHistoryRow(text: string): readonly Json[] {
  return JSON.parse(text) as readonly Json[];
}
