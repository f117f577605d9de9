import type { Address } from "../../../core/message/address.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import type { DerivedValues } from "../../../core/state/derived-values.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { StoredMessage } from "../../../stores/store.ts";

/** What implied values are found and kept by. */
export interface DerivedValueParts {
  readonly values: DerivedValues;
  readonly cache: StateCache;
  readonly commits: GroupCommit;
}

/**
 * Values that messages tell: the store does not keep them as long as the message is there.
 *
 * IM1 A value that is not in memory is read from the message, unless the store holds it, for then it was written since.
 * IM2 It is written in the batch that removes the message, if not before.
 */
export class DerivedValueWriter {
  readonly #parts: DerivedValueParts;

  constructor(parts: DerivedValueParts) {
    this.#parts = parts;
  }

  /** The value of an address that a message tells. */
  at({ type, id }: Address): NamedValue | undefined {
    const { values, commits } = this.#parts;
    if (type !== values.type) return undefined;
    const message = commits.deliverableIn(id).find(({ envelope }) => values.idOf(envelope) === id);
    return message === undefined
      ? undefined
      : { name: values.name, value: { content: values.contentOf(message.envelope) } };
  }

  /** The message is about to be removed. */
  writeBeforeRemoval({ envelope }: StoredMessage): void {
    const { values, cache, commits } = this.#parts;
    const id = values.idOf(envelope);
    if (id === undefined) return;
    const slot = cache.open({ type: values.type, id }).valueFor(values.name);
    if (slot.isDerived) commits.batch.write(slot, slot.current ?? null);
  }
}
