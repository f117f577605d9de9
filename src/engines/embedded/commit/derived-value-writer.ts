import type { DerivedValues } from "../../../core/state/derived-values.ts";
import type { StoredMessage } from "../../../stores/store.ts";
import type { StateCache } from "../state/state-cache.ts";
import type { GroupCommit } from "./group-commit.ts";

/** Collaborators of {@link DerivedValueWriter}. */
export interface DerivedValueWriterParts {
  readonly values: DerivedValues;
  readonly cache: StateCache;
  readonly commits: GroupCommit;
}

/**
 * Writes derived values before the messages that carry them are removed. Until then the store does
 * not hold them.
 *
 * IM2 A derived value is written in the batch that removes its message, if not before.
 */
export class DerivedValueWriter {
  readonly #parts: DerivedValueWriterParts;

  constructor(parts: DerivedValueWriterParts) {
    this.#parts = parts;
  }

  /** Writes the value that the message carries, if the value is still derived. */
  writeBeforeRemoval({ envelope }: StoredMessage): void {
    const { values, cache, commits } = this.#parts;
    const id = values.idOf(envelope);
    if (id === undefined) return;
    const value = cache.open({ type: values.type, id }).valueFor(values.name);
    if (value.isDerived) commits.batch.write(value, value.current ?? null);
  }
}
