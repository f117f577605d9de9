import type { FlowEntry, IndexedValues } from "../../../core/engine/flow-index.ts";
import { indexedJson } from "../../../core/engine/flow-index.ts";
import type { Envelope } from "../../../core/message/envelope.ts";
import type { DerivedValues } from "../../../core/state/derived-values.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { MessageIndex } from "../commit/message-index.ts";
import type { StateCache } from "../state/state-cache.ts";

/** Collaborators of {@link UnwrittenFlows}. */
export interface UnwrittenFlowsParts {
  readonly indexed: IndexedValues;
  readonly derived: DerivedValues;
  readonly messages: Pick<MessageIndex, "all">;
  readonly commits: Pick<GroupCommit, "unwrittenValues">;
  readonly cache: Pick<StateCache, "peek">;
}

/**
 * The committed flows whose records their first calls carry, so that the store has neither a record
 * nor an entry of them. All of them are pending.
 *
 * UF1 Such a flow is found by its first call until that is handled, and then among the values that
 *     are being written, until the store has its entry.
 */
export class UnwrittenFlows {
  readonly #parts: UnwrittenFlowsParts;

  constructor(parts: UnwrittenFlowsParts) {
    this.#parts = parts;
  }

  /** Returns the flows, in no order. It looks at all waiting messages. */
  entries(): readonly FlowEntry[] {
    const { indexed, derived, messages, commits } = this.#parts;
    const found = new Map<string, FlowEntry>();
    for (const { envelope } of messages.all()) {
      const id = derived.idOf(envelope);
      const entry = id === undefined ? undefined : this.#entryOf(id, envelope);
      if (entry !== undefined) found.set(entry.key, entry);
    }
    for (const { state, name } of commits.unwrittenValues()) {
      const { type, id } = state.address;
      if (type !== indexed.type || name !== indexed.name || found.has(id)) continue;
      const entry = this.#entryOf(id);
      if (entry !== undefined) found.set(id, entry);
    }
    return [...found.values()];
  }

  /** Returns the entry of the committed record, if it is only carried by a message. */
  #entryOf(id: string, firstCall?: Envelope): FlowEntry | undefined {
    const { indexed, derived, cache } = this.#parts;
    const cached = cache.peek({ type: indexed.type, id })?.find(indexed.name);
    if (cached !== undefined)
      return cached.isCommittedDerived && cached.committed !== undefined
        ? indexed.entryOf(id, indexedJson(cached.committed.content))
        : undefined;
    // What is not in memory is committed.
    if (firstCall === undefined) return undefined;
    return indexed.entryOf(id, indexedJson(derived.contentOf(firstCall)));
  }
}
