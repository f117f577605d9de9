import { resolve } from "node:path";
import type { Address } from "../../core/address.ts";
import { HandbackError } from "../../core/errors.ts";
import { lockStore } from "./lock.ts";
import type { StoreLock } from "./lock.ts";
import { toStoreError } from "./sqlite-failure.ts";
import type { Synchronous } from "./sqlite-statements.ts";
import { SqliteTables } from "./sqlite-tables.ts";
import { locateStore, prepareFile } from "./store-file.ts";
import type { Batch, Opened, StateRow, Store, StoredDeadLetter, StoredMessage } from "./store.ts";

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * `full` (the default): a commit has reached the disk when it resolves. `normal`: it has reached the operating system, so
   * that the last commits survive a crash of the process, but a power failure may take them; the store stays whole.
   */
  readonly synchronous?: Synchronous;
}

/**
 * Makes a store in one SQLite file, by Node's built-in `node:sqlite`. Nothing is touched before the engine opens it.
 *
 * The file is made if it is missing (mode 0600), and so is its directory (mode 0700). Beside it lie `-wal` and `-shm`, which
 * belong to it and must be copied with it, and `-lock` and `-pid`, which see to it that one engine at a time has it open.
 * The path must be on a local disk. Node 22 prints an ExperimentalWarning for `node:sqlite`; `--no-warnings` stops it.
 *
 * @param path - where the file is, relative to the current directory at the time of this call.
 * @throws `INVALID_OPTIONS` for a path or an option that can mean no file.
 *
 * @example
 * import { sqlite } from "handback";
 *
 * const store = sqlite("./data/handback.db");
 */
export function sqlite(path: string, options: SqliteOptions = {}): Store {
  const { synchronous = "full" } = options;
  if (typeof path !== "string" || path === "" || path === ":memory:" || path.includes("\0")) {
    throw new HandbackError("INVALID_OPTIONS", `sqlite() takes the path of a file, not ${JSON.stringify(path)}; for none, use memory()`);
  }
  if (synchronous !== "full" && synchronous !== "normal") {
    throw new HandbackError("INVALID_OPTIONS", `synchronous is "full" or "normal", not ${JSON.stringify(synchronous)}`);
  }
  return new SqliteStore(resolve(path), synchronous);
}

interface Session {
  readonly lock: StoreLock;
  readonly tables: SqliteTables;
}

/** The store as a file: locks and opens it, and gives every failure its code. The tables do the rest. */
class SqliteStore implements Store {
  readonly #path: string;
  readonly #synchronous: Synchronous;
  #session: Session | undefined;

  constructor(path: string, synchronous: Synchronous) {
    this.#path = path;
    this.#synchronous = synchronous;
  }

  async open(): Promise<Opened> {
    try {
      const file = locateStore(this.#path);
      const lock = lockStore(file);
      try {
        prepareFile(file);
        const tables = new SqliteTables(file, this.#synchronous);
        this.#session = { lock, tables };
        return tables.opened;
      } catch (error) {
        lock.release();
        throw error;
      }
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_OPEN_FAILED");
    }
  }

  async commit(batch: Batch): Promise<void> {
    this.#use((tables) => tables.apply(batch));
  }

  readState(address: Address): readonly StateRow[] {
    return this.#use((tables) => tables.readState(address));
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    return this.#use((tables) => tables.readMessages(afterSeq, limit));
  }

  readDelayed(until: number, limit: number): readonly StoredMessage[] {
    return this.#use((tables) => tables.readDelayed(until, limit));
  }

  readScope(prefix: string): readonly StoredMessage[] {
    return this.#use((tables) => tables.readScope(prefix));
  }

  nextDueAt(): number | undefined {
    return this.#use((tables) => tables.nextDueAt());
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#use((tables) => tables.readDeadLetters(limit));
  }

  readExpired(now: number, limit: number): readonly (Address & { readonly name: string })[] {
    return this.#use((tables) => tables.readExpired(now, limit));
  }

  async renameStates(from: string, to: string): Promise<void> {
    this.#use((tables) => tables.renameStates(from, to));
  }

  count(): ReturnType<Store["count"]> {
    return this.#use((tables) => tables.count());
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    try {
      session?.tables.close();
    } finally {
      session?.lock.release();
    }
  }

  #use<Result>(access: (tables: SqliteTables) => Result): Result {
    if (this.#session === undefined) throw new HandbackError("CLOSED", `the store ${this.#path} is not open`);
    try {
      return access(this.#session.tables);
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_FAILED");
    }
  }
}
