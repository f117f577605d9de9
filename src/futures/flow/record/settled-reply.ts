import type { Reply, StoredValue } from "../../../core/activation/effects.ts";
import { decodeFlowRecord } from "./flow-record.ts";

/** Beginning of the keys of the replies that settled flows send. */
const PREFIX = "flow/";

/** Returns the key of the reply that a settled flow sends. */
export function settledReplyKey(flow: string): string {
  return `${PREFIX}${flow}`;
}

/** Returns the flow that sends the reply of a key. `undefined`: the reply is not that of a flow. */
export function flowOfReplyKey(key: string): string | undefined {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined;
}

/** Returns the reply of a flow as its record has it. `undefined`: the flow has not settled. */
export function settledReply(
  flow: string,
  { json, text }: Partial<StoredValue["content"]> = {},
): Reply | undefined {
  const ok = json === undefined ? undefined : decodeFlowRecord(json).ok;
  if (ok === undefined || text === undefined) return undefined;
  return { key: settledReplyKey(flow), payload: text, control: { ok } };
}
