import type { CommittedReader } from "../../../core/engine/committed-read.ts";
import { readValues } from "../../../core/engine/committed-read.ts";
import { systemAddress } from "../../protocol/system.ts";
import { decodeFlowRecord, FLOW_VALUE } from "./flow-record.ts";

/**
 * Tells whether the record of the flow with this number is kept under its key. Another flow may have
 * the key by now.
 */
export function* isFlowKept(number: string, key: string, now: number): CommittedReader<boolean> {
  const values = yield* readValues(systemAddress("flow", key));
  const value = values.find(({ name }) => name === FLOW_VALUE)?.value;
  if (value === undefined || (value.expiresAt ?? Number.POSITIVE_INFINITY) <= now) return false;
  const { number: current = key, earlier } = decodeFlowRecord(value.content.json ?? null);
  return current === number || earlier?.numbers.includes(number) === true;
}
