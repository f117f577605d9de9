import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  errcodeOf,
  isFileFailure,
  isSqliteFailure,
  messageOf,
  SQLITE_BUSY,
  toStoreError,
} from "../../../src/stores/sqlite/file/sqlite-failure.ts";

/** An error of this realm, and one that is no instance of this realm's `Error`. */
const REALMS: readonly (readonly [string, (fields: object) => Error])[] = [
  ["this realm", (fields) => Object.assign(new Error("an error"), fields)],
  [
    "another realm",
    (fields) => Object.assign(runInNewContext('new Error("an error")') as Error, fields),
  ],
];

describe.each(REALMS)("an error of %s", (_, errorWith) => {
  test("is known by the code of SQLite that it carries", () => {
    const error = errorWith({ errcode: 261 });
    expect(isSqliteFailure(error, SQLITE_BUSY)).toBe(true);
    expect(isSqliteFailure(error, 13)).toBe(false);
    expect(errcodeOf(error)).toBe(261);
  });

  test("is known by the code of the file system that it carries", () => {
    expect(isFileFailure(errorWith({ code: "ENOENT" }), "ENOENT")).toBe(true);
    expect(isFileFailure(errorWith({ code: "EACCES" }), "ENOENT")).toBe(false);
  });

  test("gives its message to the error of the store", () => {
    expect(messageOf(errorWith({}))).toBe("an error");
    expect(toStoreError(errorWith({}), "s.db", "STORE_FAILED").message).toContain("an error");
    expect(toStoreError(errorWith({ errcode: 11 }), "s.db", "STORE_FAILED").code).toBe(
      "STORE_CORRUPT",
    );
    expect(toStoreError(errorWith({ errcode: 13 }), "s.db", "STORE_FAILED").code).toBe(
      "STORE_FULL",
    );
  });
});

test("anything else that is thrown has no code, and its text as a message", () => {
  for (const thrown of [undefined, null, 5, "text"]) {
    expect(errcodeOf(thrown)).toBeUndefined();
    expect(isFileFailure(thrown, "ENOENT")).toBe(false);
    expect(messageOf(thrown)).toBe(String(thrown));
  }
});
