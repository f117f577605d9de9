import { spawnSync } from "node:child_process";
import { linkSync, lstatSync, readFileSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { sqlite } from "../../src/engines/embedded/sqlite.ts";
import { toStoreError } from "../../src/engines/embedded/sqlite-failure.ts";
import type { Batch } from "../../src/engines/embedded/store.ts";
import { NODE_OPTIONS } from "./node-options.ts";
import { storeCases } from "./store-cases.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const ONE: Batch = {
  removed: [],
  elapsed: [],
  cancelled: [],
  inserted: [{ id: "m1", seq: 1, head: "{}", payload: "1" }],
  state: [],
  dead: [],
};
const NAMES = ["s.db", "s.db-lock", "s.db-pid", "s.db-shm", "s.db-wal"];

/** A program that commits until a commit fails, then tells the failure's code, how many succeeded, and how many the store counts. */
const FILLER = `
  const { sqlite } = await import(${JSON.stringify(new URL("../../src/engines/embedded/sqlite.ts", import.meta.url).href)});
  const store = sqlite(process.argv[1]);
  await store.open();
  const payload = "x".repeat(5000);
  for (let seq = 1; ; seq++) {
    try {
      await store.commit({ removed: [], elapsed: [], cancelled: [], inserted: [{ id: "f" + seq, seq, head: "{}", payload }], state: [], dead: [] });
    } catch (error) {
      process.stdout.write([error.code, seq - 1, store.count().messages].join(" "));
      break;
    }
  }
`;

storeCases("sqlite()", () => {
  const path = join(temporaryDirectory(), "s.db");
  return () => sqlite(path, { synchronous: "normal" });
});

