import { resolve } from "node:path";
import type { Address } from "../../core/message/address.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkOptions } from "../../core/validation/check-options.ts";
import { show } from "../../core/errors/show.ts";
import { CommitLatency } from "./writer/commit-latency.ts";
import { closeWithoutCheckpoint } from "./file/close-without-checkpoint.ts";
import { lockStore } from "./file/lock.ts";
import type { StoreLock } from "./file/lock.ts";
import type { WalFinding } from "./file/wal-verification.ts";
import { createStore } from "./connection/create-store.ts";
import { encodeBatch } from "./batch/batch-codec.ts";
import type { Packed } from "./rows/packed.ts";
import { readWal } from "./file/wal.ts";
import { isSqliteFailure, SQLITE_CONSTRAINT, toStoreError } from "./file/sqlite-failure.ts";
import type { Durability } from "./connection/connection-settings.ts";
import { SqliteTables } from "./connection/sqlite-connection.ts";
import { ThreadNotStarted, SqliteWriter } from "./writer/writer.ts";
import { isThere, locateStore } from "./file/store-file.ts";
import type {
  StoredMessage,
  Batch,
  ExpiredValue,
  StoreInfo,
  StateRow,
  Store,
  StoredDeadLetter,
  ScopeWatch,
} from "../store.ts";

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /**
   * `strict` (the default): a commit has reached the disk when it resolves. `relaxed`: it has reached the operating system, and begins to
   * be flushed within a second. A crash of the process then loses nothing; a power failure may take the commits of the last second (and of
   * the time that the disk takes), newest first; the store stays whole.
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
    throw new HandbackError(
      "INVALID_OPTIONS",
      `sqlite() takes the path of a file, not ${JSON.stringify(path)}; for none, use memory()`,
    );
  }
  if (durability !== "strict" && durability !== "relaxed") {
    throw new HandbackError(
      "INVALID_OPTIONS",
      `durability: expected "strict" or "relaxed", got ${show(durability)}`,
    );
  }
  return new SqliteStore(resolve(path), durability);
}

interface Session {
  readonly file: string;
  readonly lock: StoreLock;
  readonly tables: SqliteTables;
  /** Started when it is first wanted: a short run does without. */
  writer?: SqliteWriter | undefined;
  /** The thread could not be started. */
  isAlone?: boolean;
  /** Why nothing is committed any more, nor taken over into the file. */
  failure?: HandbackError;
  /** The thread may be about to change the file of itself: then it alone writes. */
  givesBack?: boolean;
  /** Batches that the thread has been handed: what is committed behind them must go there too. */
  inThread: number;
  /** Has what was committed flushed, if it was not when it was committed. */
  flush?: NodeJS.Timeout | undefined;
}

/** About how many characters make a page of the log, how many pages are written beside them by every commit, and for a value that is erased. */
const PAGE = 2_048;
const PAGES_BESIDE = 4;
const PAGES_PER_ERASED = 0.25;
/** Pages in the log from which it is taken over into the file: more while commits take long, for then that takes several times as long. */
const [LONG_LOG, LONG_LOG_IF_SLOW] = [1_024, 4_096];
/** Messages that make a batch worth handing to the thread ahead of its turn; fewer had better wait for others. */
const QUEUED = 64;
/** How long what was committed may go without being flushed, in ms. */
const UNFLUSHED_MS = 1_000;

/** The store as a file: locks and opens it, decides which thread writes, and gives every failure its code. The tables do the rest. */
class SqliteStore implements Store {
  readonly #path: string;
  readonly #durability: Durability;
  readonly #pace = new CommitLatency();
  #session: Session | undefined;
  #logPages = 0;

  constructor(path: string, durability: Durability) {
    this.#path = path;
    this.#durability = durability;
  }

