import { compareText, OrderedSet } from "../../core/data/ordered-set.ts";
import type { Address } from "../../core/message/address.ts";
import type { StateRange } from "../store.ts";

/** An id as bytes, whose order is that of the code points. */
interface Place {
  readonly id: string;
  readonly key: string;
}

/**
 * The ids of states in their order, for each function. They are collected when a list first asks
 * for a function, and kept from then on.
 */
export class MemoryStateIds {
  readonly #byType = new Map<string, OrderedSet<Place>>();
  readonly #idsOf: (type: string) => Iterable<string>;

  /** @param idsOf - returns the ids of all states of a function */
  constructor(idsOf: (type: string) => Iterable<string>) {
    this.#idsOf = idsOf;
  }

  add({ type, id }: Address): void {
    this.#byType.get(type)?.add(placeOf(id));
  }

  delete({ type, id }: Address): void {
    this.#byType.get(type)?.delete(placeOf(id));
  }

  read({ type, idPrefix, after, limit }: StateRange): readonly string[] {
    const first = orderKey(idPrefix);
    const last = after === undefined ? undefined : orderKey(after);
    const places = this.#placesOf(type).read(
      limit,
      ({ key }) => key >= first && (last === undefined || key > last),
      ({ key }) => key > first && !key.startsWith(first),
    );
    return places.map(({ id }) => id);
  }

  #placesOf(type: string): OrderedSet<Place> {
    const known = this.#byType.get(type);
    if (known !== undefined) return known;
    const places = new OrderedSet<Place>((one, other) => compareText(one.key, other.key));
    for (const place of Array.from(this.#idsOf(type), placeOf).toSorted((one, other) =>
      compareText(one.key, other.key),
    ))
      places.add(place);
    this.#byType.set(type, places);
    return places;
  }
}

function placeOf(id: string): Place {
  return { id, key: orderKey(id) };
}

/** Returns a text that sorts, by code units, as the id does by code points. */
function orderKey(id: string): string {
  return Buffer.from(id, "utf8").toString("latin1");
}