/** Makes a store with one message, closes it, and returns its path. */
async function madeStore(): Promise<string> {
  const path = join(temporaryDirectory(), "s.db");
  const store = sqlite(path);
  await store.open();
  await store.commit(ONE);
  await store.close();
  return path;
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

describe("the files of sqlite()", () => {
  test("are made on opening, not before, in a directory that is made too, for their owner only", async () => {
    const umask = process.platform === "win32" ? 0 : 0o777;
    const directory = join(temporaryDirectory(), "deep", "er");
    const store = sqlite(join(directory, "s.db"));
    expect(lstatSync(directory, { throwIfNoEntry: false })).toBeUndefined();
    await store.open();
    await store.commit(ONE);
    expect(readdirSync(directory).sort()).toEqual(NAMES);
    expect(statSync(directory).mode & umask).toBe(0o700 & umask);
    expect(readdirSync(directory).map((name) => statSync(join(directory, name)).mode & umask)).toEqual(NAMES.map(() => 0o600 & umask));
    await store.close();
    expect(readdirSync(directory).sort()).toEqual(["s.db", "s.db-lock"]);
  });

  test("take up an empty file that is there", async () => {
    const path = join(temporaryDirectory(), "s.db");
    writeFileSync(path, "");
    const store = sqlite(path);
    expect((await store.open()).generation).toBe(1);
    await store.close();
  });
});

describe("sqlite() refuses", () => {
  test.each(["", ":memory:", "a\0b"])("the path %j at once, for it means no file", (path) => {
    expect(() => sqlite(path)).toThrow("INVALID_OPTIONS");
  });

  test("an unknown setting of synchronous at once", () => {
    // @ts-expect-error: no such setting
    expect(() => sqlite("s.db", { synchronous: "off" })).toThrow("INVALID_OPTIONS");
  });

  test.each<readonly [string, (directory: string) => string]>([
    ["a directory", (directory) => directory],
    ["a path below a file", (directory) => join(fileIn(directory), "s.db")],
    ["a path in a directory that cannot be made", (directory) => join(fileIn(directory), "deep", "s.db")],
    ["a place where the system lets no directory be made", () => "/proc/handback/s.db"],
    ["a name that is too long", (directory) => join(directory, "n".repeat(300))],
    ["a name that leaves no room for those of the files beside it", (directory) => join(directory, "n".repeat(252))],
    ["a path that is too long", (directory) => join(directory, ...Array.from({ length: 30 }, () => "n".repeat(200)), "s.db")],
    ["a symbolic link to nowhere", (directory) => linkTo(join(directory, "nowhere"), join(directory, "s.db"))],
    ["a symbolic link in a circle", (directory) => linkTo(join(directory, "s.db"), join(directory, "s.db"))],
  ])("%s with STORE_OPEN_FAILED, and falls back to nothing", async (_, pathIn) => {
    const path = pathIn(temporaryDirectory());
    const store = sqlite(path);
    const refusal = { code: "STORE_OPEN_FAILED", retryable: false, details: { path } };
    await expect(store.open()).rejects.toMatchObject(refusal);
    await expect(store.open()).rejects.toHaveProperty("cause.message");
    await expect(store.commit(ONE)).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("a file with a second name, whose log SQLite would not find by that name", async () => {
    const path = await madeStore();
    linkSync(path, `${path}-too`);
    await expect(sqlite(`${path}-too`).open()).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
  });

  test("the database of another application, and leaves it as it was", async () => {
    const path = join(temporaryDirectory(), "s.db");
    change(path, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    const before = readFileSync(path);
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: "STORE_OPEN_FAILED", details: { path } });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("a newer format with FORMAT_TOO_NEW, leaves it as it was, and gives the lock back", async () => {
    const path = await madeStore();
    change(path, "PRAGMA user_version = 2");
    const before = readFileSync(path);
    const refusal = { code: "FORMAT_TOO_NEW", details: { file: path, version: 2, supported: 1 } };
    await expect(sqlite(path).open()).rejects.toMatchObject(refusal);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(join(path, "..")).sort()).toEqual(["s.db", "s.db-lock"]);
    change(path, "PRAGMA user_version = 1");
    const store = sqlite(path);
    await store.open();
    expect(store.count().messages).toBe(1);
    await store.close();
  });

  test.each<readonly [string, (path: string) => void]>([
    ["text", (path) => writeFileSync(path, "this is not a database, whatever else it is".repeat(100))],
    ["a few bytes", (path) => writeFileSync(path, "SQLite format 3\0")],
    ["a store cut off after its first page", (path) => truncateSync(path, 4_096)],
    ["a store whose first page is overwritten behind its header", (path) => overwrite(path, 100, 4_096)],
    ["a store whose pages are overwritten", (path) => overwrite(path, 4_096, statSync(path).size)],
  ])("%s with STORE_CORRUPT, and leaves it as it was", async (_, damage) => {
    const path = await madeStore();
    damage(path);
    const before = readFileSync(path);
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: "STORE_CORRUPT", retryable: false, details: { file: path } });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("to read a damaged page that it comes upon later, with STORE_CORRUPT", async () => {
    const path = await madeStore();
    const reader = new DatabaseSync(path);
    const root = reader.prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'sqlite_autoindex_state_1'").get()?.["page"];
    reader.close();
    const page = Number(root);
    overwrite(path, (page - 1) * 4_096, page * 4_096);
    const store = sqlite(path);
    await store.open();
    expect(() => store.readState({ type: "a", id: "b" })).toThrow("STORE_CORRUPT");
    const write = { address: { type: "a", id: "b" }, name: "x", text: "1" };
    await expect(store.commit({ ...ONE, inserted: [], state: [write] })).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      details: { file: path },
    });
    await store.close();
  });
});

test("a commit that the system fails to write is STORE_FAILED, the store stays as it was before, and opens again", async () => {
  const path = join(temporaryDirectory(), "s.db");
  const limited = ["-c", 'ulimit -f 600; exec "$0" "$@"', process.execPath, ...NODE_OPTIONS, "--input-type=module", "-e", FILLER, path];
  const [code, committed, counted] = spawnSync("sh", limited, { encoding: "utf8" }).stdout.split(" ");
  expect({ code, counted }).toEqual({ code: "STORE_FAILED", counted: committed });
  const store = sqlite(path);
  await store.open();
  expect(store.count().messages).toBe(Number(committed));
  await store.commit({ ...ONE, inserted: [{ id: "last", seq: 10_000, head: "{}", payload: "1" }] });
  await store.close();
});

test("a full disk is STORE_FULL, anything else SQLite reports is as the caller says, and our own errors stay what they are", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("PRAGMA max_page_count = 2; CREATE TABLE t (x)");
  const full = thrownBy(() => database.exec("INSERT INTO t VALUES (zeroblob(100000))"));
  const wrong = thrownBy(() => database.exec("INSERT INTO nowhere VALUES (1)"));
  database.close();
  expect(toStoreError(full, "s.db", "STORE_FAILED")).toMatchObject({ code: "STORE_FULL", retryable: true, cause: full });
  expect(toStoreError(wrong, "s.db", "STORE_FAILED")).toMatchObject({ code: "STORE_FAILED", retryable: false, cause: wrong });
  const ours = toStoreError(wrong, "s.db", "STORE_OPEN_FAILED");
  expect(ours).toMatchObject({ code: "STORE_OPEN_FAILED", details: { path: "s.db" } });
  expect(toStoreError(ours, "s.db", "STORE_FAILED")).toBe(ours);
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

test("its statements bind by place alone: Node 22 leaves numbered parameters empty", () => {
  const source = readFileSync(new URL("../../src/engines/embedded/sqlite-statements.ts", import.meta.url), "utf8");
  expect(source).toContain("WHERE seq = ?");
  expect(source).not.toMatch(/\?\d/);
});
