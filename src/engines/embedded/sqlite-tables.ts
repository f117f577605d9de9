import { DatabaseSync } from "node:sqlite";
import type { SQLOutputValue } from "node:sqlite";
import type { Address } from "../../core/address.ts";
import { decodeContent } from "../../core/content.ts";
import type { StoredValue } from "../../core/effects.ts";
import { decodeEnvelope } from "../../core/envelope.ts";
import type { Envelope } from "../../core/envelope.ts";
import type { Json } from "../../core/json.ts";
import { hasTooManyFree } from "./free-pages.ts";
import type { Pages } from "./free-pages.ts";
import { NO_INSTANT, WRITE } from "./pack-batch.ts";
import { Unpacker } from "./packed.ts";
import type { Packed } from "./packed.ts";
import { newRealm } from "./realm.ts";
import { stateKey } from "./state-key.ts";
import { corruptStore } from "./sqlite-failure.ts";
import { prepareDatabase, prepareStatements } from "./sqlite-statements.ts";
import type { Durability, Statements } from "./sqlite-statements.ts";
import type { Accepted, Expired, Opened, StateRow, Store, StoredDeadLetter, Watching } from "./store.ts";

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * One connection to the tables of the store in `file`, which makes them if they are missing.
 * Its methods are those of {@link Store}, but synchronous; they throw what SQLite throws.
 */
export class SqliteTables {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #givesBack = false;

