import type {
  FlowEntry,
  FlowFilter,
  FlowIndex,
  FlowOrder,
  FlowPage,
  FlowPosition,
  FlowQuery,
  IndexedValues,
  ListedFlow,
} from "../../../core/engine/flow-index.ts";
import type { Clock } from "../../../core/host/clock.ts";
import type { Scheduler } from "../../../core/host/scheduler.ts";
import type { FlowEntries, FlowGroup, Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { beginOf, compareIn, isPast, meetsFilter } from "./flow-condition.ts";
import { MergedFlows } from "./merged-flows.ts";
import type { FlowSource } from "./merged-flows.ts";
import type { ParkedFlows } from "./parked-flows.ts";
import type { UnwrittenFlows } from "./unwritten-flows.ts";

/** Largest number of flows that one page looks at. */
const MOST_STEPS = 4_096;
/** Largest number of expired records that a count looks at. */
const MOST_EXPIRED = 4_096;

/** Collaborators of {@link FlowListing}. */
export interface FlowListingParts {
  readonly flows: FlowEntries;
  readonly indexed: IndexedValues;
  readonly store: Pick<Store, "readExpired">;
  readonly commits: Pick<GroupCommit, "onceStoreIsKnown">;
  readonly lifecycle: Lifecycle;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly unwritten: UnwrittenFlows;
  readonly parked: ParkedFlows;
}

/**
 * Lists and counts committed flows.
 *
 * LI1 A page shows one instant: it is read while the store holds nothing that memory does not know.
 * LI2 Flows are listed by their starts, which never change. So a flow that stays in a filter while
 *     its pages are read is listed once.
 * LI3 A page looks at a bounded number of flows, and tells where to go on.
 */
export class FlowListing implements FlowIndex {
  readonly #parts: FlowListingParts;

  constructor(parts: FlowListingParts) {
    this.#parts = parts;
  }

  list(query: FlowQuery): Promise<FlowPage> {
    return this.#atOneInstant(() => this.#page(query));
  }

  async count(filter: FlowFilter): Promise<number> {
    const { keyPrefix, attribute, startedAfter, startedBefore } = filter;
    const isCounted = keyPrefix ?? attribute ?? startedAfter ?? startedBefore;
    if (isCounted === undefined) return this.#atOneInstant(() => this.#countGroups(filter));
    let count = 0;
    for (let after: FlowQuery["after"]; ;) {
      const page = await this.list({ filter, order: "oldest", limit: MOST_STEPS, after });
      count += page.flows.length;
      if (page.next === undefined) return count;
      after = page.next;
      await this.#nextTurn();
    }
  }

  #atOneInstant<Result>(read: () => Result): Promise<Result> {
    const { commits, lifecycle } = this.#parts;
    return commits.onceStoreIsKnown(() => {
      lifecycle.requireNotStopped();
      return read();
    });
  }

  #nextTurn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#parts.scheduler.soon(resolve);
    return promise;
  }

  #page({ filter, order, limit, after }: FlowQuery): FlowPage {
    const now = this.#parts.clock.now();
    const begin = beginOf(filter, order, after);
    const merged = new MergedFlows(this.#sourcesOf(filter, order), {
      order,
      after: begin,
      expected: limit,
    });
    const flows: ListedFlow[] = [];
    let last: FlowPosition | undefined = begin;
    for (let steps = 0; steps < MOST_STEPS && flows.length < limit; steps++) {
      const entry = merged.next();
      if (entry === undefined || isPast(filter, order, entry)) return { flows, next: undefined };
      last = entry;
      const listed = this.#listed(entry);
      if (meetsFilter(listed, filter, now)) flows.push(listed);
    }
    const following = merged.peek();
    const isOver = following === undefined || isPast(filter, order, following);
    return { flows, next: isOver || last === undefined ? undefined : positionOfEntry(last) };
  }

  #listed(entry: FlowEntry): ListedFlow {
    return entry.status === "pending" && this.#parts.parked.has(entry.number)
      ? { ...entry, status: "parked" }
      : entry;
  }

  /** Chooses the sources that hold the flows of a filter, and as few others as possible. */
  #sourcesOf(filter: FlowFilter, order: FlowOrder): readonly FlowSource[] {
    const { flows } = this.#parts;
    const { status, keyPrefix, attribute } = filter;
    if (status === "parked") return [listSource(this.#parkedEntries(), order)];
    const unwritten =
      status === undefined || status === "pending"
        ? [listSource(this.#parts.unwritten.entries(), order)]
        : [];
    if (attribute !== undefined)
      return [
        (after, limit) => flows.read({ of: "attribute", attribute }, { order, after, limit }),
      ];
    if (keyPrefix !== undefined && flows.readKeys(keyPrefix, { order, limit: 1 }) !== undefined)
      return [
        ...unwritten,
        (after, limit) => flows.readKeys(keyPrefix, { order, after, limit }) ?? [],
      ];
    const groups = this.#groupsOf(filter).map(
      (group): FlowSource =>
        (after, limit) =>
          flows.read({ of: "group", group }, { order, after, limit }),
    );
    return [...unwritten, ...groups];
  }

  #groupsOf({ types, status }: FlowFilter): readonly FlowGroup[] {
    const stored = status === "parked" ? "pending" : status;
    return this.#parts.flows
      .groups()
      .filter(
        (group) =>
          group.count > 0 &&
          (stored === undefined || group.status === stored) &&
          (types === undefined || types.includes(group.type)),
      );
  }

  #parkedEntries(): readonly FlowEntry[] {
    const { parked, flows, unwritten } = this.#parts;
    const numbers = parked.numbers();
    if (numbers.size === 0) return [];
    const carried = unwritten.entries().filter(({ number }) => numbers.has(number));
    const stored = Array.from(numbers, (number) => flows.find(number)).filter(
      (entry) => entry?.status === "pending",
    );
    return [...carried, ...stored.filter((entry) => entry !== undefined)];
  }

  /** Counts by the groups. What these do not know is looked at one by one: it is little. */
  #countGroups(filter: FlowFilter): number {
    const { unwritten, clock } = this.#parts;
    const now = clock.now();
    const countOf = (entries: readonly FlowEntry[]): number =>
      entries.filter((entry) => meetsFilter(this.#listed(entry), filter, now)).length;
    const parked = this.#parkedEntries();
    if (filter.status === "parked") return countOf(parked);
    const isPending = filter.status === undefined || filter.status === "pending";
    const stored = this.#groupsOf(filter).reduce((sum, { count }) => sum + count, 0);
    const parkedInGroups =
      filter.status === "pending"
        ? parked.filter(
            ({ type, number }) =>
              (filter.types?.includes(type) ?? true) &&
              this.#parts.flows.find(number) !== undefined,
          ).length
        : 0;
    const expired = this.#expiredEntries(now).filter((entry) =>
      meetsFilter(entry, filter, 0),
    ).length;
    return stored + (isPending ? countOf(unwritten.entries()) : 0) - parkedInGroups - expired;
  }

  /** Returns the entries of the records that have expired and are still stored. */
  #expiredEntries(now: number): readonly FlowEntry[] {
    const { store, flows, indexed } = this.#parts;
    return store
      .readExpired(now, MOST_EXPIRED)
      .filter(({ type, name }) => type === indexed.type && name === indexed.name)
      .flatMap(({ id }) => flows.findKey(id) ?? []);
  }
}

/** Makes a source of flows that are in memory. */
function listSource(entries: readonly FlowEntry[], order: FlowOrder): FlowSource {
  const sorted = entries.toSorted((one, other) => compareIn(order, one, other));
  return (after, limit) => {
    const from =
      after === undefined ? 0 : sorted.findIndex((entry) => compareIn(order, entry, after) > 0);
    return from === -1 ? [] : sorted.slice(from, from + limit);
  };
}

function positionOfEntry({ startedAt, number }: FlowPosition): FlowPosition {
  return { startedAt, number };
}
