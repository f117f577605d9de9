import { DatabaseSync } from "node:sqlite";
import type { SQLOutputValue } from "node:sqlite";
import type { Address } from "../../../core/message/address.ts";
import { hasTooManyFree } from "./incremental-vacuum.ts";
import type { Pages } from "./incremental-vacuum.ts";
import { closeWithoutCheckpoint } from "../file/close-without-checkpoint.ts";
import type { WalFinding } from "../file/wal-verification.ts";
import { NO_INSTANT, WRITE } from "../batch/batch-codec.ts";
import { Unpacker } from "../rows/packed.ts";
import type { Packed } from "../rows/packed.ts";
import {
  delayedSum,
  letterSum,
  markSum,
  messageSum,
  metaSum,
  ownerSum,
  valueSum,
  watchSum,
} from "../rows/row-checksums.ts";
import type { Meta } from "../rows/row-checksums.ts";
import { stateKey } from "../tables/state-key.ts";
import { corruptStore } from "../file/sqlite-failure.ts";
import { ReadTransaction } from "./read-transaction.ts";
import { RowDecoder } from "../rows/columns.ts";
import { prepareDatabase, prepareStatements, setDurability } from "./connection-settings.ts";
import type { Durability, Statements } from "./connection-settings.ts";
import type {
  StoredMessage,
  ExpiredValue,
  StoreInfo,
  StateRow,
  Store,
  StoredDeadLetter,
  ScopeWatch,
} from "../../store.ts";

/**
 * One connection to the tables of the store in `file`.
 * Its methods are those of {@link Store}, but synchronous; they throw what SQLite throws.
 */
export class SqliteTables {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #rows: RowDecoder;
  readonly #reading: ReadTransaction;
  readonly #isRelaxed: boolean;
  #givesBack = false;

  constructor(file: string, durability: Durability) {
    this.#file = file;
    this.#rows = new RowDecoder(file);
    this.#isRelaxed = durability === "relaxed";
    this.#database = new DatabaseSync(file);
    try {
      prepareDatabase(this.#database, durability);
      this.#statements = prepareStatements(this.#database);
      this.#reading = new ReadTransaction(this.#statements);
    } catch (error) {
      closeWithoutCheckpoint(file, () => this.#database.close());
      throw error;
    }
  }

  /** Checks that the store is whole, as far as that can be done at once. @throws `STORE_CORRUPT` */
  check({ damagedFrame, hasRemains }: WalFinding): void {
    // A relaxed store has not flushed one commit before the next.
    if (damagedFrame !== undefined && !this.#meta().relaxed) {
      const log = `${this.#file}-wal`;
      throw corruptStore(
        this.#file,
        `frame ${damagedFrame} of its log ${log} is not what was written`,
        {
          where: { log, frame: damagedFrame },
        },
      );
    }
    if (this.#integer(this.#statements.total.get()?.["page_count"]) <= SMALL) this.#checkPages();
    // Begins the log anew: what is left behind must not be taken for a part of it after the next crash.
    if (hasRemains) this.#statements.truncateLog.get();
  }

  /** Counts an opening of the store, and tells of it. It has reached the disk then: what was relaxed is known by it. */
  countOpening(): StoreInfo {
    setDurability(this.#database, "strict");
    const opened = this.#countOpening();
    setDurability(this.#database, this.#isRelaxed ? "relaxed" : "strict");
    return opened;
  }

  #checkPages(): void {
    const found = this.#statements.checkPages.get()?.["integrity_check"];
    if (found !== "ok") throw corruptStore(this.#file, String(found));
  }

  #countOpening(): StoreInfo {
    return this.#atomically(() => {
      const { storeId, generation, clean } = this.#meta();
      this.#setMeta({
        storeId,
        generation: generation + 1,
        clean: false,
        relaxed: this.#isRelaxed,
      });
      const last = this.#statements.last.get() ?? {};
      return {
        storeId,
        generation: generation + 1,
        nextSeq: this.#integer(last["seq"]) + 1,
        nextRowId: this.#integer(last["place"]) + 1,
        clean,
        marks: this.#statements.marks.all().map(this.#rows.mark),
      };
    });
  }