  async open(): Promise<StoreInfo> {
    try {
      const file = locateStore(this.#path);
      const lock = lockStore(file);
      try {
        if (!isThere(file)) createStore(file);
        const log = readWal(file);
        const tables = new SqliteTables(file, this.#durability);
        this.#session = { file, lock, tables, inThread: 0 };
        return begin(this.#session, log);
      } catch (error) {
        this.#session = undefined;
        lock.release();
        throw error;
      }
    } catch (error) {
      throw toStoreError(error, this.#path, "STORE_OPEN_FAILED");
    }
  }

  async commit(batch: Batch, mayBlock = true): Promise<void> {
    const session = this.#session;
    if (session === undefined) throw this.#notOpen();
    if (session.failure !== undefined) throw session.failure;
    const packed = encodeBatch(batch);
    const start = performance.now();
    try {
      const canBlock = mayBlock && session.inThread === 0 && session.givesBack !== true;
      if (canBlock && this.#pace.isShort(packed)) session.tables.apply(packed);
      else await this.#write(packed, session);
    } catch (error) {
      const failure = toStoreError(error, this.#path, "STORE_FAILED");
      // A log that has been taken over begins anew where it lies, and may so find room.
      if (failure.code === "STORE_FULL") this.#takeOver(session);
      // A batch that makes no sense leaves the store as it was; after anything else nobody knows how it is.
      else if (!isSqliteFailure(error, SQLITE_CONSTRAINT)) session.failure = failure;
      throw failure;
    }
    session.tables.endReading();
    this.#pace.note(packed, performance.now() - start);
    this.#logPages += pagesOf(packed, batch);
    if (this.#logPages >= (this.#pace.isQuick ? LONG_LOG : LONG_LOG_IF_SLOW))
      this.#takeOver(session);
    else if (this.#durability === "relaxed") this.#flushSoon(session);
  }

  readState(address: Address): readonly StateRow[] {
    return this.#use((tables) => tables.readState(address));
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    return this.#use((tables) => tables.readMessages(afterSeq, limit));
  }

  readDelayed(until: number, limit: number, after?: number): readonly StoredMessage[] {
    return this.#use((tables) => tables.readDelayed(until, limit, after));
  }

  readScope(prefix: string): readonly StoredMessage[] {
    return this.#use((tables) => tables.readScope(prefix));
  }

  readWatches(prefix: string): readonly ScopeWatch[] {
    return this.#use((tables) => tables.readWatches(prefix));
  }

  nextDueAt(): number | undefined {
    return this.#use((tables) => tables.nextDueAt());
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#use((tables) => tables.readDeadLetters(limit));
  }

  readExpired(now: number, limit: number): readonly ExpiredValue[] {
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
    if (session === undefined) return;
    clearTimeout(session.flush);
    try {
      await session.writer?.close();
      if (session.failure !== undefined || (clean && !noteClean(session)))
        closeWithoutCheckpoint(session.file, () => session.tables.close());
      else session.tables.close();
    } finally {
      session.lock.release();
    }
  }

  /** A thread that has begun may be handed a batch while it writes another, unless the disk is slow. */
  get queuesFrom(): number | undefined {
    return this.#session?.writer?.hasBegun === true && this.#pace.isQuick ? QUEUED : undefined;
  }

  /** Has the thread apply a batch. Without a thread, the event loop has to. */
  async #write(packed: Packed, session: Session): Promise<void> {
    session.inThread++;
    try {
      await this.#byThread(session, {
        ask: (writer) => writer.apply(packed),
        act: (tables) => tables.apply(packed),
      });
    } finally {
      session.inThread--;
    }
  }

  async #byThread<Result>(session: Session, { ask, act }: Work<Result>): Promise<Result> {
    if (session.isAlone !== true) {
      let writer: SqliteWriter | undefined;
      try {
        writer = this.#writer(session);
        return await ask(writer);
      } catch (error) {
        if (!(error instanceof ThreadNotStarted)) throw error;
        session.isAlone = true;
        if (session.writer === writer) session.writer = undefined;
      }
    }
    return act(session.tables);
  }

  /** Has what was committed flushed after a while. */
  #flushSoon(session: Session): void {
    // A commit may have outlived its session.
    if (this.#session !== session) return;
    session.flush ??= setTimeout(() => this.#takeOver(session), UNFLUSHED_MS).unref();
  }

  /** Has what is in the log taken over into the file, and so flushed. A failure is told with the next commit. */
  #takeOver(session: Session): void {
    if (this.#session !== session) return;
    clearTimeout(session.flush);
    session.flush = undefined;
    this.#logPages = 0;
    // Now and then it is worth trying whether there is a thread to be had.
    session.isAlone = false;
    void this.#checkpointed(session);
  }

  async #checkpointed(session: Session): Promise<void> {
    const act = (tables: SqliteTables): boolean => tables.checkpoint();
    try {
      const isBusy = await this.#byThread(session, { ask: (writer) => writer.checkpoint(), act });
      if (this.#session !== session || session.failure !== undefined) return;
      if (isBusy && this.#durability === "relaxed") this.#flushSoon(session);
      // What the event loop has committed meanwhile is little; the log begins anew only where all of it has been taken over.
      if (this.#pace.isFast) act(session.tables);
      await this.#giveBack(session);
    } catch (error) {
      const failure = toStoreError(error, this.#path, "STORE_FAILED");
      // With no room in the file, what is in the log stays there.
      if (failure.code !== "STORE_FULL") session.failure ??= failure;
    }
  }

  /** Has free pages given back if they are too many: a few at a time, so that commits come in between. */
  async #giveBack(session: Session): Promise<void> {
    const { writer } = session;
    if (writer === undefined || session.givesBack === true) return;
    const isOpen = (): boolean => this.#session === session && session.failure === undefined;
    session.givesBack = true;
    try {
      while (isOpen() && (await writer.giveBack()) && isOpen()) await writer.checkpoint();
    } finally {
      session.givesBack = false;
    }
  }

  #writer(session: Session): SqliteWriter {
    return (session.writer ??= new SqliteWriter({
      file: session.file,
      durability: this.#durability,
    }));
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

/** Looks whether the store is whole, and counts its opening. One that is not is left as it is. */
function begin({ file, tables }: Session, log: WalFinding): StoreInfo {
  try {
    tables.check(log);
    return tables.countOpening();
  } catch (error) {
    closeWithoutCheckpoint(file, () => tables.close());
    throw error;
  }
}

/** About how many pages of the log a batch makes. */
function pagesOf({ chunks }: Packed, { state }: Batch): number {
  let pages = PAGES_BESIDE;
  for (const chunk of chunks) pages += chunk.length / PAGE;
  for (const { value } of state) if (value === undefined) pages += PAGES_PER_ERASED;
  return pages;
}

/** What the thread is to do, and how it is done without one. */
interface Work<Result> {
  readonly ask: (writer: SqliteWriter) => Promise<Result>;
  readonly act: (tables: SqliteTables) => Result;
}

/**
 * Notes that the store is whole, if that can be written: one that is not known to be is only opened with more care, and everything that was
 * committed is there all the same. Tells whether the store may be written to afterwards.
 */
function noteClean({ tables, file }: Session): boolean {
  try {
    tables.noteClean();
    return true;
  } catch (error) {
    return toStoreError(error, file, "STORE_FAILED").code === "STORE_FULL";
  }
}
