import { fromStored, PendingBatch } from "./pending-batch.ts";
import type { Accepted } from "./pending-batch.ts";
import type { Store } from "./store.ts";

/** What commits work with. */
export interface CommitsParts {
  readonly store: Pick<Store, "commit" | "readScope">;
  /** A number above those of all messages that the store keeps. */
  readonly nextSeq: number;
  /** A batch is on disk. */
  readonly committed: (batch: PendingBatch) => void;
  /** A commit was rejected: it is not known whether it happened. */
  readonly failed: (error: unknown) => void;
}

/**
 * What waits to be committed: a batch that gathers, and the one whose commit is under way.
 *
 * CM1 One commit at a time, in order; what comes up meanwhile gathers for the next one.
 * CM2 After a commit that was rejected there is no other.
 */
export class Commits {
  readonly #parts: CommitsParts;
  #gathering = new PendingBatch();
  #underWay: PendingBatch | undefined;
  #committing: Promise<void> | undefined;
  #seq: number;

  constructor(parts: CommitsParts) {
    this.#parts = parts;
    this.#seq = parts.nextSeq;
  }

  /** The batch that gathers. */
  get batch(): PendingBatch {
    return this.#gathering;
  }

  get isUnderWay(): boolean {
    return this.#committing !== undefined;
  }

  /** Keeps a message until it is handled. */
  accept(message: Omit<Accepted, "seq">): void {
    this.#gathering.insert({ ...message, seq: this.#seq++ });
  }

  /** Whether the message of this number is done with, though perhaps not yet on disk. */
  removes(seq: number): boolean {
    return this.#gathering.removes(seq) || this.#underWay?.removes(seq) === true;
  }

  /** Whether the commit under way inserts or removes the message of this number, or the next one removes it. */
  changes(seq: number): boolean {
    return this.removes(seq) || this.#underWay?.inserts(seq) === true;
  }

  /** Every message that is not done with of all scopes whose names begin so, in the order in which they were accepted. */
  ofScope(prefix: string): readonly Accepted[] {
    const stored = this.#parts.store.readScope(prefix).filter(({ seq }) => !this.changes(seq));
    const underWay = [...(this.#underWay?.ofScope(prefix) ?? [])].filter(({ seq }) => !this.removes(seq));
    return [...stored.map(fromStored), ...underWay, ...this.#gathering.ofScope(prefix)];
  }

  /** Commits what has gathered; while a commit is under way, waits for that one. Never rejects. */
  commit(): Promise<void> {
    if (this.#committing !== undefined) return this.#committing;
    if (this.#gathering.isEmpty) return Promise.resolve();
    const batch = this.#gathering;
    this.#gathering = new PendingBatch();
    this.#underWay = batch;
    return (this.#committing = this.#write(batch).finally(() => (this.#committing = undefined)));
  }

  async #write(batch: PendingBatch): Promise<void> {
    try {
      await this.#parts.store.commit(batch.toStore());
    } catch (error) {
      return this.#parts.failed(error);
    }
    this.#underWay = undefined;
    this.#parts.committed(batch);
  }
}
