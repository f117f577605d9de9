import type { StoredValue } from "../../../core/activation/effects.ts";
import { indexedJson, isSameEntry } from "../../../core/engine/flow-index.ts";
import type { FlowEntry, IndexedValues } from "../../../core/engine/flow-index.ts";
import type { Address } from "../../../core/message/address.ts";
import type { FlowChange, FlowChanges } from "../../../stores/store.ts";

/** A value before and after a batch, as the store holds it. */
export interface ValueChange {
  readonly address: Address;
  readonly name: string;
  readonly was: StoredValue | undefined;
  readonly is: StoredValue | undefined;
}

/**
 * The changes of the flow index in one batch. They follow from the changes of flow records in the
 * batch, so that the index cannot say anything else than the records.
 */
export class FlowChangeList {
  readonly #values: IndexedValues;
  readonly #expired: string[] = [];
  readonly #changed: FlowChange[] = [];

  constructor(values: IndexedValues) {
    this.#values = values;
  }

  /** Tells whether a value is indexed. */
  isIndexed({ type }: Address, name: string): boolean {
    return type === this.#values.type && name === this.#values.name;
  }

  /** Adds the change of an indexed value. */
  add({ address: { id }, was, is }: ValueChange): void {
    const before = was && this.#entryOf(id, was);
    const after = is && this.#entryOf(id, is);
    if (after === undefined) {
      if (before !== undefined) this.#changed.push({ was: before });
    } else if (before === undefined || !isSameEntry(before, after))
      this.#changed.push({ was: before, is: after });
  }

  /** Adds the deletion of an indexed value that is not in memory. */
  addExpired({ id }: Pick<Address, "id">): void {
    this.#expired.push(id);
  }

  /** Returns all changes; `undefined` if there are none. */
  changes(): FlowChanges | undefined {
    const [expired, changed] = [this.#expired, this.#changed];
    return expired.length + changed.length === 0 ? undefined : { expired, changed };
  }

  #entryOf(id: string, { content, expiresAt }: StoredValue): FlowEntry {
    return this.#values.entryOf(id, indexedJson(content), expiresAt);
  }
}
