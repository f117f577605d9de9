import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import type { IndexedValues } from "../../../core/engine/flow-index.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Batch, StoreEvents, StoreInfo } from "../../store.ts";
import { writeBackup } from "../backup/backup.ts";
import type { Durability } from "../connection/durability.ts";
import { createStore } from "../connection/create-store.ts";
import { CheckedCommits } from "../connection/checked-commits.ts";
import { SqliteConnection } from "../connection/sqlite-connection.ts";
import { closeWithoutCheckpoint, LastConnection } from "../file/close-without-checkpoint.ts";
import { lockStore } from "../file/lock.ts";
import type { StoreLock } from "../file/lock.ts";
import { isSqliteFailure, SQLITE_CONSTRAINT, toStoreError } from "../file/sqlite-failure.ts";
import { locateStore, storeExists } from "../file/store-file.ts";
import { LastCommitFile, removeLastCommit } from "../file/last-commit.ts";
import { findOpenFiles } from "../file/open-files.ts";
import { linkLog, unlinkLog } from "../file/second-log.ts";
import { checkLog } from "../file/wal.ts";
import type { CheckedLog, MissingLog } from "../file/wal.ts";
import { encodeBatch } from "../tables/batch-codec.ts";
import type { CommitLatency } from "../writer/commit-latency.ts";
import { Checkpointing } from "./checkpointing.ts";
import { CommitRouting } from "./commit-routing.ts";
import { monotonicMs, setImmediate } from "../../../machine/real-time.ts";
import { Ownership } from "./ownership.ts";
import { waitForLock } from "./wait-for-lock.ts";

/** Time, in ms, for which closing waits while another program has locked the file. */
const CLOSE_PATIENCE_MS = 2_000;
/** Steps of making an index after which the log is copied into the file. */
const STEPS_BEFORE_CHECKPOINT = 64;

/** The store that a session opens. */
export interface SessionOptions {
  /** The path as the user gave it, made absolute. */
  readonly path: string;
  readonly durability: Durability;
  /** What to do with a store whose last commits are missing. */
  readonly missingLog: MissingLog;
  /** Latency of the commits so far, which outlives the session. */
  readonly latency: CommitLatency;
  readonly events: StoreEvents | undefined;
}

/**
 * Number of openings that a copy of a store leaves out, at least and at most: the store that it was
 * copied from goes on counting, and two openings with one number would give out the same ids.
 */
const [SKIPPED_FROM, SKIPPED_TO] = [1_024, 32_768];

