import type { Address } from "../../../core/message/address.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { MessageIndex } from "./message-index.ts";
import { WriteBatch } from "./write-batch.ts";
import type { DiskSpace } from "./disk-space.ts";
import { watchKey } from "../../../stores/store.ts";
import type { StoredMessage, StoreInfo, Store, ScopeWatch } from "../../../stores/store.ts";

/** Messages that come and go with a commit of good size. */
const LARGE = 2_048;
/** Messages that are worth a commit of their own, though more are about to gather. */
const GOOD = 512;

/** What commits work with. */
export interface GroupCommitParts {
  readonly store: Pick<Store, "commit" | "queuesFrom" | "readScope" | "readWatches">;
  /** Numbers above those of all messages and values that the store keeps. */
  readonly opened: Pick<StoreInfo, "nextSeq" | "nextRowId">;
  readonly room: DiskSpace;
  /** Whether more is about to gather at once. */
  readonly gathers: () => boolean;
  /** A batch is on disk. */
  readonly committed: (batch: WriteBatch) => void;
  /** A commit was rejected: it is not known whether it happened. */
  readonly failed: (error: unknown) => void;
}

/** Commits that are under way at once: one is written, one waits for the writer. */
const MOST = 2;

/**
 * What waits to be committed: a batch that gathers, and those whose commits are under way.
 *
 * CM1 Commits happen in order. What comes up meanwhile gathers for the next one, which begins before anything comes of the one before:
 *     while one is written, what the other has brought about is done. Where the store queues, a batch of good size begins ahead of that.
 * CM2 After a commit that was rejected there is no other. One that found no room on the disk did not happen: it is tried again as it is,
 *     and all others wait behind it.
 * CM3 Every deliverable message that is not done with is known by its scope, wherever it is.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #deliverable = new MessageIndex();
  #gathering: WriteBatch;
  readonly #underWay: WriteBatch[] = [];
  /** Commits under way that have found no room, and are to be tried again. */
  #refused = 0;
  /** Lets the second of them go on when the first is done. */
  #onTurn: () => void = () => undefined;
  #hasFailed = false;
  #isStopped = false;
  #onEnd: () => void = () => undefined;
  #rowId: number;
  readonly #nextRowId = (): number => this.#rowId++;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#gathering = new WriteBatch(parts.opened.nextSeq);
    this.#rowId = parts.opened.nextRowId;
  }

  /** The batch that gathers. */
  get batch(): WriteBatch {
    return this.#gathering;
  }

  /** Whether what has gathered may be handed to the store now. */
  get canBegin(): boolean {
    if (this.#isStopped || this.#refused > 0 || this.#gathering.isEmpty) return false;
    return this.#underWay.length === 0 || (this.#underWay.length < MOST && this.#isWorthQueuing());
  }

  /** Whether what has gathered had better wait for the writer than here, for more to come. */
  #isWorthQueuing(): boolean {
    const { store, gathers } = this.#parts;
    const { messages } = this.#gathering;
    return (
      store.queuesFrom !== undefined &&
      messages >= store.queuesFrom &&
      (messages >= GOOD || !gathers())
    );
  }

  /** How many deliverable messages are not done with. */
  get deliverables(): number {
    return this.#deliverable.size;
  }

  /** How many deliverable messages for the address are not on disk. */
  insertedAt(address: Address): number {
    let count = this.#gathering.insertedAt(address);
    for (const batch of this.#underWay) count += batch.insertedAt(address);
    return count;
  }

  /** Whether more has gathered behind the commits under way than should: what is added makes the next one longer. */
  get isLagging(): boolean {
    return this.#underWay.length > 0 && this.#gathering.messages >= LARGE;
  }

  /** Keeps a message until it is handled. */
  accept(message: Omit<StoredMessage, "seq">): void {
    const accepted = { ...message, seq: this.#gathering.nextSeq };
    this.#gathering.insert(accepted);
    if (accepted.dueAt === undefined) this.#deliverable.add(accepted);
  }

  /** Takes note of a deliverable message that was kept before the engine was started. */
  adopt(message: StoredMessage): void {
    this.#deliverable.add(message);
  }

  /** A message is done with. */
  remove(message: StoredMessage): void {
    this.#gathering.remove(message);
    if (message.dueAt === undefined) this.#deliverable.delete(message);
  }

  /** Whether the message of this number is done with, though perhaps not yet on disk. */
  removes(seq: number): boolean {
    return this.#gathering.removes(seq) || this.#underWay.some((batch) => batch.removes(seq));
  }

  /** Whether a commit under way inserts or removes the message of this number, or the next one removes it. */
  changes(seq: number): boolean {
    return this.removes(seq) || this.#underWay.some((batch) => batch.inserts(seq));
  }

  /** Whether a commit to come takes away the dead letter of the message with this id. */
  deletesDeadLetter(id: string): boolean {
    return (
      this.#gathering.deletesDeadLetter(id) ||
      this.#underWay.some((batch) => batch.deletesDeadLetter(id))
    );
  }

  /** The deliverable messages of a flow that are not done with, by its number. */
  deliverableIn(flow: string): readonly StoredMessage[] {
    return this.#deliverable.ofFlow(flow);
  }

  /** Every message that is not done with of all scopes whose names begin so, in the order in which they were accepted. */
  ofScope(prefix: string): readonly StoredMessage[] {
    const delayed = this.#parts.store.readScope(prefix).filter(({ seq }) => !this.changes(seq));
    const underWay = this.#underWay
      .flatMap((batch) => delayedIn(batch, prefix))
      .filter(({ seq }) => !this.removes(seq));
    const all = [
      ...delayed,
      ...underWay,
      ...delayedIn(this.#gathering, prefix),
      ...this.#deliverable.ofScope(prefix),
    ];
    return all.sort((one, other) => one.seq - other.seq);
  }

  /** Who watches a scope whose name begins so. */
  watchesOf(prefix: string): Iterable<ScopeWatch> {
    const watches = new Map(
      this.#parts.store.readWatches(prefix).map((watching) => [watchKey(watching), watching]),
    );
    for (const batch of this.#underWay) batch.changeWatches(watches, prefix);
    this.#gathering.changeWatches(watches, prefix);
    return watches.values();
  }

  /** Tokens cancelled by commits to come. */
  *cancelled(): Generator<string> {
    for (const batch of this.#underWay) yield* batch.cancelled;
    yield* this.#gathering.cancelled;
  }

  /** Begins to commit what has gathered, if that can be; else it will follow what is under way. */
  begin(): void {
    if (!this.canBegin) return;
    const batch = this.#gathering;
    this.#gathering = new WriteBatch(batch.nextSeq);
    this.#underWay.push(batch);
    void this.#write(batch);
  }

  /** Begins no other commit: what has gathered may be half of something. What is under way waits for room no more. */
  stop(): void {
    this.#isStopped = true;
    this.#parts.room.stopWaiting();
  }

  /** Resolves when everything that has gathered is committed, or none will be. Waits for no room. Never rejects. */
  async settle(): Promise<void> {
    this.#parts.room.stopWaiting();
    this.begin();
    while (this.#underWay.length > 0 && !this.#hasFailed) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onEnd = resolve;
      await promise;
    }
  }

  async #write(batch: WriteBatch): Promise<void> {
    try {
      await this.#commit(batch);
      this.#underWay.shift();
      this.#onTurn();
      this.begin();
      this.#parts.committed(batch);
    } catch (error) {
      this.#hasFailed = true;
      this.#parts.failed(error);
    }
    this.#onEnd();
  }

  async #commit(pending: WriteBatch): Promise<void> {
    const { store, room, gathers } = this.#parts;
    const batch = pending.toStore(this.#nextRowId);
    for (;;) {
      try {
        await store.commit(batch, !gathers());
        return room.noteCommit();
      } catch (error) {
        if (!HandbackError.is(error, "STORE_FULL")) throw error;
        this.#refused++;
        await (this.#underWay[0] === pending ? room.waitForSpace(error) : this.#turn());
        this.#refused--;
      }
    }
  }

  /** Resolves when the commit ahead is done. */
  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onTurn = resolve;
    return promise;
  }
}

function delayedIn(batch: WriteBatch, prefix: string): readonly StoredMessage[] {
  return batch.accepted.filter(
    ({ dueAt, envelope }) => dueAt !== undefined && envelope.scope?.startsWith(prefix) === true,
  );
}
