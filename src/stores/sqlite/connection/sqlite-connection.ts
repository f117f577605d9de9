import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type { IndexedValues } from "../../../core/engine/flow-index.ts";
import type { Address } from "../../../core/message/address.ts";
import type { StateRow, StoreInfo } from "../../store.ts";
import { closeWithoutCheckpoint } from "../file/close-without-checkpoint.ts";
import { corruptStore } from "../file/sqlite-failure.ts";
import type { WalFinding } from "../file/wal-verification.ts";
import type { Packed } from "../rows/packed.ts";
import { applyBatch } from "../tables/batch-codec.ts";
import type { StoreOwner } from "../tables/commit-marks.ts";
import type { Flows } from "../tables/flows.ts";
import type { OpenTable, RowCounts } from "../tables/table.ts";
import { countRows, openTables, prepareCount } from "../tables/tables.ts";
import type { OpenTables } from "../tables/tables.ts";
import { configureConnection, setDurability } from "./connection-settings.ts";
import type { Durability } from "./durability.ts";
import { IncrementalVacuum } from "./incremental-vacuum.ts";
import { Transactions } from "./transactions.ts";

/** Size in pages up to which opening checks the whole file: 32 MiB, a quarter of a second. */
const SMALL_FILE = 8_192;
/** Flows that one transaction adds to an index. */
const STEP = 512;

/**
 * One connection to the store in `file`. Its methods are synchronous and throw SQLite's own errors.
 */
export class SqliteConnection {
  /** The tables, for reads. */
  readonly tables: OpenTables;
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #durability: Durability;
  readonly #applied: readonly OpenTable[];
  readonly #transactions: Transactions;
  readonly #vacuum: IncrementalVacuum;
  readonly #count: StatementSync;
  readonly #checkpoint: StatementSync;
  /** The opening that commits; unknown until it is recorded. */
  #owner: StoreOwner | undefined;
  /** The opening before this one kept the index of flows. */
  #isIndexKept = false;

