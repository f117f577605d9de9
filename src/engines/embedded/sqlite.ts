import { resolve } from "node:path";
import type { Address } from "../../core/address.ts";
import { HandbackError } from "../../core/errors.ts";
import { checkOptions } from "../../core/check-options.ts";
import { show } from "../../core/show.ts";
import { CommitPace } from "./commit-pace.ts";
import { lockStore } from "./lock.ts";
import type { StoreLock } from "./lock.ts";
import { packBatch } from "./pack-batch.ts";
import type { Packed } from "./packed.ts";
import { toStoreError } from "./sqlite-failure.ts";
import type { Durability } from "./sqlite-statements.ts";
import { SqliteTables } from "./sqlite-tables.ts";
import { SqliteWriter } from "./sqlite-writer.ts";
import { locateStore, prepareFile } from "./store-file.ts";
import type { Accepted, Batch, Expired, Opened, StateRow, Store, StoredDeadLetter, Watching } from "./store.ts";

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * `strict` (the default): a commit has reached the disk when it resolves. `relaxed`: it has reached the operating system. The last
   * commits then survive a crash of the process, but a power failure may take them, newest first; the store stays whole.
   */
  readonly durability?: Durability;
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
  checkOptions("sqlite", options, ["durability"]);
  const { durability = "strict" } = options;
  if (typeof path !== "string" || path === "" || path === ":memory:" || path.includes("\0")) {
    throw new HandbackError("INVALID_OPTIONS", `sqlite() takes the path of a file, not ${JSON.stringify(path)}; for none, use memory()`);
  }
  if (durability !== "strict" && durability !== "relaxed") {
    throw new HandbackError("INVALID_OPTIONS", `durability: expected "strict" or "relaxed", got ${show(durability)}`);
  }
  return new SqliteStore(resolve(path), durability);
}

interface Session {
  readonly file: string;
  readonly lock: StoreLock;
  readonly tables: SqliteTables;
  /** Started when it is first wanted: a short run does without. */
  writer?: SqliteWriter;
  /** Why what was committed may not be taken over into the file. */
  failure?: HandbackError;
}

/** About how many characters make a page of the log, and how many pages are written beside them by every commit. */
const PAGE = 2_048;
const PAGES_BESIDE = 4;
/** Pages in the log from which it is taken over into the file. */
const LONG_LOG = 1_024;

/** The store as a file: locks and opens it, decides which thread writes, and gives every failure its code. The tables do the rest. */
class SqliteStore implements Store {
  readonly #path: string;
  readonly #durability: Durability;
  readonly #pace = new CommitPace();
  #session: Session | undefined;
  #logPages = 0;

  constructor(path: string, durability: Durability) {
    this.#path = path;
    this.#durability = durability;
  }

  async open(): Promise<Opened> {
    try {
      const file = locateStore(this.#path);
      const lock = lockStore(file);
      try {
        prepareFile(file);
        const tables = new SqliteTables(file, this.#durability);
        this.#session = { file, lock, tables };
        return tables.countOpening();
      } catch (error) {
        this.#session?.tables.close();
        this.#session = undefined;
        lock.release();
        throw error;
      }
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_OPEN_FAILED");
    }
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#session?.failure !== undefined) throw this.#session.failure;
    const packed = packBatch(batch);
    const start = performance.now();
    try {
      if (this.#pace.isShort(packed)) this.#use((tables) => tables.apply(packed));
      else await this.#write(packed);
    } catch (error) {
      // A log that has been taken over begins anew where it lies, and may so find room.
      if (HandbackError.is(error, "STORE_FULL")) this.#takeOver();
      throw error;
    }
    this.#pace.note(packed, performance.now() - start);
    this.#checkpoint(packed);
  }

  readState(address: Address): readonly StateRow[] {
    return this.#use((tables) => tables.readState(address));
  }

  readMessages(afterSeq: number, limit: number): readonly Accepted[] {
    return this.#use((tables) => tables.readMessages(afterSeq, limit));
  }

  readDelayed(until: number, limit: number): readonly Accepted[] {
    return this.#use((tables) => tables.readDelayed(until, limit));
  }

  readScope(prefix: string): readonly Accepted[] {
    return this.#use((tables) => tables.readScope(prefix));
  }

  readWatches(prefix: string): readonly Watching[] {
    return this.#use((tables) => tables.readWatches(prefix));
  }

  nextDueAt(): number | undefined {
    return this.#use((tables) => tables.nextDueAt());
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#use((tables) => tables.readDeadLetters(limit));
  }

  readExpired(now: number, limit: number): readonly Expired[] {
    return this.#use((tables) => tables.readExpired(now, limit));
  }

  readDeadLetter(id: string): StoredDeadLetter | undefined {
    return this.#use((tables) => tables.readDeadLetter(id));
  }

  async renameStates(from: string, to: string): Promise<void> {
    this.#use((tables) => tables.renameStates(from, to));
  }

  count(): ReturnType<Store["count"]> {
    return this.#use((tables) => tables.count());
  }

  async close(clean = false): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    try {
      await session?.writer?.close();
      if (clean && session !== undefined) noteClean(session.tables);
    } finally {
      try {
        session?.tables.close();
      } finally {
        session?.lock.release();
      }
    }
  }

  async #write(packed: Packed): Promise<void> {
    try {
      await this.#writer().apply(packed);
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_FAILED");
    }
  }

  /** Has the log taken over when it has become long. */
  #checkpoint({ chunks }: Packed): void {
    for (const chunk of chunks) this.#logPages += chunk.length / PAGE;
    this.#logPages += PAGES_BESIDE;
    if (this.#logPages >= LONG_LOG) this.#takeOver();
  }

  /** Has what is in the log taken over into the file. A failure is told with the next commit. */
  #takeOver(): void {
    this.#logPages = 0;
    void this.#checkpointed();
  }

  async #checkpointed(): Promise<void> {
    try {
      await this.#writer().checkpoint();
      // What the event loop has committed meanwhile is little; the log begins anew only where all of it has been taken over.
      if (this.#pace.isFast && this.#session !== undefined) this.#use((tables) => tables.checkpoint());
    } catch (error) {
      const failure = toStoreError(error, this.#path, "STORE_FAILED");
      // With no room in the file, what is in the log stays there.
      if (failure.code !== "STORE_FULL" && this.#session !== undefined) this.#session.failure = failure;
    }
  }

  #writer(): SqliteWriter {
    if (this.#session === undefined) throw this.#notOpen();
    const { file } = this.#session;
    return (this.#session.writer ??= new SqliteWriter({ file, durability: this.#durability }));
  }

  #notOpen(): HandbackError {
    return new HandbackError("CLOSED", `the store ${this.#path} is not open`);
  }

  #use<Result>(access: (tables: SqliteTables) => Result): Result {
    if (this.#session === undefined) throw this.#notOpen();
    try {
      return access(this.#session.tables);
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_FAILED");
    }
  }
}

/** Notes that the store is whole, if that can be written: one that is not known to be is only opened with more care. */
function noteClean(tables: SqliteTables): void {
  try {
    tables.noteClean();
  } catch {
    // Everything that was committed is there all the same.
  }
}
