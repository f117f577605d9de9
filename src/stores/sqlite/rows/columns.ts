import type { SQLOutputValue } from "node:sqlite";
import type { Address } from "../../../core/message/address.ts";
import { decodeContent } from "../../../core/state/content.ts";
import { decodeEnvelope } from "../../../core/message/envelope.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { Json } from "../../../core/data/json.ts";
import { NO_INSTANT } from "../batch/batch-codec.ts";
import {
  delayedSum,
  letterSum,
  markSum,
  messageSum,
  metaSum,
  ownerSum,
  valueSum,
  watchSum,
} from "./row-checksums.ts";
import type { Meta } from "./row-checksums.ts";
import { corruptStore } from "../file/sqlite-failure.ts";
import type {
  StoredMessage,
  ExpiredValue,
  CrashMark,
  StateRow,
  StoredDeadLetter,
  ScopeWatch,
} from "../../store.ts";

/** A row as SQLite gives it. */
export type Row = Record<string, SQLOutputValue>;
/** Its columns, in their order. */
export type Columns = readonly (SQLOutputValue | undefined)[];

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Turns rows of the store in `file` into what they stand for.
 *
 * RW1 Nothing comes of a row whose checksum is another than the one that was written with it, or that makes no sense:
 *     that is `STORE_CORRUPT`, with `details` `file`, `table` and `row`, its number there (or the scope, for a watch).
 */
export class RowDecoder {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  readonly message = (row: Row): StoredMessage =>
    this.#read(row, { table: "message", by: "seq" }, () => {
      const [seq, id, head, payload] = [
        integer(row["seq"]),
        text(row["id"]),
        text(row["head"]),
        text(row["payload"]),
      ];
      check(row["sum"], messageSum(id + head + payload, { seq, id, head }));
      return { envelope: decodeEnvelope(id, { head, payload }), seq };
    });

  readonly delayed = (row: Row): StoredMessage =>
    this.#read(row, { table: "delayed", by: "seq" }, () => {
      const [seq, dueAt, id, head, payload] = [
        integer(row["seq"]),
        integer(row["due_at"]),
        text(row["id"]),
        text(row["head"]),
        text(row["payload"]),
      ];
      const [token, scope] = [textOrNull(row["token"]), textOrNull(row["scope"])];
      check(
        row["sum"],
        delayedSum(id + head + payload + (token ?? "") + (scope ?? ""), {
          seq,
          dueAt,
          id,
          head,
          token,
          scope,
        }),
      );
      return {
        envelope: decodeEnvelope(id, { head, payload }),
        seq,
        dueAt,
        ...(token !== null && { token }),
      };
    });

  /** A row that was found by the number made of an id; `undefined` if it is that of another id, which has the same number. */
  state(
    [rowId, type, id, name, ofOwner, value, expires, sum]: Columns,
    address: Address,
  ): StateRow | undefined {
    return this.#read({ place: rowId }, { table: "state", by: "place" }, () => {
      const isOther = type !== null;
      const found = owner(
        isOther
          ? [rowId, type, id, name, ofOwner]
          : [rowId, address.type, address.id, name, ofOwner],
      );
      if (isOther) return undefined;
      const [stored, expiresAt] = [text(value), expires === null ? NO_INSTANT : integer(expires)];
      check(sum, valueSum(stored, { rowId: found.rowId, expiresAt }));
      const content = decodeContent(stored);
      return {
        rowId: found.rowId,
        name: found.name,
        value: expiresAt === NO_INSTANT ? { content } : { content, expiresAt },
      };
    });
  }

  readonly expired = (row: Row): ExpiredValue =>
    this.#read(row, { table: "state", by: "place" }, () => owner(Object.values(row)));

  readonly watching = (row: Row): ScopeWatch =>
    this.#read(row, { table: "watch", by: "scope" }, () => {
      const [scope, type, id, token] = [
        text(row["scope"]),
        text(row["type"]),
        text(row["id"]),
        text(row["token"]),
      ];
      check(row["sum"], watchSum(scope + type + id + token, { scope, type, id }));
      return { scope, address: { type, id }, token };
    });

  readonly letter = (row: Row): StoredDeadLetter =>
    this.#read(row, { table: "dead", by: "place" }, () => {
      const [at, id, head, payload, failure] = [
        integer(row["at"]),
        text(row["id"]),
        text(row["head"]),
        text(row["payload"]),
        text(row["failure"]),
      ];
      check(row["sum"], letterSum(id + head + payload + failure, { at, id, head, payload }));
      return {
        envelope: decodeEnvelope(id, { head, payload }),
        failure: JSON.parse(failure) as Json,
        at,
      };
    });

  readonly mark = (row: Row): CrashMark =>
    this.#read(row, { table: "suspect", by: "seq" }, () => {
      const [seq, crashes] = [integer(row["seq"]), integer(row["crashes"])];
      check(row["sum"], markSum(seq, crashes));
      return { seq, crashes };
    });

  readonly meta = (row: Row): Meta =>
    this.#read(row, { table: "meta", by: "place" }, () => {
      const [storeId, generation] = [text(row["realm"]), integer(row["generation"])];
      const meta = {
        storeId,
        generation,
        clean: row["clean"] === 1,
        relaxed: row["relaxed"] === 1,
      };
      check(row["sum"], metaSum(meta));
      return meta;
    });

  #read<Result>(
    row: Readonly<Record<string, SQLOutputValue | undefined>>,
    { table, by }: { readonly table: string; readonly by: string },
    read: () => Result,
  ): Result {
    try {
      return read();
    } catch (error) {
      if (HandbackError.is(error, "FORMAT_TOO_NEW")) throw error;
      const number = row[by];
      const where = { table, row: number instanceof Uint8Array ? UTF8.decode(number) : number };
      throw corruptStore(
        this.#file,
        `row ${where.row} of its table ${table}: ${error instanceof Error ? error.message : String(error)}`,
        {
          where,
          cause: error,
        },
      );
    }
  }
}

/** Whose a value is: its number, type, id and name, and the checksum of these. */
function owner(columns: Columns): ExpiredValue {
  const [rowId, type, id, name] = [
    integer(columns[0]),
    text(columns[1]),
    text(columns[2]),
    text(columns[3]),
  ];
  check(columns[4], ownerSum(type + id + name, { rowId, type, id }));
  return { rowId, type, id, name };
}

function check(stored: SQLOutputValue | undefined, sum: number): void {
  if (stored !== sum) throw new Error("it is not what was written");
}

/** A text, or one that was read as bytes. */
export function text(value: SQLOutputValue | undefined): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return UTF8.decode(value);
  throw new TypeError(`a column holds ${typeof value}, not text`);
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null ? null : text(value);
}

/** A whole number. */
export function integer(value: SQLOutputValue | undefined): number {
  if (typeof value === "number") return value;
  throw new TypeError(`a column holds ${typeof value}, not an integer`);
}
