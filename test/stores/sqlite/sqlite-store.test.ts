import {
  linkSync,
  lstatSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test, vi } from "vitest";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import { toStoreError } from "../../../src/stores/sqlite/file/sqlite-failure.ts";
import { configureConnection } from "../../../src/stores/sqlite/connection/connection-settings.ts";
import { SqliteConnection } from "../../../src/stores/sqlite/connection/sqlite-connection.ts";
import { A, added, batchOf, delayed, message, row } from "../support/batches.ts";
import { byThread } from "../support/by-thread.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { startedThreads } from "../support/started-threads.ts";
import { storeCases } from "../support/store-cases.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ONE_MESSAGE = batchOf({ inserted: [message(1)] });
const NAMES = [
  "s.db",
  "s.db-last",
  "s.db-lock",
  "s.db-pid",
  "s.db-shm",
  "s.db-wal",
  "s.db-wal-link",
];

const newPath = (): string => join(temporaryDirectory(), "s.db");

storeCases(
  "sqlite()",
  () => {
    const path = newPath();
    return () => onEventLoop(sqlite(path, { durability: "relaxed" }));
  },
  30,
);

storeCases(
  "sqlite() with commits in its thread",
  () => {
    const path = newPath();
    return () => byThread(sqlite(path, { durability: "relaxed" }));
  },
  // Each opening starts a thread.
  15,
);

test.each([
  ["on the event loop", onEventLoop, 0],
  ["in the thread", byThread, 1],
] as const)("the store tests above commit %s", async (_, forced, threads) => {
  const started = startedThreads();
  const store = forced(sqlite(newPath()));
  await store.open();
  for (let seq = 1; seq <= 20; seq++) await store.commit(batchOf({ inserted: [message(seq)] }));
  expect(started).toHaveLength(threads);
  await store.close();
});

test("a small batch goes to the thread while the event loop has other work", async () => {
  const started = startedThreads();
  const store = onEventLoop(sqlite(newPath()));
  await store.open();
  await store.commit(batchOf({ inserted: [message(1)] }));
  expect(started).toHaveLength(0);
  await store.commit(batchOf({ inserted: [message(2)] }), false);
  expect(started).toHaveLength(1);
  expect(store.count().messages).toBe(2);
  await store.close();
});

