import type { FlowAttributes, FlowEntry } from "../../../core/engine/flow-index.ts";
import { checksum, NULL_LENGTH } from "../rows/checksum.ts";
import { joinNumber, splitNumber } from "./flow-number.ts";

/** The stored form of an instant that is absent. */
export const NONE = -1;

/** The columns of a flow's row. */
export interface FlowColumns {
  /** The halves of the flow's number. */
  readonly high: number;
  readonly low: number;
  /** `null` if it is the number. */
  readonly key: string | null;
  /** The group's number. */
  readonly place: number;
  readonly startedAt: number;
  readonly settledAt: number;
  readonly expiresAt: number;
  /** As JSON. */
  readonly attributes: string | null;
}

/** An entry as it is stored: with the number of its group in place of the names. */
export type StoredEntry = Omit<FlowEntry, "type" | "status"> & { readonly place: number };

/** Returns the columns of an entry in a group. */
export function columnsOf(
  {
    number,
    key,
    startedAt,
    settledAt = NONE,
    expiresAt = NONE,
    attributes,
  }: Omit<StoredEntry, "place">,
  place: number,
): FlowColumns {
  const [high, low] = splitNumber(number);
  return {
    high,
    low,
    key: key === number ? null : key,
    place,
    startedAt,
    settledAt,
    expiresAt,
    attributes: attributes === undefined ? null : JSON.stringify(attributes),
  };
}

/** Returns the entry of a row. */
export function entryOfColumns(columns: FlowColumns): StoredEntry {
  const { high, low, key, place, startedAt, settledAt, expiresAt } = columns;
  const number = joinNumber([high, low]);
  return {
    number,
    key: key ?? number,
    place,
    startedAt,
    settledAt: settledAt === NONE ? undefined : settledAt,
    expiresAt: expiresAt === NONE ? undefined : expiresAt,
    attributes: attributesOf(columns),
  };
}

/** Returns the attributes of a row. */
export function attributesOf({ attributes }: FlowColumns): FlowAttributes | undefined {
  return attributes === null ? undefined : (JSON.parse(attributes) as FlowAttributes);
}

/** Returns the checksum of a row. */
export function flowChecksum(columns: FlowColumns): number {
  const { high, low, key, place, startedAt, settledAt, expiresAt, attributes } = columns;
  const length = key?.length ?? NULL_LENGTH;
  const numbers = [high, low, place, startedAt, settledAt, expiresAt, length];
  return checksum((key ?? "") + (attributes ?? ""), numbers);
}
