import type { JournalQuery, JournalRow } from "../../../core/engine/journal.ts";
import type { Address } from "../../../core/message/address.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Batch, FlowEntries, StoreInfo, Store, StoreLists } from "../../../stores/store.ts";

/** A disk as its user sees it. */
export interface DiskAccess {
  readonly content: Store;
  readonly open: () => Promise<StoreInfo>;
  readonly commit: (batch: Batch) => Promise<void>;
}

/** A disk as one process sees it. Once it is disconnected, it rejects writes and reads as empty. */
export class Session implements Store {
  readonly #disk: DiskAccess;
  isDead = false;
  /** True if a commit was rejected. Every later one is rejected as well. */
  isFailing = false;

  constructor(disk: DiskAccess) {
    this.#disk = disk;
  }

  async open(): Promise<StoreInfo> {
    this.#checkAlive();
    return this.#disk.open();
  }

  async commit(batch: Batch): Promise<void> {
    this.#checkAlive();
    if (this.isFailing) throw failingStoreError();
    return this.#disk.commit(batch);
  }

  async renameStates(from: string, to: string): Promise<void> {
    this.#checkAlive();
    return this.#disk.content.renameStates(from, to);
  }

  countStates(isWanted: (type: string) => boolean): ReadonlyMap<string, number> {
    return this.isDead ? new Map() : this.#disk.content.countStates(isWanted);
  }

  readState(address: Address): ReturnType<Store["readState"]> {
    return this.isDead ? [] : this.#disk.content.readState(address);
  }

  readMessages(afterSeq: number, limit: number): ReturnType<Store["readMessages"]> {
    return this.isDead ? [] : this.#disk.content.readMessages(afterSeq, limit);
  }

  readDelayed(until: number, limit: number, after?: number): ReturnType<Store["readDelayed"]> {
    return this.isDead ? [] : this.#disk.content.readDelayed(until, limit, after);
  }

  readScope(scope: string, limit?: number): ReturnType<Store["readScope"]> {
    return this.isDead ? [] : this.#disk.content.readScope(scope, limit);
  }

  readWatches(prefix: string, limit?: number): ReturnType<Store["readWatches"]> {
    return this.isDead ? [] : this.#disk.content.readWatches(prefix, limit);
  }

  nextDueAt(): number | undefined {
    return this.isDead ? undefined : this.#disk.content.nextDueAt();
  }

  readDeadLetters(limit: number): ReturnType<Store["readDeadLetters"]> {
    return this.isDead ? [] : this.#disk.content.readDeadLetters(limit);
  }

  readDeadLetter(id: string): ReturnType<Store["readDeadLetter"]> {
    return this.isDead ? undefined : this.#disk.content.readDeadLetter(id);
  }

  readExpired(now: number, limit: number): ReturnType<Store["readExpired"]> {
    return this.isDead ? [] : this.#disk.content.readExpired(now, limit);
  }

  /** The index of flows, as long as the process lives. */
  get flows(): FlowEntries | undefined {
    const { flows } = this.#disk.content;
    if (flows === undefined) return undefined;
    return {
      complete: async (values) => {
        this.#checkAlive();
        return flows.complete(values);
      },
      groups: () => (this.isDead ? [] : flows.groups()),
      read: (stream, range) => (this.isDead ? [] : flows.read(stream, range)),
      readKeys: (prefix, range) => (this.isDead ? [] : flows.readKeys(prefix, range)),
      find: (number) => (this.isDead ? undefined : flows.find(number)),
      findKey: (key) => (this.isDead ? undefined : flows.findKey(key)),
    };
  }

  /** The lists of the store, as long as the process lives. */
  get lists(): StoreLists | undefined {
    const { lists } = this.#disk.content;
    return (
      lists && {
        stateIds: (range) => (this.isDead ? [] : lists.stateIds(range)),
        countDeadLetters: () => (this.isDead ? 0 : lists.countDeadLetters()),
        deadLetters: (range) => (this.isDead ? [] : lists.deadLetters(range)),
      }
    );
  }

  readJournal(query: JournalQuery): readonly JournalRow[] {
    return this.isDead ? [] : (this.#disk.content.readJournal?.(query) ?? []);
  }

  count(): ReturnType<Store["count"]> {
    return this.isDead
      ? { messages: 0, delayed: 0, state: 0, watches: 0, dead: 0 }
      : this.#disk.content.count();
  }

  async close(clean?: boolean): Promise<void> {
    if (!this.isDead) await this.#disk.content.close(clean);
  }

  #checkAlive(): void {
    if (this.isDead) throw deadProcessError();
  }
}

/** The error that a process gets from a failing store. */
export function failingStoreError(): HandbackError {
  return new HandbackError("STORE_FAILED", "the simulated store fails");
}

/** The error that a dead process gets from its store. */
export function deadProcessError(): HandbackError {
  return new HandbackError("STORE_FAILED", "the simulated process has ended");
}