test.each([
  ["strict", 2],
  ["relaxed", 1],
] as const)(
  "a %s connection has its level of `synchronous`, and no automatic checkpoints",
  async (durability, level) => {
    const database = new DatabaseSync(newPath());
    configureConnection(database, durability);
    const setting = (name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
    expect(setting("journal_mode")).toBe("wal");
    expect(setting("synchronous")).toBe(level);
    expect(setting("wal_autocheckpoint")).toBe(0);
    database.close();
  },
);

/** Creates a store with one message, closes it, and returns its path. */
async function createdStore(): Promise<string> {
  const path = newPath();
  const store = sqlite(path);
  await store.open();
  await store.commit(ONE_MESSAGE);
  await store.close();
  return path;
}

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe("the files of sqlite()", () => {
  test("are created on opening, not before, with their directory, for their owner only", async () => {
    const umask = process.platform === "win32" ? 0 : 0o777;
    const directory = join(temporaryDirectory(), "deep", "er");
    const store = sqlite(join(directory, "s.db"));
    expect(lstatSync(directory, { throwIfNoEntry: false })).toBeUndefined();
    await store.open();
    await store.commit(ONE_MESSAGE);
    expect(readdirSync(directory).sort()).toEqual(NAMES);
    expect(statSync(directory).mode & umask).toBe(0o700 & umask);
    expect(
      readdirSync(directory).map((name) => statSync(join(directory, name)).mode & umask),
    ).toEqual(NAMES.map(() => 0o600 & umask));
    await store.close();
    expect(readdirSync(directory).sort()).toEqual(["s.db", "s.db-lock"]);
  });

  test("get their names when they are complete, and replace the incomplete file of a crashed process", async () => {
    const path = newPath();
    writeFileSync(`${path}-new`, "half of a store");
    const store = sqlite(path);
    expect((await store.open()).generation).toBe(1);
    await store.close();
    expect(readdirSync(join(path, "..")).sort()).toEqual(["s.db", "s.db-lock"]);
    await store.open();
    await store.close();
  });
});

describe("sqlite() rejects", () => {
  test.each(["", ":memory:", "a\0b"])("the path %j at once, because it names no file", (path) => {
    expect(() => sqlite(path)).toThrow("INVALID_OPTIONS");
  });

  test("an unknown durability, and an unknown option, at once", () => {
    // @ts-expect-error: no such durability
    expect(() => sqlite("s.db", { durability: "off" })).toThrow("INVALID_OPTIONS");
    // @ts-expect-error: no such option
    expect(() => sqlite("s.db", { synchronous: "normal" })).toThrow("INVALID_OPTIONS");
  });

  test.each<readonly [string, (directory: string) => string]>([
    ["a directory", (directory) => directory],
    ["a path below a file", (directory) => join(fileIn(directory), "s.db")],
    [
      "a path in a directory that cannot be created",
      (directory) => join(fileIn(directory), "deep", "s.db"),
    ],
    ["a path where the system refuses to create directories", () => "/proc/handback/s.db"],
    ["a name that is too long", (directory) => join(directory, "n".repeat(300))],
    [
      "a name that is too long for the files beside it",
      (directory) => join(directory, "n".repeat(252)),
    ],
    [
      "a path that is too long",
      (directory) => join(directory, ...Array.from({ length: 30 }, () => "n".repeat(200)), "s.db"),
    ],
    [
      "a symbolic link to a missing file",
      (directory) => linkTo(join(directory, "nowhere"), join(directory, "s.db")),
    ],
    [
      "a symbolic link to itself",
      (directory) => linkTo(join(directory, "s.db"), join(directory, "s.db")),
    ],
  ])("%s with STORE_OPEN_FAILED, and stays closed", async (_, pathIn) => {
    const path = pathIn(temporaryDirectory());
    const store = sqlite(path);
    const refusal = { code: "STORE_OPEN_FAILED", retryable: false, details: { path } };
    await expect(store.open()).rejects.toMatchObject(refusal);
    await expect(store.open()).rejects.toHaveProperty("cause.message");
    await expect(store.commit(ONE_MESSAGE)).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("a file with a hard link, because SQLite would not find its log by that name", async () => {
    const path = await createdStore();
    linkSync(path, `${path}-too`);
    await expect(sqlite(`${path}-too`).open()).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
  });

  test("the database of another application, and leaves it unchanged", async () => {
    const path = newPath();
    execute(path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    const before = readFileSync(path);
    await expect(sqlite(path).open()).rejects.toMatchObject({
      code: "STORE_OPEN_FAILED",
      details: { path },
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("a newer format with FORMAT_TOO_NEW, leaves it unchanged, and releases the lock", async () => {
    const path = await createdStore();
    execute(path, "PRAGMA user_version = 2");
    const before = readFileSync(path);
    const refusal = { code: "FORMAT_TOO_NEW", details: { file: path, version: 2, supported: 1 } };
    await expect(sqlite(path).open()).rejects.toMatchObject(refusal);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(join(path, "..")).sort()).toEqual(["s.db", "s.db-lock"]);
    execute(path, "PRAGMA user_version = 1");
    const store = sqlite(path);
    await store.open();
    expect(store.count().messages).toBe(1);
    await store.close();
  });

  test.each<readonly [string, (path: string) => void]>([
    ["text", (path) => writeFileSync(path, "this is text, and not a database at all".repeat(100))],
    ["a few bytes", (path) => writeFileSync(path, "SQLite format 3\0")],
    ["an emptied store", (path) => truncateSync(path, 0)],
    ["a store cut off after its first page", (path) => truncateSync(path, 4_096)],
    [
      "a store whose first page is overwritten after its header",
      (path) => overwrite(path, 100, 4_096),
    ],
    ["a store whose pages are overwritten", (path) => overwrite(path, 4_096, statSync(path).size)],
  ])("%s with STORE_CORRUPT, and leaves it unchanged", async (_, damage) => {
    const path = await createdStore();
    damage(path);
    const before = readFileSync(path);
    await expect(sqlite(path).open()).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      retryable: false,
      details: { file: path },
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("to create a store beside the log of a deleted one, with STORE_CORRUPT", async () => {
    const path = newPath();
    writeFileSync(`${path}-wal`, "acknowledged commits");
    const refusal = { code: "STORE_CORRUPT", details: { file: path } };
    await expect(sqlite(path).open()).rejects.toMatchObject(refusal);
    rmSync(`${path}-wal`);
    const store = sqlite(path);
    await store.open();
    await store.close();
  });

  test("to read a page whose damage shows later, with STORE_CORRUPT", async () => {
    const path = await createdStore();
    const reader = new DatabaseSync(path);
    const root = reader
      .prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'state_key'")
      .get()?.["page"];
    reader.close();
    const page = Number(root);
    overwrite(path, (page - 1) * 4_096, page * 4_096);
    const store = sqlite(path);
    // A large store is not checked completely when it is opened.
    vi.spyOn(SqliteConnection.prototype, "verify").mockReturnValueOnce();
    await store.open();
    expect(() => store.readState(A)).toThrow("STORE_CORRUPT");
    await expect(store.commit(batchOf({ values: [added(row(1, "x", 1))] }))).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      details: { file: path },
    });
    await store.close();
  });
});

test("a batch that adds a value under an existing row id is STORE_FAILED, and nothing of it is applied", async () => {
  const store = sqlite(newPath());
  await store.open();
  await store.commit(batchOf({ values: [added(row(1, "x", 1))] }));
  const batch = batchOf({ inserted: [message(1), delayed(2, 1)], values: [added(row(1, "y", 2))] });
  await expect(store.commit(batch)).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(store.readState(A)).toEqual([row(1, "x", 1)]);
  expect(store.count()).toMatchObject({ messages: 0, delayed: 0 });
  await store.close();
});

test("a full disk is STORE_FULL, other errors of SQLite get the fallback code, and a HandbackError stays as it is", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("PRAGMA max_page_count = 2; CREATE TABLE t (x)");
  const full = thrownBy(() => database.exec("INSERT INTO t VALUES (zeroblob(100000))"));
  const wrong = thrownBy(() => database.exec("INSERT INTO nowhere VALUES (1)"));
  database.close();
  expect(toStoreError(full, "s.db", "STORE_FAILED")).toMatchObject({
    code: "STORE_FULL",
    retryable: true,
    cause: full,
  });
  // The index of the log cannot grow, which happens after the log has been written.
  const short = Object.assign(new Error("disk I/O error"), { errcode: 4_874 });
  expect(toStoreError(short, "s.db", "STORE_FAILED")).toMatchObject({
    code: "STORE_FULL",
    retryable: true,
    cause: short,
  });
  const unwritten = Object.assign(new Error("disk I/O error"), { errcode: 778 });
  expect(toStoreError(unwritten, "s.db", "STORE_FAILED")).toMatchObject({ code: "STORE_FAILED" });
  expect(toStoreError(wrong, "s.db", "STORE_FAILED")).toMatchObject({
    code: "STORE_FAILED",
    retryable: false,
    cause: wrong,
  });
  const converted = toStoreError(wrong, "s.db", "STORE_OPEN_FAILED");
  expect(converted).toMatchObject({ code: "STORE_OPEN_FAILED", details: { path: "s.db" } });
  expect(toStoreError(converted, "s.db", "STORE_FAILED")).toBe(converted);
});

function thrownBy(action: () => void): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function fileIn(directory: string): string {
  writeFileSync(join(directory, "file"), "");
  return join(directory, "file");
}

function linkTo(target: string, path: string): string {
  symlinkSync(target, path);
  return path;
}

function overwrite(path: string, from: number, to: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0xa5, from, to);
  writeFileSync(path, bytes);
}

test("statements bind parameters by position, because Node 22 leaves numbered ones empty", () => {
  const tables = new URL("../../../src/stores/sqlite/", import.meta.url);
  const sources = readdirSync(tables, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(new URL(name, tables), "utf8"));
  expect(sources.join("\n")).toContain("WHERE seq = ?");
  expect(sources.join("\n")).not.toMatch(/\?\d/);
});
