import { OrderedSet } from "../../../core/data/ordered-set.ts";
import { comparePositions } from "../../../core/engine/flow-index.ts";
import type { FlowEntry, FlowOrder } from "../../../core/engine/flow-index.ts";
import { orderedSource } from "./flow-source.ts";
import type { FlowSource } from "./flow-source.ts";

/** Flows in memory by number, and for each function in the order of their starts. */
export class FlowPlaces {
  readonly #byType = new Map<string, OrderedSet<FlowEntry>>();
  readonly #byNumber = new Map<string, FlowEntry>();

  get(number: string): FlowEntry | undefined {
    return this.#byNumber.get(number);
  }

  values(): Iterable<FlowEntry> {
    return this.#byNumber.values();
  }

  /** Adds a flow, in place of an entry with its number. */
  add(entry: FlowEntry): void {
    this.delete(entry.number);
    this.#byNumber.set(entry.number, entry);
    const known = this.#byType.get(entry.type);
    if (known !== undefined) return known.add(entry);
    const places = new OrderedSet<FlowEntry>(comparePositions);
    places.add(entry);
    this.#byType.set(entry.type, places);
  }

  /** Deletes the flow with this number, if there is one. Returns its entry. */
  delete(number: string): FlowEntry | undefined {
    const entry = this.#byNumber.get(number);
    if (entry === undefined) return undefined;
    this.#byNumber.delete(number);
    const places = this.#byType.get(entry.type);
    places?.delete(entry);
    if (places?.size === 0) this.#byType.delete(entry.type);
    return entry;
  }

  /** Counts the flows of some functions. */
  count(types: readonly string[] | undefined): number {
    let count = 0;
    for (const [type, places] of this.#byType)
      if (types?.includes(type) ?? true) count += places.size;
    return count;
  }

  /** Makes a source for each function. `entryOf` returns the entry of a flow as it is now. */
  sources(
    order: FlowOrder,
    types: readonly string[] | undefined,
    entryOf: (entry: FlowEntry) => FlowEntry | undefined,
  ): readonly FlowSource[] {
    return [...this.#byType]
      .filter(([type]) => types?.includes(type) ?? true)
      .map(([, places]) => orderedSource(places, order, entryOf));
  }
}
