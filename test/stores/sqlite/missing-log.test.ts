import {
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import type { SqliteOptions } from "../../../src/stores/sqlite/sqlite.ts";
import { batchOf, message } from "../support/batches.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const newPath = (): string => join(temporaryDirectory(), "s.db");

/** Copies the files of an open store, as a process leaves them that is killed now. */
function killNow(path: string): string {
  const killed = newPath();
  for (const end of ["", "-wal", "-shm", "-last"]) copyFileSync(path + end, killed + end);
  linkSync(`${killed}-wal`, `${killed}-wal-link`);
  return killed;
}

/** Makes the files of a store that was killed after the commits of messages 1 to `count`. */
async function killedAfter(count: number): Promise<string> {
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  await store.open();
  for (let seq = 1; seq <= count; seq++) await store.commit(batchOf({ inserted: [message(seq)] }));
  const killed = killNow(path);
  await store.close();
  return killed;
}

/** Opens a store; returns its messages and warnings, or the code of the error. */
async function look(path: string, options: SqliteOptions = {}): Promise<unknown> {
  const store = onEventLoop(sqlite(path, options));
  const warnings: string[] = [];
  try {
    await store.open({ warn: (text) => void warnings.push(text), failed: () => undefined });
    const seqs = store.readMessages(0, 100).map(({ seq }) => seq);
    await store.close(true);
    return warnings.length === 0 ? seqs : { seqs, warnings };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const deleteLog = (path: string): void => {
  for (const end of ["-wal", "-shm"]) rmSync(path + end);
};
const RESTORED = { seqs: [1, 2, 3], warnings: [expect.stringContaining("log was restored")] };

describe("a store that was killed, and", () => {
  test("keeps its files, has every commit", async () => {
    expect(await look(await killedAfter(3))).toEqual([1, 2, 3]);
  });

  test("whose log was deleted, has every commit: the log has a second name", async () => {
    const path = await killedAfter(3);
    deleteLog(path);
    expect(await look(path)).toEqual(RESTORED);
    expect(existsSync(`${path}-wal-link`)).toBe(false);
    expect(await look(path)).toEqual([1, 2, 3]);
  });

  test("whose log was replaced by an empty one, has every commit", async () => {
    const path = await killedAfter(3);
    deleteLog(path);
    writeFileSync(`${path}-wal`, "");
    expect(await look(path)).toEqual(RESTORED);
  });

  test("whose log another program has copied into the file and deleted, has every commit", async () => {
    const path = await killedAfter(3);
    const shell = new DatabaseSync(path);
    shell.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    shell.close();
    for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
    expect(await look(path)).toEqual([1, 2, 3]);
  });

  test("was copied without its log, is refused, or opened without the missing commits", async () => {
    const path = await killedAfter(3);
    const copy = newPath();
    copyFileSync(path, copy);
    const before = readFileSync(copy);
    expect(await look(copy)).toBe("STORE_INCOMPLETE");
    expect(readFileSync(copy)).toEqual(before);
    expect(existsSync(`${copy}-wal`)).toBe(false);
    expect(await look(copy, { missingLog: "accept" })).toEqual({
      seqs: [],
      warnings: [expect.stringContaining("its log is missing")],
    });
    expect(await look(copy)).toEqual([]);
  });

  test("whose log was emptied, is refused", async () => {
    const path = await killedAfter(3);
    truncateSync(`${path}-wal`, 0);
    expect(await look(path)).toBe("STORE_INCOMPLETE");
  });

  test("whose log was cut, is refused", async () => {
    const path = await killedAfter(3);
    truncateSync(`${path}-wal`, readFileSync(`${path}-wal`).length / 2);
    expect(await look(path)).toBe("STORE_CORRUPT");
    // Without the index, only the number of the last commit shows it.
    rmSync(`${path}-shm`);
    expect(await look(path)).toBe("STORE_INCOMPLETE");
  });

  test("whose log another program has copied into the file and cut, has every commit", async () => {
    const path = await killedAfter(3);
    const shell = new DatabaseSync(path);
    shell.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const killed = killNow(path);
    shell.close();
    expect(readFileSync(`${killed}-wal`)).toHaveLength(0);
    expect(await look(killed)).toEqual([1, 2, 3]);
  });

  test("got a shorter version of its log under the same name, is refused", async () => {
    const path = newPath();
    const store = onEventLoop(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1)] }));
    const older = readFileSync(`${path}-wal`);
    await store.commit(batchOf({ inserted: [message(2)] }));
    const killed = killNow(path);
    writeFileSync(`${killed}-wal`, older);
    rmSync(`${killed}-shm`);
    expect(await look(killed)).toBe("STORE_INCOMPLETE");
    await store.close();
  });

  test("got an older version of its log, is refused", async () => {
    const path = newPath();
    const store = onEventLoop(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1)] }));
    copyFileSync(`${path}-wal`, `${path}-older`);
    await store.commit(batchOf({ inserted: [message(2)] }));
    const killed = killNow(path);
    renameSync(`${path}-older`, `${killed}-wal`);
    rmSync(`${killed}-shm`);
    expect(await look(killed)).toBe("STORE_INCOMPLETE");
    await store.close();
  });

  test("got the log of another store, is refused", async () => {
    const [path, other] = [await killedAfter(3), await killedAfter(2)];
    copyFileSync(`${other}-wal`, `${path}-wal`);
    rmSync(`${path}-shm`);
    expect(await look(path)).toBe("STORE_CORRUPT");
  });

  test("whose file was replaced by an earlier one, is refused while the log is there", async () => {
    const path = newPath();
    const first = onEventLoop(sqlite(path));
    await first.open();
    await first.commit(batchOf({ inserted: [message(1)] }));
    await first.close(true);
    const backup = newPath();
    copyFileSync(path, backup);
    const second = onEventLoop(sqlite(path));
    await second.open();
    await second.commit(batchOf({ inserted: [message(2)] }));
    await second.commit(batchOf({ inserted: [message(3)] }));
    const killed = killNow(path);
    await second.close();
    copyFileSync(backup, killed);
    expect(await look(killed)).toBe("STORE_CORRUPT");
    for (const end of ["-wal", "-shm", "-wal-link"]) rmSync(killed + end);
    expect(await look(killed)).toEqual([1]);
  });

  test("whose file is newer than the log, is refused", async () => {
    const path = newPath();
    const store = onEventLoop(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1)] }));
    copyFileSync(`${path}-wal`, `${path}-older`);
    await store.commit(batchOf({ inserted: [message(2)] }));
    await store.close();
    const killed = newPath();
    copyFileSync(path, killed);
    renameSync(`${path}-older`, `${killed}-wal`);
    expect(await look(killed)).toBe("STORE_CORRUPT");
  });
});

