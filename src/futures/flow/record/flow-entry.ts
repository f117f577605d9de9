import type { IndexedValues } from "../../../core/engine/flow-index.ts";
import { SYSTEM } from "../../protocol/system.ts";
import { FLOW_VALUE, readEntryFields } from "./flow-record.ts";

/** The facts that an index holds about a flow, all of them from the flow's record. */
export const indexedFlows: IndexedValues = {
  type: SYSTEM.flow,
  name: FLOW_VALUE,
  entryOf(key, json, expiresAt) {
    const fields = readEntryFields(json);
    const { type, startedAt, settledAt, status, number = key, attributes } = fields;
    return { key, number, type, status, startedAt, settledAt, expiresAt, attributes };
  },
};