/** Opens a store: takes its lock, creates it if it is missing, and checks it. */
export function openSession(options: SessionOptions): StoreSession {
  const file = locateStore(options.path);
  const lock = lockStore(file);
  try {
    if (!storeExists(file)) createStore(file);
    const log = checkLog(file, options.missingLog);
    if (log.notice !== undefined) options.events?.warn(`the store ${file}: ${log.notice}`);
    const connection = new SqliteConnection(file, options.durability);
    const info = recordOpening(file, connection, log);
    linkLog(file);
    return new StoreSession({ ...options, file, lock, connection, info });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Checks the store and records the opening. A damaged store stays as it is. */
function recordOpening(file: string, connection: SqliteConnection, log: CheckedLog): StoreInfo {
  try {
    connection.verify(log);
    return connection.recordOpening(log.isBranch ? randomInt(SKIPPED_FROM, SKIPPED_TO) : 0);
  } catch (error) {
    closeWithoutCheckpoint(file, () => connection.close());
    throw error;
  }
}

interface SessionParts extends SessionOptions {
  /** The path with all symbolic links resolved. */
  readonly file: string;
  readonly lock: StoreLock;
  readonly connection: SqliteConnection;
  readonly info: StoreInfo;
}

/**
 * One opening of a store, from taking its lock to giving it back.
 *
 * SS1 After a failure that leaves the store in an unknown state, the session commits nothing more
 *     and does not copy the log into the file.
 */
export class StoreSession {
  readonly connection: SqliteConnection;
  readonly info: StoreInfo;
  readonly #parts: SessionParts;
  readonly #commits: CheckedCommits;
  readonly #routing: CommitRouting;
  readonly #checkpointing: Checkpointing;
  readonly #ownership: Ownership;
  readonly #lastCommit: LastCommitFile | undefined;
  readonly #lastConnection: LastConnection;
  /** Ends with the last backup. */
  #backups: Promise<unknown> = Promise.resolve();
  #failure: HandbackError | undefined;
  #closing: Promise<void> | undefined;
  #isOpen = true;

  constructor(parts: SessionParts) {
    const { file, durability, latency, connection, info, events } = parts;
    this.#parts = parts;
    const files = findOpenFiles(file);
    const lastCommit = lastCommitFile(parts);
    this.#lastCommit = lastCommit;
    this.#lastConnection = new LastConnection(file);
    this.#ownership = new Ownership({
      file,
      connection,
      files,
      onLost: (error) => {
        this.#fail(error);
        events?.failed(error);
      },
    });
    this.connection = connection;
    this.info = info;
    const commits = new CheckedCommits({ file, connection, files, lastCommit });
    this.#commits = commits;
    const routing = new CommitRouting({
      connection,
      commits,
      latency,
      writer: { file, durability, owner: info, files, lastCommit: lastCommit?.descriptor },
    });
    this.#routing = routing;
    this.#checkpointing = new Checkpointing({
      connection,
      durability,
      latency,
      routing,
      isUsable: () => this.#isOpen && this.#failure === undefined,
      requireFiles: () => this.#ownership.requireFiles(),
      onFailure: (error) => this.#failCheckpoint(error),
    });
  }

  /** Commits a batch. @see Store.commit */
  async commit(batch: Batch, mayBlock: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { connection, latency } = this.#parts;
    const packed = encodeBatch(batch);
    const start = monotonicMs();
    try {
      if (this.#routing.isOnEventLoop(packed, mayBlock)) this.#commits.apply(packed);
      else await this.#routing.applyOnThread(packed);
    } catch (error) {
      throw this.#failCommit(error);
    }
    connection.endRead();
    latency.record(packed, monotonicMs() - start);
    this.#checkpointing.afterCommit(packed, batch);
  }

  /** Gives the states of one function type to another. @see Store.renameStates */
  renameStates(from: string, to: string): void {
    this.connection.renameStates(from, to);
    this.#lastCommit?.write(this.connection.commits);
  }

  /** Makes the index of flows complete. @see FlowEntries.complete */
  async completeFlows(values: IndexedValues): Promise<number> {
    let [added, steps] = [0, 0];
    for (const count of this.connection.completeFlows(values)) {
      this.#lastCommit?.write(this.connection.commits);
      added += count;
      if (++steps % STEPS_BEFORE_CHECKPOINT === 0) this.connection.checkpoint();
      await untilNextTurn();
    }
    return added;
  }

  /** Writes a backup, after the one that is being written. @see Store.backup */
  async backup(path: string, overwrite: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const backup = this.#backups.then(() => {
      if (!this.#isOpen) throw new HandbackError("CLOSED", "the engine is closed");
      return writeBackup({ file: this.#parts.file, path, overwrite });
    });
    this.#backups = backup.catch(() => undefined);
    await backup;
  }

  /** @see Store.queuesFrom */
  get queuesFrom(): number | undefined {
    return this.#routing.queuesFrom;
  }

  /** Closes the store and gives the lock back. @see Store.close */
  async close(clean: boolean): Promise<void> {
    this.#isOpen = false;
    try {
      await this.#backups;
      await (this.#closing ??= this.#closeConnections(clean));
    } finally {
      this.#lastCommit?.close();
      this.#parts.lock.release();
    }
  }

  async #closeConnections(clean: boolean): Promise<void> {
    const { file, connection } = this.#parts;
    this.#checkpointing.stop();
    this.#ownership.stop();
    await this.#routing.close();
    if (await this.#mayWrite(clean)) {
      this.#lastConnection.close();
      connection.close();
      if (!existsSync(`${file}-wal`)) forgetLog(file);
    } else this.#lastConnection.closeAfter(() => connection.close());
  }

  async #mayWrite(clean: boolean): Promise<boolean> {
    return this.#failure === undefined && this.#ownership.hasFiles && this.#tryRecordClose(clean);
  }

  /**
   * Records the close, if possible. Otherwise the next opening is only more careful: all
   * commits are still there.
   *
   * @returns whether the store may be written to afterwards
   */
  async #tryRecordClose(clean: boolean): Promise<boolean> {
    const { path, connection } = this.#parts;
    const record = (): void => {
      try {
        connection.recordClose(clean);
      } catch (error) {
        throw toStoreError(error, path, "STORE_FAILED");
      }
    };
    try {
      await waitForLock(record, { STORE_BUSY: CLOSE_PATIENCE_MS });
      return true;
    } catch (error) {
      return HandbackError.is(error, "STORE_FULL");
    }
  }

  #failCommit(error: unknown): HandbackError {
    const failure = toStoreError(error, this.#parts.path, "STORE_FAILED");
    // A checkpoint lets the log restart in the space that it has, which may make room.
    if (failure.code === "STORE_FULL") this.#checkpointing.start();
    // A lock of another program kept the batch from being written.
    else if (failure.code === "STORE_BUSY") return failure;
    // An invalid batch leaves the store unchanged. After any other failure its state is unknown.
    else if (!isSqliteFailure(error, SQLITE_CONSTRAINT)) this.#fail(failure);
    return failure;
  }

  /**
   * Commits nothing more. A store that belongs to another engine is closed at once: the end of the
   * process, too, would copy the log into the file.
   */
  #fail(failure: HandbackError): void {
    this.#failure ??= failure;
    if (failure.code !== "STORE_FENCED") return;
    this.#closing ??= this.#closeConnections(false);
    // `close` awaits this promise, and reports its error.
    this.#closing.catch(() => undefined);
  }

  #failCheckpoint(error: unknown): void {
    const failure = toStoreError(error, this.#parts.path, "STORE_FAILED");
    // Without room in the file, or while another program has locked it, the log keeps the commits.
    if (failure.code !== "STORE_FULL" && failure.code !== "STORE_BUSY") this.#fail(failure);
  }
}

/** Returns the file with the number of the last commit; `undefined` for a relaxed store. */
function lastCommitFile({
  file,
  durability,
  connection,
  info,
}: SessionParts): LastCommitFile | undefined {
  removeLastCommit(file);
  if (durability === "relaxed") return undefined;
  return LastCommitFile.create(file, { storeId: info.storeId, commits: connection.commits });
}

/** Deletes what is known about the log of a store that was closed. */
function forgetLog(file: string): void {
  unlinkLog(file);
  removeLastCommit(file);
}

function untilNextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