describe("a copy that SQLite makes of an open store", () => {
  test("has every commit, and opens without a log", async () => {
    const path = newPath();
    const store = onEventLoop(sqlite(path));
    const { generation } = await store.open();
    await store.commit(batchOf({ inserted: [message(1), message(2)] }));
    const copy = newPath();
    const shell = new DatabaseSync(path);
    shell.prepare("VACUUM INTO ?").run(copy);
    shell.close();
    await store.commit(batchOf({ inserted: [message(3)] }));
    const opened = onEventLoop(sqlite(copy));
    // The original goes on counting its openings, so the copy leaves some out.
    expect((await opened.open()).generation).toBeGreaterThan(generation + 1_000);
    expect(opened.readMessages(0, 10)).toEqual([message(1), message(2)]);
    await opened.close();
    const again = await opened.open();
    await opened.close(true);
    expect((await opened.open()).generation).toBe(again.generation + 1);
    await opened.close();
    await store.close();
  });

  test("is refused in the place of the store, while the log of the store is there", async () => {
    const path = newPath();
    const store = onEventLoop(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1)] }));
    const copy = newPath();
    const shell = new DatabaseSync(path);
    shell.prepare("VACUUM INTO ?").run(copy);
    shell.close();
    await store.commit(batchOf({ inserted: [message(2)] }));
    const killed = killNow(path);
    copyFileSync(copy, killed);
    expect(await look(killed)).toBe("STORE_CORRUPT");
    for (const end of ["-wal", "-shm"]) rmSync(killed + end);
    expect(await look(killed)).toEqual([1]);
    await store.close();
  });
});

test("a store that is closed needs no log, also when the close is not a clean one", async () => {
  const path = newPath();
  for (const clean of [true, false]) {
    const store = onEventLoop(sqlite(path));
    await store.open();
    await store.close(clean);
    const copy = newPath();
    copyFileSync(path, copy);
    expect(await look(copy)).toEqual([]);
  }
});

test("a store of a former release, without the table of marks, opens and gets one", async () => {
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  await store.open();
  await store.commit(batchOf({ inserted: [message(1)] }));
  await store.close();
  const shell = new DatabaseSync(path);
  shell.exec("DROP TABLE commit_mark");
  shell.close();
  expect(await look(path)).toEqual([1]);
  await store.open();
  await store.commit(batchOf({ inserted: [message(2)] }));
  const killed = killNow(path);
  for (const end of ["-wal", "-shm", "-wal-link"]) rmSync(killed + end);
  expect(await look(killed)).toBe("STORE_INCOMPLETE");
  await store.close();
});

test("a store that is killed after any commit, with its log copied into the file or not, keeps its commits", async () => {
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  await store.open();
  const seqs: number[] = [];
  const shell = new DatabaseSync(path);
  for (let seq = 1; seq <= 8; seq++) {
    await store.commit(batchOf({ inserted: [message(seq)] }));
    seqs.push(seq);
    const killed = killNow(path);
    expect(await look(killed)).toEqual(seqs);
    const deleted = killNow(path);
    for (const end of ["-wal", "-shm"]) rmSync(deleted + end);
    const found = await look(deleted);
    expect(Array.isArray(found) ? found : (found as { seqs: unknown }).seqs).toEqual(seqs);
    // The log now starts anew with the next commit.
    if (seq % 3 === 0) shell.exec("PRAGMA wal_checkpoint");
  }
  shell.close();
  await store.close();
});
