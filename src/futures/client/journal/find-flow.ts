import { HandbackError } from "../../../core/errors/errors.ts";
import type { FlowRecord } from "../../flow/record/flow-record.ts";

/** Reads the record of a flow, and its settlement if it has one. @throws `NOT_FOUND` */
export type FindFlow = (
  id: string,
) => Promise<{ readonly record: FlowRecord; readonly settled: unknown }>;

/** Tells whether a flow has settled, or is gone since. */
export async function hasEnded(find: FindFlow, id: string): Promise<boolean> {
  try {
    return (await find(id)).settled !== undefined;
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return true;
    throw error;
  }
}