  /** Notes that the store is closed as one that is whole. */
  noteClean(): void {
    this.#atomically(() => {
      this.#statements.unmarkAll.run();
      this.#setMeta({ ...this.#meta(), clean: true });
    });
  }

  /** Applies a batch in one transaction, on disk when it returns; changes nothing when it throws. */
  apply(packed: Packed): void {
    const batch = new Unpacker(packed);
    const { remove, elapse, cancel, unwatch, deleteDeadLetter } = this.#statements;
    this.#atomically(() => {
      for (let left = batch.number(); left > 0; left--) remove.run(batch.number(), batch.number());
      for (let left = batch.number(); left > 0; left--) elapse.run(batch.number());
      for (let left = batch.number(); left > 0; left--) cancel.run(batch.text());
      for (let left = batch.number(); left > 0; left--) this.#insert(batch);
      for (let left = batch.number(); left > 0; left--) this.#write(batch);
      for (let left = batch.number(); left > 0; left--)
        unwatch.run(batch.text(), batch.text(), batch.text(), batch.text());
      for (let left = batch.number(); left > 0; left--) this.#watch(batch);
      for (let left = batch.number(); left > 0; left--) deleteDeadLetter.run(batch.text());
      for (let left = batch.number(); left > 0; left--) this.#bury(batch);
      for (let left = batch.number(); left > 0; left--) this.#mark(batch);
    });
  }

  readState(address: Address): readonly StateRow[] {
    this.#reading.begin();
    const { type, id } = address;
    const found: StateRow[] = [];
    for (const row of this.#statements.state.all(id, type, stateKey(id))) {
      const value = this.#rows.state(Object.values(row), address);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  readMessages(afterSeq: number, limit: number): readonly StoredMessage[] {
    return this.#statements.ready.all(afterSeq, limit).map(this.#rows.message);
  }

  readDelayed(
    until: number,
    limit: number,
    after = Number.NEGATIVE_INFINITY,
  ): readonly StoredMessage[] {
    return this.#statements.delayed.all(after, until, limit).map(this.#rows.delayed);
  }

  readScope(prefix: string): readonly StoredMessage[] {
    return this.#statements.scope.all(prefix, `${prefix}${LAST}`).map(this.#rows.delayed);
  }

  readWatches(prefix: string): readonly ScopeWatch[] {
    return this.#statements.watches.all(prefix, `${prefix}${LAST}`).map(this.#rows.watching);
  }

  nextDueAt(): number | undefined {
    const row = this.#statements.nextDue.get();
    return row === undefined ? undefined : this.#integer(row["due_at"]);
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#statements.dead.all(limit).map(this.#rows.letter);
  }

  readDeadLetter(id: string): StoredDeadLetter | undefined {
    const row = this.#statements.letter.get(id);
    return row === undefined ? undefined : this.#rows.letter(row);
  }

  readExpired(now: number, limit: number): readonly ExpiredValue[] {
    return this.#statements.expired.all(now, limit).map(this.#rows.expired);
  }

  renameStates(from: string, to: string): void {
    const damaged = this.#statements.damagedOwner.get(from);
    if (damaged !== undefined) this.#rows.expired(damaged);
    this.#reading.end();
    this.#statements.renameStates.run(to, to, from, to);
  }

  count(): ReturnType<Store["count"]> {
    const row = this.#statements.count.get() ?? {};
    return {
      messages: this.#integer(row["messages"]),
      delayed: this.#integer(row["delayed"]),
      state: this.#integer(row["state"]),
      watches: this.#integer(row["watches"]),
      dead: this.#integer(row["dead"]),
    };
  }

  /** Takes what is in the log over into the file, as far as nobody reads it; tells whether another connection was at it already. */
  checkpoint(): boolean {
    this.#reading.end();
    return this.#statements.checkpoint.get()?.["busy"] === 1;
  }

  /** Gives some of the free pages back if they are too many; tells whether there are more to be given back. */
  giveBack(): boolean {
    const before = this.#pages();
    this.#givesBack = hasTooManyFree(before, this.#givesBack);
    if (!this.#givesBack) return false;
    this.#statements.giveBack.all();
    const after = this.#pages();
    // A file that was made without this being provided for keeps them.
    return after.free < before.free && hasTooManyFree(after, true);
  }

  #pages(): Pages {
    const { free, total } = this.#statements;
    return {
      free: this.#integer(free.get()?.["freelist_count"]),
      total: this.#integer(total.get()?.["page_count"]),
    };
  }

  close(): void {
    this.#reading.end();
    this.#database.close();
  }

  /** What is read from now on is what is committed by now. */
  endReading(): void {
    this.#reading.end();
  }

  #atomically<Result>(change: () => Result): Result {
    this.#reading.end();
    const { begin, commit, rollback } = this.#statements;
    begin.run();
    try {
      const result = change();
      commit.run();
      return result;
    } catch (error) {
      try {
        rollback.run();
      } catch {
        // SQLite rolls back by itself after some failures, a full disk among them; then there is nothing left to roll back.
      }
      throw error;
    }
  }

  #meta(): Meta {
    const row = this.#statements.meta.get();
    if (row === undefined)
      throw corruptStore(this.#file, "its table meta is empty", { where: { table: "meta" } });
    return this.#rows.meta(row);
  }

  #setMeta(meta: Meta): void {
    this.#statements.setMeta.run(
      meta.generation,
      Number(meta.clean),
      Number(meta.relaxed),
      metaSum(meta),
    );
  }

  #insert(batch: Unpacker): void {
    const { insert, delay } = this.#statements;
    const [seq, dueAt] = [batch.number(), batch.number()];
    batch.startRow();
    const [id, head, payload] = [batch.text() ?? "", batch.text() ?? "", batch.text()];
    if (dueAt === NO_INSTANT)
      return void insert.run(seq, id, head, payload, messageSum(batch.row(), { seq, id, head }));
    const [token, scope] = [batch.text(), batch.text()];
    delay.run(
      seq,
      id,
      dueAt,
      head,
      payload,
      token,
      scope,
      delayedSum(batch.row(), { seq, dueAt, id, head, token, scope }),
    );
  }

  #write(batch: Unpacker): void {
    const { add, update, erase } = this.#statements;
    const [kind, rowId] = [batch.number(), batch.number()];
    if (kind === WRITE.erase) return void erase.run(rowId);
    const [value, expiry] = [batch.text() ?? "", batch.number()];
    const [expiresAt, sum] = [
      expiry === NO_INSTANT ? null : expiry,
      valueSum(value, { rowId, expiresAt: expiry }),
    ];
    if (kind === WRITE.update) return void update.run(value, expiresAt, sum, rowId);
    batch.startRow();
    const [type, id, name] = [batch.text() ?? "", batch.text() ?? "", batch.text()];
    add.run(
      rowId,
      value,
      expiresAt,
      sum,
      stateKey(id),
      type,
      id,
      name,
      ownerSum(batch.row(), { rowId, type, id }),
    );
  }

  #watch(batch: Unpacker): void {
    batch.startRow();
    const [scope, type, id, token] = [
      batch.text() ?? "",
      batch.text() ?? "",
      batch.text() ?? "",
      batch.text(),
    ];
    this.#statements.watch.run(scope, type, id, token, watchSum(batch.row(), { scope, type, id }));
  }

  #bury(batch: Unpacker): void {
    batch.startRow();
    const [id, head, payload, failure] = [
      batch.text() ?? "",
      batch.text() ?? "",
      batch.text() ?? "",
      batch.text(),
    ];
    const at = batch.number();
    this.#statements.bury.run(
      id,
      head,
      payload,
      failure,
      at,
      letterSum(batch.row(), { at, id, head, payload }),
    );
  }

  #mark(batch: Unpacker): void {
    const { mark, unmark } = this.#statements;
    const [seq, crashes] = [batch.number(), batch.number()];
    if (crashes > 0) mark.run(seq, crashes, markSum(seq, crashes));
    else unmark.run(seq);
  }

  #integer(value: SQLOutputValue | undefined): number {
    if (typeof value === "number") return value;
    throw corruptStore(this.#file, `a column holds ${typeof value}, not an integer`);
  }
}

/** Pages of a store that is checked as a whole when it is opened, 32 MiB: a quarter of a second. */
const SMALL = 8_192;

/** A character that is in no name, and after all that are. */
const LAST = "\u{10ffff}";
