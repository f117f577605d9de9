import { comparePositions } from "../../core/engine/flow-index.ts";
import type {
  FlowEntry,
  FlowPosition,
  IndexedStatus,
  IndexedValues,
} from "../../core/engine/flow-index.ts";
import { MOST_PREFIXED_KEYS } from "../key-prefix.ts";
import type { FlowChanges, FlowEntries, FlowGroup, FlowRange, FlowStream } from "../store.ts";
import { compareText, OrderedSet } from "../../core/data/ordered-set.ts";

/** The store whose flows are indexed. */
export interface IndexedStore {
  /** @throws `CLOSED` */
  readonly requireOpen: () => void;
  /** Derives the entries of all stored records. */
  readonly stored: (values: IndexedValues) => Iterable<FlowEntry>;
  /** Number of the opening. */
  readonly generation: () => number;
}

/**
 * The index of flows in memory.
 *
 * - FE1: every entry is in `#numbers`, in the set of its group, and in the set of each of its
 *   attributes; in `#keys` if its key is not its number.
 * - FE2: the index is complete if the opening before this one kept it.
 */
export class MemoryFlowEntries implements FlowEntries {
  readonly #store: IndexedStore;
  #numbers = new OrderedSet<FlowEntry>(byFlowNumber);
  #keys = new OrderedSet<FlowEntry>(byFlowKey);
  #groups = new Map<string, Map<IndexedStatus, OrderedSet<FlowEntry>>>();
  #attributes = new Map<string, OrderedSet<FlowEntry>>();
  #keptBy = 0;

  constructor(store: IndexedStore) {
    this.#store = store;
  }

  async complete(values: IndexedValues): Promise<number> {
    this.#store.requireOpen();
    const generation = this.#store.generation();
    const isKept = this.#keptBy === generation - 1 || this.#keptBy === generation;
    this.#keptBy = generation;
    if (isKept) return 0;
    this.#numbers = new OrderedSet(byFlowNumber);
    this.#keys = new OrderedSet(byFlowKey);
    this.#groups = new Map();
    this.#attributes = new Map();
    for (const entry of this.#store.stored(values)) this.#add(entry);
    return this.#numbers.size;
  }

  /** Makes the changes of a batch. */
  change({ expired, changed }: FlowChanges): void {
    for (const key of expired) this.#remove(this.#findKey(key));
    for (const { was } of changed) if (was !== undefined) this.#remove(this.#stored(was.number));
    for (const { is } of changed) if (is !== undefined) this.#add(is);
  }

  groups(): readonly FlowGroup[] {
    this.#store.requireOpen();
    return [...this.#groups].flatMap(([type, statuses]) =>
      Array.from(statuses, ([status, { size: count }]) => ({ type, status, count })),
    );
  }

  read(stream: FlowStream, range: FlowRange): readonly FlowEntry[] {
    this.#store.requireOpen();
    const entries =
      stream.of === "group"
        ? this.#groups.get(stream.group.type)?.get(stream.group.status)
        : this.#attributes.get(attributeKey(stream.attribute.name, stream.attribute.value));
    return entries === undefined ? [] : readRange(entries, range);
  }

  readKeys(prefix: string, { order, after, limit }: FlowRange): readonly FlowEntry[] | undefined {
    this.#store.requireOpen();
    const withPrefix = (entries: OrderedSet<FlowEntry>, keyOf: (entry: FlowEntry) => string) =>
      entries.read(
        MOST_PREFIXED_KEYS + 1,
        (entry) => keyOf(entry) >= prefix,
        (entry) => keyOf(entry) > prefix && !keyOf(entry).startsWith(prefix),
      );
    const found = [
      ...withPrefix(this.#keys, ({ key }) => key),
      ...withPrefix(this.#numbers, ({ number }) => number).filter(hasGeneratedKey),
    ];
    if (found.length > MOST_PREFIXED_KEYS) return undefined;
    const sign = order === "newest" ? -1 : 1;
    return found
      .filter((entry) => after === undefined || sign * comparePositions(entry, after) > 0)
      .toSorted((one, other) => sign * comparePositions(one, other))
      .slice(0, limit);
  }

  find(number: string): FlowEntry | undefined {
    this.#store.requireOpen();
    return this.#stored(number);
  }

  findKey(key: string): FlowEntry | undefined {
    this.#store.requireOpen();
    return this.#findKey(key);
  }

  #stored(number: string): FlowEntry | undefined {
    const [first] = this.#numbers.read(1, (entry) => entry.number >= number, isNeverPast);
    return first?.number === number ? first : undefined;
  }

  #findKey(key: string): FlowEntry | undefined {
    const [first] = this.#keys.read(1, (entry) => entry.key >= key, isNeverPast);
    if (first?.key === key) return first;
    const generated = this.#stored(key);
    return generated?.key === key ? generated : undefined;
  }

  #add(entry: FlowEntry): void {
    this.#numbers.add(entry);
    if (!hasGeneratedKey(entry)) this.#keys.add(entry);
    this.#groupOf(entry).add(entry);
    for (const set of this.#attributesOf(entry)) set.add(entry);
  }

  #remove(entry: FlowEntry | undefined): void {
    if (entry === undefined) return;
    this.#numbers.delete(entry);
    if (!hasGeneratedKey(entry)) this.#keys.delete(entry);
    this.#groupOf(entry).delete(entry);
    for (const set of this.#attributesOf(entry)) set.delete(entry);
  }

  #groupOf({ type, status }: FlowEntry): OrderedSet<FlowEntry> {
    return setAt(mapAt(this.#groups, type), status);
  }

  #attributesOf({ attributes = [] }: FlowEntry): readonly OrderedSet<FlowEntry>[] {
    return attributes.map(([name, value]) => setAt(this.#attributes, attributeKey(name, value)));
  }
}

const isNeverPast = (): boolean => false;

function readRange(
  entries: OrderedSet<FlowEntry>,
  { order, after, limit }: FlowRange,
): readonly FlowEntry[] {
  const compare = (entry: FlowEntry, place: FlowPosition): number => comparePositions(entry, place);
  return order === "newest"
    ? entries.readBackward(limit, (entry) => after !== undefined && compare(entry, after) >= 0)
    : entries.read(limit, (entry) => after === undefined || compare(entry, after) > 0, isNeverPast);
}

function hasGeneratedKey({ key, number }: FlowEntry): boolean {
  return key === number;
}

function attributeKey(name: string, value: string | number | boolean): string {
  return `${name}\0${JSON.stringify(value)}`;
}

function byFlowNumber(one: FlowEntry, other: FlowEntry): number {
  return compareText(one.number, other.number);
}

function byFlowKey(one: FlowEntry, other: FlowEntry): number {
  return compareText(one.key, other.key) || byFlowNumber(one, other);
}

function mapAt<Key, Value>(maps: Map<string, Map<Key, Value>>, name: string): Map<Key, Value> {
  const known = maps.get(name);
  if (known !== undefined) return known;
  const added = new Map<Key, Value>();
  maps.set(name, added);
  return added;
}

function setAt<Key>(sets: Map<Key, OrderedSet<FlowEntry>>, key: Key): OrderedSet<FlowEntry> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const added = new OrderedSet<FlowEntry>(comparePositions);
  sets.set(key, added);
  return added;
}
