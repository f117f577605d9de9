import { HandbackError } from "../../core/errors/errors.ts";
import type { JournalQuery, JournalRow } from "../../core/engine/journal.ts";
import type { Address } from "../../core/message/address.ts";
import type {
  Batch,
  ExpiredValue,
  FlowEntries,
  ScopeWatch,
  StateRow,
  Store,
  StoredDeadLetter,
  StoredMessage,
  StoreEvents,
  StoreInfo,
  StoreLists,
} from "../store.ts";
import type { Durability } from "./connection/durability.ts";
import type { SqliteConnection } from "./connection/sqlite-connection.ts";
import type { MissingLog } from "./file/wal.ts";
import { toStoreError } from "./file/sqlite-failure.ts";
import { openSession } from "./session/store-session.ts";
import type { StoreSession } from "./session/store-session.ts";
import type { Flows } from "./tables/flows.ts";
import { waitForLock } from "./session/wait-for-lock.ts";
import { CommitLatency } from "./writer/commit-latency.ts";

/** Time, in ms, for which opening waits while another program has locked the file. */
const BUSY_PATIENCE_MS = 10_000;

/** The checked options of a {@link SqliteStore}. */
export interface SqliteStoreOptions {
  readonly durability: Durability;
  /** In ms. */
  readonly lockTimeout: number;
  readonly missingLog: MissingLog;
}

/** A store in a file. Each opening is a {@link StoreSession}; every failure gets its code here. */
export class SqliteStore implements Store {
  readonly #path: string;
  readonly #options: SqliteStoreOptions;
  readonly #latency = new CommitLatency();
  #session: StoreSession | undefined;

  constructor(path: string, options: SqliteStoreOptions) {
    this.#path = path;
    this.#options = options;
  }

  get queuesFrom(): number | undefined {
    return this.#session?.queuesFrom;
  }

  async open(events?: StoreEvents): Promise<StoreInfo> {
    const { lockTimeout } = this.#options;
    const patience = {
      STORE_LOCKED: lockTimeout,
      STORE_BUSY: Math.max(lockTimeout, BUSY_PATIENCE_MS),
    };
    return waitForLock(
      () => this.#open(events),
      patience,
      ({ message }) => events?.warn(`${message}; opening waits for it`),
    );
  }

  #open(events: StoreEvents | undefined): StoreInfo {
    const { durability, missingLog } = this.#options;
    const options = { path: this.#path, durability, missingLog, latency: this.#latency, events };
    try {
      this.#session = openSession(options);
      return this.#session.info;
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_OPEN_FAILED");
    }
  }

  async commit(batch: Batch, mayBlock = true): Promise<void> {
    await this.#openedSession().commit(batch, mayBlock);
  }

  readState(address: Address): readonly StateRow[] {
    return this.#use((connection) => connection.readState(address));
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    return this.#use(({ tables }) => tables.messages.readAfter(afterSeq, limit));
  }

  readDelayed(
    until: number,
    limit: number,
    after = Number.NEGATIVE_INFINITY,
  ): readonly StoredMessage[] {
    return this.#use(({ tables }) => tables.delayed.readDue(after, until, limit));
  }

  readScope(prefix: string, limit?: number): readonly StoredMessage[] {
    return this.#use(({ tables }) => tables.delayed.readScope(prefix, limit));
  }

  readWatches(prefix: string, limit?: number): readonly ScopeWatch[] {
    return this.#use(({ tables }) => tables.watches.readScope(prefix, limit));
  }

  nextDueAt(): number | undefined {
    return this.#use(({ tables }) => tables.delayed.nextDueAt());
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#use(({ tables }) => tables.deadLetters.readOldest(limit));
  }

  readDeadLetter(id: string): StoredDeadLetter | undefined {
    return this.#use(({ tables }) => tables.deadLetters.readById(id));
  }

  readExpired(now: number, limit: number): readonly ExpiredValue[] {
    return this.#use(({ tables }) => tables.state.readExpired(now, limit));
  }

  readJournal(query: JournalQuery): readonly JournalRow[] {
    return this.#use(({ tables }) => tables.journal.read(query));
  }

  async renameStates(from: string, to: string): Promise<void> {
    const rename = (): void => this.#use(() => this.#openedSession().renameStates(from, to));
    await waitForLock(rename, { STORE_BUSY: BUSY_PATIENCE_MS });
  }

  countStates(isWanted: (type: string) => boolean): ReadonlyMap<string, number> {
    return this.#use(({ tables }) => tables.state.countByType(isWanted));
  }

  readonly flows: FlowEntries = {
    complete: async (values) => {
      try {
        return await this.#openedSession().completeFlows(values);
      } catch (error) {
        throw toStoreError(error, this.#path, "STORE_FAILED");
      }
    },
    groups: () => this.#useFlows((flows) => flows.groups()),
    read: (stream, range) => this.#useFlows((flows) => flows.read(stream, range)),
    readKeys: (prefix, range) => this.#useFlows((flows) => flows.readKeys(prefix, range)),
    find: (number) => this.#useFlows((flows) => flows.find(number)),
    findKey: (key) => this.#useFlows((flows) => flows.findKey(key)),
  };

  readonly lists: StoreLists = {
    stateIds: (range) => this.#use(({ tables }) => tables.state.readIds(range)),
    countDeadLetters: () => this.#use(({ tables }) => tables.deadLetters.count()),
    deadLetters: ({ after = 0, limit }) =>
      this.#use(({ tables }) => tables.deadLetters.readAfter(after, limit)),
  };

  async backup(path: string, overwrite: boolean): Promise<void> {
    await this.#openedSession().backup(path, overwrite);
  }

  count(): ReturnType<Store["count"]> {
    return this.#use((connection) => connection.count());
  }

  async close(clean = false): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close(clean);
  }

  #use<Result>(access: (connection: SqliteConnection) => Result): Result {
    const { connection } = this.#openedSession();
    try {
      return access(connection);
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_FAILED");
    }
  }

  #useFlows<Result>(access: (flows: Flows) => Result): Result {
    return this.#use((connection) => access(connection.readableFlows));
  }

  #openedSession(): StoreSession {
    if (this.#session !== undefined) return this.#session;
    throw new HandbackError("CLOSED", `the store ${this.#path} is not open`);
  }
}
