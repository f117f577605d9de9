import type { FlowEntry, FlowOrder, IndexedValues } from "../../../core/engine/flow-index.ts";
import { indexedJson } from "../../../core/engine/flow-index.ts";
import type { DerivedValues } from "../../../core/state/derived-values.ts";
import type { FlowChanges, FlowEntries, StoredMessage } from "../../../stores/store.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { MessageIndex, MessageObserver } from "../commit/message-index.ts";
import type { AddressState } from "../state/address-state.ts";
import type { StateCache } from "../state/state-cache.ts";
import { FlowPlaces } from "./flow-places.ts";
import { listSource } from "./flow-source.ts";
import type { FlowSource } from "./flow-source.ts";

/** Collaborators of {@link UnwrittenFlows}. */
export interface UnwrittenFlowsParts {
  readonly indexed: IndexedValues;
  readonly derived: DerivedValues;
  readonly messages: Pick<MessageIndex, "all" | "observer">;
  readonly commits: Pick<GroupCommit, "unwrittenValues">;
  readonly cache: Pick<StateCache, "peek">;
  readonly flows: Pick<FlowEntries, "find">;
}

/**
 * The committed flows whose records their first calls carry, so that the store has neither a record
 * nor an entry of them. All of them are pending.
 *
 * UF1 Such a flow is found by its first call until that is handled, and then among the values that
 *     are being written, until the store has its entry.
 * UF2 The first list looks at all waiting messages. From then on their places are kept in order, so
 *     that the cost of a page depends on its length only. Without a list, none are kept.
 */
export class UnwrittenFlows implements MessageObserver {
  readonly #parts: UnwrittenFlowsParts;
  /** The flows whose first calls wait. */
  readonly #waiting = new FlowPlaces();
  /** Flows that an engine started with: the store may have their records. */
  readonly #recovered = new Set<FlowEntry>();

  constructor(parts: UnwrittenFlowsParts) {
    this.#parts = parts;
  }

  /** Begins to follow the messages, at the first call. */
  follow(): void {
    const { messages } = this.#parts;
    if (messages.observer !== undefined) return;
    messages.observer = this;
    for (const message of messages.all()) this.added(message);
    for (const entry of this.#waiting.values()) this.#recovered.add(entry);
  }

  added({ envelope }: StoredMessage): void {
    const { derived, indexed } = this.#parts;
    const id = derived.idOf(envelope);
    if (id === undefined) return;
    this.#waiting.add(indexed.entryOf(id, indexedJson(derived.contentOf(envelope))));
  }

  deleted({ envelope }: StoredMessage): void {
    const id = this.#parts.derived.idOf(envelope);
    if (id !== undefined) this.#delete(id);
  }

  written({ changed }: FlowChanges): void {
    for (const { is } of changed) if (is !== undefined) this.#delete(is.number);
  }

  /** Reads them in an order, those of some functions only, as of this instant. */
  sources(order: FlowOrder, types: readonly string[] | undefined): readonly FlowSource[] {
    const waiting = this.#waiting.sources(order, types, (entry) => this.#visible(entry));
    const handled = [...this.#beingWritten()].filter(({ type }) => types?.includes(type) ?? true);
    return [...waiting, listSource(handled, order)];
  }

  /** Finds one by its number. */
  find(number: string): FlowEntry | undefined {
    const waiting = this.#waiting.get(number);
    if (waiting !== undefined) return this.#visible(waiting);
    return this.#parts.cache.peek({ type: this.#parts.indexed.type, id: number }) === undefined
      ? undefined
      : this.#beingWritten().find((entry) => entry.number === number);
  }

  /**
   * Looks up in the store whether it has the records of flows that the engine started with: some of
   * them, and then the others. Returns false once it knows all.
   */
  verifySome(limit: number): boolean {
    let left = limit;
    for (const entry of this.#recovered) {
      if (left-- === 0) return true;
      this.#visible(entry);
    }
    return false;
  }

  /** Counts those of some functions. The recovered ones are verified. */
  count(types: readonly string[] | undefined): number {
    const isWanted = ({ type }: Pick<FlowEntry, "type">): boolean => types?.includes(type) ?? true;
    const uncommitted = [...this.#uncommitted()].filter(isWanted).length;
    return this.#waiting.count(types) - uncommitted + this.#beingWritten().filter(isWanted).length;
  }

  /** Returns the flows whose first calls wait for the commit of their starts. */
  #uncommitted(): ReadonlySet<FlowEntry> {
    const found = new Set<FlowEntry>();
    for (const { state, name, committed } of this.#parts.commits.unwrittenValues()) {
      const entry = this.#isRecord(state, name) ? this.#waiting.get(state.address.id) : undefined;
      if (entry !== undefined && committed === undefined) found.add(entry);
    }
    return found;
  }

  /** Returns the flows whose first calls are handled, and whose records the store gets next. */
  #beingWritten(): readonly FlowEntry[] {
    const { indexed, commits } = this.#parts;
    const found = new Map<string, FlowEntry>();
    for (const { state, name, isCommittedDerived, committed } of commits.unwrittenValues()) {
      const { id } = state.address;
      if (!this.#isRecord(state, name) || this.#waiting.get(id) !== undefined) continue;
      if (isCommittedDerived && committed !== undefined)
        found.set(id, indexed.entryOf(id, indexedJson(committed.content)));
    }
    return [...found.values()];
  }

  #isRecord({ address }: AddressState, name: string): boolean {
    const { indexed } = this.#parts;
    return address.type === indexed.type && name === indexed.name;
  }

  /** Returns the flow of a waiting call, if its start is committed and the store has no record. */
  #visible(entry: FlowEntry): FlowEntry | undefined {
    const { indexed, cache, flows } = this.#parts;
    const { number } = entry;
    const isRecovered = this.#recovered.has(entry);
    const cached = cache.peek({ type: indexed.type, id: number })?.find(indexed.name);
    const isStored =
      isRecovered &&
      (cached === undefined ? flows.find(number) !== undefined : cached.rowId !== undefined);
    if (!isStored) this.#recovered.delete(entry);
    else if (cached?.isCommittedDerived !== true) this.#delete(number);
    if (cached === undefined) return isStored ? undefined : entry;
    return cached.isCommittedDerived && cached.committed !== undefined ? entry : undefined;
  }

  #delete(number: string): void {
    const entry = this.#waiting.delete(number);
    if (entry !== undefined) this.#recovered.delete(entry);
  }
}
