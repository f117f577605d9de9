import { readProperty } from "../errors/thrown.ts";
import { checkFlowKey } from "./names.ts";

/** Returns the key of a flow that a caller names by its key or by its handle. */
export function flowKeyOf(flow: unknown): string {
  const isHandle =
    typeof flow === "object" && flow !== null && readProperty(flow, "result") !== undefined;
  return checkFlowKey(isHandle ? readProperty(flow, "id") : flow);
}
