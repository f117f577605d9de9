import { comparePositions } from "../../../core/engine/flow-index.ts";
import type { FlowEntry, FlowOrder, FlowPosition } from "../../../core/engine/flow-index.ts";
import type { OrderedSet } from "../../../core/data/ordered-set.ts";
import { compareIn } from "./flow-condition.ts";

/** Reads flows of one source in an order, at most `limit` after a place. */
export type FlowSource = (after: FlowPosition | undefined, limit: number) => readonly FlowEntry[];

/** Makes a source of a few flows that are in memory. */
export function listSource(entries: readonly FlowEntry[], order: FlowOrder): FlowSource {
  const sorted = entries.toSorted((one, other) => compareIn(order, one, other));
  return (after, limit) => {
    const from =
      after === undefined ? 0 : sorted.findIndex((entry) => compareIn(order, entry, after) > 0);
    return from === -1 ? [] : sorted.slice(from, from + limit);
  };
}

/**
 * Makes a source of flows whose places are in memory. `entryOf` returns the entry of a place, or
 * `undefined` if it is none of the source. Reading costs as much as it passes.
 */
export function orderedSource<Place extends FlowPosition>(
  places: OrderedSet<Place>,
  order: FlowOrder,
  entryOf: (place: Place) => FlowEntry | undefined,
): FlowSource {
  return (after, limit) => {
    const found: FlowEntry[] = [];
    for (let last = after; ;) {
      const read = readAfter(places, order, last, limit - found.length);
      for (const place of read) found.push(...definedOf(entryOf(place)));
      last = read.at(-1);
      if (last === undefined || found.length >= limit) return found;
    }
  };
}

function definedOf(entry: FlowEntry | undefined): readonly FlowEntry[] {
  return entry === undefined ? [] : [entry];
}

function readAfter<Place extends FlowPosition>(
  places: OrderedSet<Place>,
  order: FlowOrder,
  after: FlowPosition | undefined,
  limit: number,
): readonly Place[] {
  const isAfter = (sign: 1 | -1, place: Place): boolean =>
    after === undefined || sign * comparePositions(place, after) > 0;
  return order === "oldest"
    ? places.read(limit, (place) => isAfter(1, place), never)
    : places.readBackward(limit, (place) => !isAfter(-1, place));
}

const never = (): boolean => false;
