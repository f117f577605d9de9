import type { DatabaseSync, StatementSync } from "node:sqlite";
import { corruptStore } from "../file/sqlite-failure.ts";
import { checksum, verifyChecksum } from "../rows/checksum.ts";
import { integerColumn, textColumn } from "../rows/columns.ts";
import type { Row } from "../rows/columns.ts";
import { decodeRow } from "../rows/decode-row.ts";
import type { RowSource } from "../rows/decode-row.ts";
import type { OpenTable, Table, TableSource } from "./table.ts";

/** The facts that a store keeps about itself. */
export interface StoreMeta {
  readonly storeId: string;
  /** Number of openings. */
  readonly generation: number;
  /** `true` if the last process closed it cleanly. */
  readonly clean: boolean;
  /** `true` if it was last opened with `durability: "relaxed"`. */
  readonly relaxed: boolean;
}

/** The one row of facts about the store. No batch changes it. */
export const meta: Table<Meta> = {
  name: "meta",
  schema: `
    CREATE TABLE meta (
      place INTEGER PRIMARY KEY, realm TEXT NOT NULL, generation INTEGER NOT NULL,
      clean INTEGER NOT NULL, relaxed INTEGER NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
  `,
  pack: () => undefined,
  open: (source) => new Meta(source),
};

/** Writes the row of a new store. */
export function insertMeta(database: DatabaseSync, storeId: string): void {
  const sum = metaChecksum({ storeId, generation: 0, clean: true, relaxed: false });
  database
    .prepare(
      "INSERT INTO meta (place, realm, generation, clean, relaxed, sum) VALUES (1, ?, 0, 1, 0, ?)",
    )
    .run(storeId, sum);
}

export class Meta implements OpenTable {
  readonly #source: RowSource;
  readonly #select: StatementSync;
  readonly #update: StatementSync;

  constructor({ file, database }: TableSource) {
    this.#source = { file, table: "meta", key: "place" };
    this.#select = database.prepare(
      "SELECT place, realm, generation, clean, relaxed, sum FROM meta",
    );
    this.#update = database.prepare(
      "UPDATE meta SET generation = ?, clean = ?, relaxed = ?, sum = ?",
    );
  }

  apply(): void {}

  read(): StoreMeta {
    const row = this.#select.get();
    const { file, table } = this.#source;
    if (row === undefined) throw corruptStore(file, "table meta is empty", { where: { table } });
    return decodeRow(row, this.#source, decodeMeta);
  }

  write(changed: StoreMeta): void {
    const { generation, clean, relaxed } = changed;
    this.#update.run(generation, Number(clean), Number(relaxed), metaChecksum(changed));
  }
}

function decodeMeta(row: Row): StoreMeta {
  const decoded = {
    storeId: textColumn(row["realm"]),
    generation: integerColumn(row["generation"]),
    clean: row["clean"] === 1,
    relaxed: row["relaxed"] === 1,
  };
  verifyChecksum(row["sum"], metaChecksum(decoded));
  return decoded;
}

function metaChecksum({ storeId, generation, clean, relaxed }: StoreMeta): number {
  return checksum(storeId, [generation, Number(clean), Number(relaxed)]);
}
