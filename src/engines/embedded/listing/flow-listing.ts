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
import type { ExpiredValue, FlowEntries, FlowGroup, Store } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { beginOf, isPast, meetsFilter } from "./flow-condition.ts";
import type { FlowSource } from "./flow-source.ts";
import { MergedFlows } from "./merged-flows.ts";
import type { ParkedFlows } from "./parked-flows.ts";
import type { UnwrittenFlows } from "./unwritten-flows.ts";

/** Largest number of flows that one page looks at. */
const MOST_STEPS = 4_096;
/** Largest number of expired values that a count by groups looks at. */
const MOST_EXPIRED = 4_096;
/** Texts that the number of a flow can begin with. */
const NUMBER_PREFIX = /^[0-7][0-9a-f]{0,15}$/;

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
    const { status, keyPrefix, attribute, startedAfter, startedBefore } = filter;
    const isListed = keyPrefix ?? attribute ?? startedAfter ?? startedBefore;
    if (isListed !== undefined || status === "parked") return this.#countListed(filter);
    while (await this.#atOneInstant(() => this.#parts.unwritten.verifySome(MOST_STEPS)))
      await this.#nextTurn();
    const counted = await this.#atOneInstant(() => this.#countGroups(filter));
    if (counted === undefined) return this.#countListed(filter);
    if (status !== "pending" || !this.#parts.parked.areAny) return counted;
    return counted - (await this.#countListed({ ...filter, status: "parked" }));
  }

  async #countListed(filter: FlowFilter): Promise<number> {
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
    const { commits, lifecycle, unwritten } = this.#parts;
    return commits.onceStoreIsKnown(() => {
      lifecycle.requireNotStopped();
      unwritten.follow();
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
    const { flows, parked } = this.#parts;
    const { types, status, keyPrefix, attribute } = filter;
    if (status === "parked") return parked.sources(order, types);
    if (attribute !== undefined)
      return [
        (after, limit) => flows.read({ of: "attribute", attribute }, { order, after, limit }),
      ];
    if (keyPrefix !== undefined && flows.readKeys(keyPrefix, { order, limit: 1 }) !== undefined)
      return [
        ...this.#unwrittenSources(filter, order),
        (after, limit) => flows.readKeys(keyPrefix, { order, after, limit }) ?? [],
      ];
    const groups = this.#groupsOf(filter).map(
      (group): FlowSource =>
        (after, limit) =>
          flows.read({ of: "group", group }, { order, after, limit }),
    );
    return [...this.#unwrittenSources(filter, order), ...groups];
  }

  /** All flows that only messages carry are pending, and their keys are numbers. */
  #unwrittenSources(
    { types, status, keyPrefix }: FlowFilter,
    order: FlowOrder,
  ): readonly FlowSource[] {
    const canMeet =
      (status === undefined || status === "pending") &&
      (keyPrefix === undefined || NUMBER_PREFIX.test(keyPrefix));
    return canMeet ? this.#parts.unwritten.sources(order, types) : [];
  }

  #groupsOf({ types, status }: FlowFilter): readonly FlowGroup[] {
    return this.#parts.flows
      .groups()
      .filter(
        (group) =>
          group.count > 0 &&
          (status === undefined || group.status === status) &&
          (types === undefined || types.includes(group.type)),
      );
  }

  /**
   * Counts by the groups, and the flows that only messages carry. Parked ones count as pending.
   * Expired records are looked at one by one. Returns `undefined` if there are too many of them, as
   * after a long time without an engine.
   */
  #countGroups({ types, status }: FlowFilter): number | undefined {
    const { unwritten, store, clock } = this.#parts;
    const expiredValues = store.readExpired(clock.now(), MOST_EXPIRED);
    if (expiredValues.length === MOST_EXPIRED) return undefined;
    const stored = this.#groupsOf({ types, status }).reduce((sum, { count }) => sum + count, 0);
    const isPending = status === undefined || status === "pending";
    const expired = this.#entriesOf(expiredValues).filter((entry) =>
      meetsFilter(entry, { types, status }, 0),
    ).length;
    return stored + (isPending ? unwritten.count(types) : 0) - expired;
  }

  /** Returns the entries of those values that are records of flows. */
  #entriesOf(values: readonly ExpiredValue[]): readonly FlowEntry[] {
    const { flows, indexed } = this.#parts;
    return values
      .filter(({ type, name }) => type === indexed.type && name === indexed.name)
      .flatMap(({ id }) => flows.findKey(id) ?? []);
  }
}

function positionOfEntry({ startedAt, number }: FlowPosition): FlowPosition {
  return { startedAt, number };
}