  constructor(file: string, durability: Durability) {
    this.#file = file;
    this.#database = new DatabaseSync(file);
    try {
      prepareDatabase(this.#database, durability);
      this.#statements = prepareStatements(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Counts an opening of the store, and tells of it. */
  countOpening(): Opened {
    return this.#atomically(() => {
      this.#statements.nameStore.run(newRealm());
      const clean = this.#integer(this.#statements.clean.get()?.["clean"]) === 1;
      const row = this.#statements.countOpening.get() ?? {};
      const last = this.#statements.last.get() ?? {};
      return {
        realm: this.#text(row["realm"]),
        generation: this.#integer(row["generation"]),
        nextSeq: this.#integer(last["seq"]) + 1,
        nextPlace: this.#integer(last["place"]) + 1,
        clean,
        marks: this.#statements.marks.all().map((mark) => ({ seq: this.#integer(mark["seq"]), crashes: this.#integer(mark["crashes"]) })),
      };
    });
  }

  /** Notes that the store is closed as one that is whole. */
  noteClean(): void {
    this.#atomically(() => {
      this.#statements.unmarkAll.run();
      this.#statements.noteClean.run();
    });
  }

  /** Applies a batch in one transaction, on disk when it returns; changes nothing when it throws. */
  apply(packed: Packed): void {
    const batch = new Unpacker(packed);
    const { remove, elapse, cancel, unwatch, watch, exhume } = this.#statements;
    this.#atomically(() => {
      for (let left = batch.number(); left > 0; left--) remove.run(batch.number());
      for (let left = batch.number(); left > 0; left--) elapse.run(batch.number());
      for (let left = batch.number(); left > 0; left--) cancel.run(batch.text());
      for (let left = batch.number(); left > 0; left--) this.#insert(batch);
      for (let left = batch.number(); left > 0; left--) this.#write(batch);
      for (let left = batch.number(); left > 0; left--) unwatch.run(batch.text(), batch.text(), batch.text(), batch.text());
      for (let left = batch.number(); left > 0; left--) watch.run(batch.text(), batch.text(), batch.text(), batch.text());
      for (let left = batch.number(); left > 0; left--) exhume.run(batch.text());
      for (let left = batch.number(); left > 0; left--) this.#bury(batch);
      for (let left = batch.number(); left > 0; left--) this.#mark(batch);
    });
  }

  readState({ type, id }: Address): readonly StateRow[] {
    return this.#statements.state.all(stateKey(id), id, type).map((row) => ({
      place: this.#integer(row["place"]),
      name: this.#text(row["name"]),
      value: this.#value(row),
    }));
  }

  readMessages(afterSeq: number, limit: number): readonly Accepted[] {
    return this.#statements.ready.all(afterSeq, limit).map((row) => this.#message(row));
  }

  readDelayed(until: number, limit: number): readonly Accepted[] {
    return this.#statements.delayed.all(until, limit).map((row) => this.#message(row));
  }

  readScope(prefix: string): readonly Accepted[] {
    return this.#statements.scope.all(prefix, `${prefix}${LAST}`).map((row) => this.#message(row));
  }

  readWatches(prefix: string): readonly Watching[] {
    return this.#statements.watches.all(prefix, `${prefix}${LAST}`).map((row) => ({
      scope: this.#text(row["scope"]),
      address: { type: this.#text(row["type"]), id: this.#text(row["id"]) },
      token: this.#text(row["token"]),
    }));
  }

  nextDueAt(): number | undefined {
    const row = this.#statements.nextDue.get();
    return row === undefined ? undefined : this.#integer(row["due_at"]);
  }

  readDeadLetters(limit: number): readonly StoredDeadLetter[] {
    return this.#statements.dead.all(limit).map((row) => this.#letter(row));
  }

  readDeadLetter(id: string): StoredDeadLetter | undefined {
    const row = this.#statements.letter.get(id);
    return row === undefined ? undefined : this.#letter(row);
  }

  readExpired(now: number, limit: number): readonly Expired[] {
    return this.#statements.expired.all(now, limit).map((row) => ({
      place: this.#integer(row["place"]),
      type: this.#text(row["type"]),
      id: this.#text(row["id"]),
      name: this.#text(row["name"]),
    }));
  }

  renameStates(from: string, to: string): void {
    this.#statements.renameStates.run(to, from, to);
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
    return { free: this.#integer(free.get()?.["freelist_count"]), total: this.#integer(total.get()?.["page_count"]) };
  }

  close(): void {
    this.#database.close();
  }

  #atomically<Result>(change: () => Result): Result {
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

  #insert(batch: Unpacker): void {
    const { insert, delay } = this.#statements;
    const [seq, dueAt] = [batch.number(), batch.number()];
    const [id, head, payload] = [batch.text(), batch.text(), batch.text()];
    if (dueAt === NO_INSTANT) insert.run(seq, id, head, payload);
    else delay.run(seq, id, dueAt, head, payload, batch.text(), batch.text());
  }

  #write(batch: Unpacker): void {
    const { add, update, erase } = this.#statements;
    const [kind, place] = [batch.number(), batch.number()];
    if (kind === WRITE.erase) return void erase.run(place);
    const [value, expiry] = [batch.text(), batch.number()];
    const expiresAt = expiry === NO_INSTANT ? null : expiry;
    if (kind === WRITE.update) update.run(value, expiresAt, place);
    else add.run(place, value, expiresAt, batch.number(), batch.text(), batch.text(), batch.text());
  }

  #bury(batch: Unpacker): void {
    this.#statements.bury.run(batch.text(), batch.text(), batch.text(), batch.text(), batch.number());
  }

  #mark(batch: Unpacker): void {
    const { mark, unmark } = this.#statements;
    const [seq, crashes] = [batch.number(), batch.number()];
    if (crashes > 0) mark.run(seq, crashes);
    else unmark.run(seq);
  }

  #letter(row: Row): StoredDeadLetter {
    const failure = JSON.parse(this.#text(row["failure"])) as Json;
    return { envelope: this.#envelope(row), failure, at: this.#integer(row["at"]) };
  }

  #message(row: Row): Accepted {
    return {
      envelope: this.#envelope(row),
      seq: this.#integer(row["seq"]),
      ...(row["due_at"] !== null && { dueAt: this.#integer(row["due_at"]) }),
      ...(row["token"] !== null && { token: this.#text(row["token"]) }),
    };
  }

  #envelope(row: Row): Envelope {
    return decodeEnvelope(this.#text(row["id"]), { head: this.#text(row["head"]), payload: this.#text(row["payload"]) });
  }

  #value(row: Row): StoredValue {
    const content = decodeContent(this.#text(row["value"]));
    return row["expires_at"] === null ? { content } : { content, expiresAt: this.#integer(row["expires_at"]) };
  }

  #text(value: SQLOutputValue | undefined): string {
    if (typeof value === "string") return value;
    if (value instanceof Uint8Array) return UTF8.decode(value);
    throw corruptStore(this.#file, `a column holds ${typeof value}, not text`);
  }

  #integer(value: SQLOutputValue | undefined): number {
    if (typeof value === "number") return value;
    throw corruptStore(this.#file, `a column holds ${typeof value}, not an integer`);
  }
}

/** A character that is in no name, and after all that are. */
const LAST = "\u{10ffff}";

type Row = Record<string, SQLOutputValue>;
