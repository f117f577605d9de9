import { copyFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { startOfLastCommit } from "../../../battery/disk/faults/log-tail.ts";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";

/** Opens a database whose numbers are all in its log. */
function openNumbers(): {
  readonly file: string;
  readonly database: DatabaseSync;
  readonly note: (...numbers: readonly number[]) => void;
} {
  const file = join(temporaryDirectory(), "numbers.db");
  const database = new DatabaseSync(file);
  onTestFinished(() => database.close());
  database.exec(
    "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE number (number INTEGER, room TEXT)",
  );
  const insert = database.prepare("INSERT INTO number VALUES (?, ?)");
  const note = (...numbers: readonly number[]): void => {
    database.exec("BEGIN");
    for (const number of numbers) insert.run(number, "x".repeat(3_000));
    database.exec("COMMIT");
  };
  return { file, database, note };
}

/** Returns the numbers that remain if the log is cut at a position. */
function numbersOfCopy(file: string, place: number): readonly unknown[] {
  const copy = `${file}-${place}`;
  copyFileSync(file, copy);
  copyFileSync(`${file}-wal`, `${copy}-wal`);
  truncateSync(`${copy}-wal`, place);
  const database = new DatabaseSync(copy);
  try {
    return database
      .prepare("SELECT number FROM number ORDER BY number")
      .all()
      .map(({ number }) => number);
  } finally {
    database.close();
  }
}

test("a log cut at the start of its last commit keeps all earlier commits, and one cut before that does not", () => {
  const { file, note } = openNumbers();
  note(1, 2);
  note(3);
  note(4, 5, 6);
  const start = startOfLastCommit(`${file}-wal`);
  expect(numbersOfCopy(file, start)).toEqual([1, 2, 3]);
  expect(numbersOfCopy(file, start - 1)).toEqual([1, 2]);
});

test("frames of an earlier use of the log are not part of it", () => {
  const { file, database, note } = openNumbers();
  note(1, 2, 3, 4, 5, 6, 7, 8);
  database.exec("PRAGMA wal_checkpoint(RESTART)");
  note(9);
  note(10);
  expect(numbersOfCopy(file, startOfLastCommit(`${file}-wal`))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9,
  ]);
});
