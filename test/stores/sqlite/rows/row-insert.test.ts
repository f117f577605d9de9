import fc from "fast-check";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { RowInsert } from "../../../../src/stores/sqlite/rows/row-insert.ts";

const rowLists = fc.array(fc.tuple(fc.integer(), fc.string({ unit: "grapheme-ascii" })), {
  maxLength: 70,
});

test("every row of a list is inserted once, in the order of the list, however many there are", () => {
  fc.assert(
    fc.property(rowLists, (rows) => {
      const database = new DatabaseSync(":memory:");
      database.exec("CREATE TABLE item (number INTEGER, text TEXT)");
      new RowInsert(database, "item (number, text)", "?, ?").run(rows);
      const stored = database.prepare("SELECT number, text FROM item ORDER BY rowid").all();
      expect(stored.map((row) => [row["number"], row["text"]])).toEqual(rows);
      database.close();
    }),
  );
});

test("after a row was refused, a later list is inserted without the rows of the earlier one", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE item (number INTEGER PRIMARY KEY)");
  const insert = new RowInsert(database, "item (number)", "?");
  database.exec("BEGIN");
  const rows = Array.from({ length: 40 }, (_, index) => [index % 39]);
  expect(() => insert.run(rows)).toThrow("UNIQUE");
  database.exec("ROLLBACK");
  insert.run([[7]]);
  expect(database.prepare("SELECT number FROM item").all()).toHaveLength(1);
  database.close();
});

test("a row may have expressions of several values, of which each row brings all", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { maxLength: 70 }), (rows) => {
      const database = new DatabaseSync(":memory:");
      database.exec("CREATE TABLE item (number INTEGER)");
      new RowInsert(database, "item (number)", "? * 100 + ?").run(rows);
      const stored = database.prepare("SELECT number FROM item ORDER BY rowid").all();
      expect(stored.map((row) => row["number"])).toEqual(
        rows.map(([high, low]) => high * 100 + low),
      );
      database.close();
    }),
  );
});
