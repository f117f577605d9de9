import type { Address } from "../../core/address.ts";
import { HandbackError } from "../../core/errors.ts";
import { MessageIndex } from "./message-index.ts";
import { keyOf, PendingBatch } from "./pending-batch.ts";
import type { Room } from "./room.ts";
import type { Accepted, Batch, Opened, Store, Watching } from "./store.ts";

/** Messages that come and go with a commit of good size. */
const LARGE = 2_048;

/** What commits work with. */
export interface CommitsParts {
  readonly store: Pick<Store, "commit" | "readScope" | "readWatches">;
  /** Numbers above those of all messages and values that the store keeps. */
  readonly opened: Pick<Opened, "nextSeq" | "nextPlace">;
  readonly room: Room;
  /** A batch is on disk. */
  readonly committed: (batch: PendingBatch) => void;
  /** A commit was rejected: it is not known whether it happened. */
  readonly failed: (error: unknown) => void;
}

/**
 * What waits to be committed: a batch that gathers, and the one whose commit is under way.
 *
 * CM1 One commit at a time, in order; what comes up meanwhile gathers for the next one, which begins before anything comes of the
 *     first: while one is written, what the other has brought about is done.
 * CM2 After a commit that was rejected there is no other. One that found no room on the disk did not happen: it is tried again as it is,
 *     and all others wait behind it.
 * CM3 Every deliverable message that is not done with is known by its scope, wherever it is.
 */
export class Commits {
  readonly #parts: CommitsParts;
  readonly #deliverable = new MessageIndex();
  #gathering: PendingBatch;
  #underWay: PendingBatch | undefined;
  #hasFailed = false;
  #isStopped = false;
  #onEnd: () => void = () => undefined;
  #place: number;
  readonly #nextPlace = (): number => this.#place++;

  constructor(parts: CommitsParts) {
    this.#parts = parts;
    this.#gathering = new PendingBatch(parts.opened.nextSeq);
    this.#place = parts.opened.nextPlace;
  }

  /** The batch that gathers. */
  get batch(): PendingBatch {
    return this.#gathering;
  }

  get isUnderWay(): boolean {
    return this.#underWay !== undefined;
  }

  /** How many deliverable messages are not done with. */
  get deliverables(): number {
    return this.#deliverable.size;
  }

  /** How many deliverable messages for the address are not on disk. */
  insertedAt(address: Address): number {
    return this.#gathering.insertedAt(address) + (this.#underWay?.insertedAt(address) ?? 0);
  }

  /** Whether more has gathered behind the commit under way than should: what is added makes the next one longer. */
  get isLagging(): boolean {
    return this.#underWay !== undefined && this.#gathering.messages >= LARGE;
  }

  /** Keeps a message until it is handled. */
  accept(message: Omit<Accepted, "seq">): void {
    const accepted = { ...message, seq: this.#gathering.nextSeq };
    this.#gathering.insert(accepted);
    if (accepted.dueAt === undefined) this.#deliverable.add(accepted);
  }

  /** Takes note of a deliverable message that was kept before the engine was started. */
  adopt(message: Accepted): void {
    this.#deliverable.add(message);
  }

  /** A message is done with. */
  remove(message: Accepted): void {
    this.#gathering.remove(message);
    if (message.dueAt === undefined) this.#deliverable.delete(message);
  }

  /** Whether the message of this number is done with, though perhaps not yet on disk. */
  removes(seq: number): boolean {
    return this.#gathering.removes(seq) || this.#underWay?.removes(seq) === true;
  }

  /** Whether the commit under way inserts or removes the message of this number, or the next one removes it. */
  changes(seq: number): boolean {
    return this.removes(seq) || this.#underWay?.inserts(seq) === true;
  }

  /** Whether a commit to come takes away the dead letter of the message with this id. */
  exhumes(id: string): boolean {
    return this.#gathering.exhumes(id) || this.#underWay?.exhumes(id) === true;
  }

  /** Every message that is not done with of all scopes whose names begin so, in the order in which they were accepted. */
  ofScope(prefix: string): readonly Accepted[] {
    const delayed = this.#parts.store.readScope(prefix).filter(({ seq }) => !this.changes(seq));
    const underWay = delayedIn(this.#underWay, prefix).filter(({ seq }) => !this.removes(seq));
    const all = [...delayed, ...underWay, ...delayedIn(this.#gathering, prefix), ...this.#deliverable.ofScope(prefix)];
    return all.sort((one, other) => one.seq - other.seq);
  }

  /** Who watches a scope whose name begins so. */
  watchesOf(prefix: string): Iterable<Watching> {
    const watches = new Map(this.#parts.store.readWatches(prefix).map((watching) => [keyOf(watching), watching]));
    this.#underWay?.changeWatches(watches, prefix);
    this.#gathering.changeWatches(watches, prefix);
    return watches.values();
  }

  /** Tokens cancelled by commits to come. */
  *cancelled(): Generator<string> {
    if (this.#underWay !== undefined) yield* this.#underWay.cancelled;
    yield* this.#gathering.cancelled;
  }

  /** Begins to commit what has gathered, unless a commit is under way: then it will follow that one. */
  begin(): void {
    if (this.#isStopped || this.#underWay !== undefined || this.#gathering.isEmpty) return;
    const batch = this.#gathering;
    this.#gathering = new PendingBatch(batch.nextSeq);
    this.#underWay = batch;
    void this.#write(batch);
  }

  /** Begins no other commit: what has gathered may be half of something. The one under way waits for room no more. */
  stop(): void {
    this.#isStopped = true;
    this.#parts.room.giveUp();
  }

  /** Resolves when everything that has gathered is committed, or none will be. Waits for no room. Never rejects. */
  async settle(): Promise<void> {
    this.#parts.room.giveUp();
    this.begin();
    while (this.#underWay !== undefined && !this.#hasFailed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEnd = resolve;
      await promise;
    }
  }

  async #write(batch: PendingBatch): Promise<void> {
    try {
      await this.#commit(batch.toStore(this.#nextPlace));
      this.#underWay = undefined;
      this.begin();
      this.#parts.committed(batch);
    } catch (error) {
      this.#hasFailed = true;
      this.#parts.failed(error);
    }
    this.#onEnd();
  }

  async #commit(batch: Batch): Promise<void> {
    const { store, room } = this.#parts;
    for (;;) {
      try {
        await store.commit(batch);
        return room.note();
      } catch (error) {
        if (!HandbackError.is(error, "STORE_FULL")) throw error;
        await room.wait(error);
      }
    }
  }
}

function delayedIn(batch: PendingBatch | undefined, prefix: string): readonly Accepted[] {
  return batch?.accepted.filter(({ dueAt, envelope }) => dueAt !== undefined && envelope.scope?.startsWith(prefix) === true) ?? [];
}
