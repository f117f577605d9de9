import type { Address } from "../../../core/message/address.ts";
import type { NamedValue } from "../../../core/activation/effects.ts";
import type { ImpliedValues } from "../../../core/state/derived-values.ts";
import type { Commits } from "./group-commit.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { Accepted } from "../../../stores/store.ts";

/** What implied values are found and kept by. */
export interface ImpliedParts {
  readonly values: ImpliedValues;
  readonly cache: StateCache;
  readonly commits: Commits;
}

/**
 * Values that messages tell: the store does not keep them as long as the message is there.
 *
 * IM1 A value that is not in memory is read from the message, unless the store holds it, for then it was written since.
 * IM2 It is written in the batch that removes the message, if not before.
 */
export class Implied {
  readonly #parts: ImpliedParts;

  constructor(parts: ImpliedParts) {
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
  keep({ envelope }: Accepted): void {
    const { values, cache, commits } = this.#parts;
    const id = values.idOf(envelope);
    if (id === undefined) return;
    const slot = cache.open({ type: values.type, id }).slot(values.name);
    if (slot.isImplied) commits.batch.write(slot, slot.current ?? null);
  }
}