  /** @param owner - the opening that commits; absent: {@link recordOpening} makes one */
  constructor(file: string, durability: Durability, owner?: StoreOwner) {
    this.#owner = owner;
    this.#file = file;
    this.#durability = durability;
    const database = (this.#database = new DatabaseSync(file));
    try {
      configureConnection(database, durability);
      const source = { file, database };
      this.tables = openTables(source);
      this.#applied = Object.values(this.tables);
      this.#transactions = new Transactions(database);
      this.#vacuum = new IncrementalVacuum(database);
      this.#count = prepareCount(source);
      this.#checkpoint = database.prepare("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      closeWithoutCheckpoint(file, () => database.close());
      throw error;
    }
  }

  /**
   * Checks the store for damage, as far as that is quick.
   *
   * @param wal - the finding of {@link readWal}, made before this connection opened the log
   * @throws `STORE_CORRUPT`
   */
  verify({ damagedFrame, hasRemains }: WalFinding): void {
    // A relaxed store does not flush one commit before the next, so any end of its log may be lost.
    if (damagedFrame !== undefined && !this.tables.meta.read().relaxed)
      throw damagedWal(this.#file, damagedFrame);
    if (this.#vacuum.totalPages() <= SMALL_FILE) this.#checkPages();
    // The next crash must not mix these remains with the frames of later commits.
    if (hasRemains) this.#database.exec("PRAGMA wal_checkpoint(RESTART)");
  }

  #checkPages(): void {
    const row = this.#database.prepare("PRAGMA integrity_check(1)").get();
    const result = row?.["integrity_check"];
    if (result !== "ok") throw corruptStore(this.#file, String(result));
  }

  /**
   * Records an opening of the store. It reaches the disk even if the store is relaxed, because the
   * next opening must know that the last one was relaxed. The log is copied into the file, so that
   * the file itself tells that the store is open.
   *
   * @param skipped - number of openings to leave out, because another copy may have counted them
   */
  recordOpening(skipped = 0): StoreInfo {
    setDurability(this.#database, "strict");
    const info = this.#commit(() => this.#countOpening(skipped));
    setDurability(this.#database, this.#durability);
    this.checkpoint();
    return info;
  }

  #countOpening(skipped: number): StoreInfo {
    const { meta, commitMarks, messages, delayed, state, crashMarks, flows, journal } = this.tables;
    const { storeId, generation: last, clean } = meta.read();
    const generation = last + 1 + skipped;
    state.addOwnerIndexes();
    meta.write({ storeId, generation, clean: false, relaxed: this.#durability === "relaxed" });
    commitMarks.createIfMissing();
    flows.createIfMissing();
    this.#isIndexKept = flows.keptBy() === last;
    journal.createIfMissing();
    const commits = (commitMarks.read()?.commits ?? 0) + 1;
    commitMarks.write({ storeId, generation, commits, isClosed: false });
    this.#owner = { storeId, generation };
    return {
      storeId,
      generation,
      nextSeq: Math.max(messages.lastSeq(), delayed.lastSeq()) + 1,
      nextRowId: state.lastRowId() + 1,
      nextPosition: journal.lastPosition() + 1,
      clean,
      crashMarks: crashMarks.readAll(),
    };
  }

  /**
   * Records that the store is closed, so that the file needs no log afterwards.
   *
   * @param clean - whether the close is a clean one, which deletes all crash marks
   */
  recordClose(clean: boolean): void {
    const { meta, crashMarks, commitMarks } = this.tables;
    this.#commit(() => {
      commitMarks.advance(this.#openOwner(), true);
      if (!clean) return;
      crashMarks.deleteAll();
      meta.write({ ...meta.read(), clean: true });
    });
  }

  /**
   * Applies a batch in one transaction, on disk when it returns; changes nothing when it throws.
   *
   * @throws `STORE_FENCED` if another engine has opened the store
   */
  apply(packed: Packed): void {
    this.#commit(() => {
      this.tables.commitMarks.advance(this.#openOwner());
      applyBatch(packed, this.#applied);
    });
  }

  /** The number of commits to the store, the last one of this connection included. */
  get commits(): number {
    return this.tables.commitMarks.commits;
  }

  /** @throws `STORE_FENCED` if another engine has opened the store */
  requireOwner(): void {
    this.#transactions.endRead();
    this.tables.commitMarks.requireOwner(this.#openOwner());
  }

  /** Makes all changes of `change`, with a mark, or none if it throws. */
  #commit<Result>(change: () => Result): Result {
    const result = this.#transactions.write(change);
    this.tables.commitMarks.noteCommit();
    return result;
  }

  #openOwner(): StoreOwner {
    if (this.#owner !== undefined) return this.#owner;
    throw new Error("the opening of the store is not recorded");
  }

  /** Reads all values of one address. */
  readState(address: Address): readonly StateRow[] {
    this.#transactions.startRead();
    return this.tables.state.read(address);
  }

  /** The index of flows, for reads of one moment. */
  get readableFlows(): Flows {
    this.#transactions.startRead();
    return this.tables.flows;
  }

  /** Gives the states of one function type to another. */
  renameStates(from: string, to: string): void {
    this.#commitOwn(() => this.tables.state.rename(from, to));
  }

  /**
   * Makes the index of flows complete, a transaction for each few hundred flows. Nothing else may be
   * committed before the end. Yields the number of flows that each transaction added.
   */
  *completeFlows(values: IndexedValues): Generator<number> {
    const { flows } = this.tables;
    if (!this.#isIndexKept) yield* this.#remakeFlows(values);
    this.#commitOwn(() => flows.keep(this.#openOwner().generation));
    this.#isIndexKept = true;
    yield 0;
  }

  *#remakeFlows(values: IndexedValues): Generator<number> {
    const { flows, state } = this.tables;
    this.#commitOwn(() => flows.clear());
    yield 0;
    for (let after = 0, read = STEP; read === STEP;) {
      const found = state.readControls(values, after, STEP);
      read = found.length;
      after = found.at(-1)?.rowId ?? after;
      const entries = found.map(({ id, json, expiresAt }) => values.entryOf(id, json, expiresAt));
      this.#commitOwn(() => flows.add(entries));
      yield read;
    }
  }

  /** Makes a change of this connection's own, beside those of batches. */
  #commitOwn(change: () => void): void {
    this.#commit(() => {
      this.tables.commitMarks.advance(this.#openOwner());
      change();
    });
  }

  /** Counts the rows of the tables. */
  count(): RowCounts {
    return countRows(this.#count);
  }

  /** Makes later reads see the latest commit. */
  endRead(): void {
    this.#transactions.endRead();
  }

  /**
   * Copies the log into the file, as far as no reader needs the log.
   *
   * @returns whether another connection was already doing so
   */
  checkpoint(): boolean {
    this.#transactions.endRead();
    return this.#checkpoint.get()?.["busy"] === 1;
  }

  /** Releases some free pages if the file has too many. @returns whether it still has too many */
  releaseFreePages(): boolean {
    return this.#vacuum.step();
  }

  close(): void {
    this.#transactions.endRead();
    this.#database.close();
  }
}

function damagedWal(file: string, frame: number): Error {
  const log = `${file}-wal`;
  return corruptStore(file, `frame ${frame} of its log ${log} is damaged`, {
    where: { log, frame },
  });
}
