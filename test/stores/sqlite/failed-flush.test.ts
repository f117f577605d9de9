import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import { SqliteConnection } from "../../../src/stores/sqlite/connection/sqlite-connection.ts";
import { SqliteWriter } from "../../../src/stores/sqlite/writer/writer.ts";
import type { Store } from "../../../src/stores/store.ts";
import { batchOf, message } from "../support/batches.ts";
import { byThread } from "../support/by-thread.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const newPath = (): string => join(temporaryDirectory(), "s.db");
const sqliteError = (errcode: number): Error =>
  Object.assign(new Error("an error of SQLite"), { errcode });
/** SQLite's codes of a failed flush and of a full disk. */
const [FLUSH_FAILED, FULL] = [1_034, 13];

afterEach(() => void vi.restoreAllMocks());

async function opened(path: string, forced: (store: Store) => Store = onEventLoop): Promise<Store> {
  const store = forced(sqlite(path));
  await store.open();
  return store;
}

/** Reads the file and its log. */
const filesOf = (path: string) => ({ file: readFileSync(path), log: readFileSync(`${path}-wal`) });

describe("a store with a failed flush", () => {
  test.each<readonly [string, (store: Store) => Store, (error: Error) => void]>([
    [
      "on the event loop",
      onEventLoop,
      (error) =>
        void vi.spyOn(SqliteConnection.prototype, "apply").mockImplementationOnce(thrower(error)),
    ],
    [
      "in its thread",
      byThread,
      (error) => void vi.spyOn(SqliteWriter.prototype, "apply").mockRejectedValueOnce(error),
    ],
  ])("%s commits nothing more, and closes without another flush", async (_, forced, fail) => {
    const path = newPath();
    const store = await opened(path, forced);
    await store.commit(batchOf({ inserted: [message(1)] }));
    fail(sqliteError(FLUSH_FAILED));
    for (const seq of [2, 3]) {
      await expect(store.commit(batchOf({ inserted: [message(seq)] }))).rejects.toMatchObject({
        code: "STORE_FAILED",
      });
    }
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    const before = filesOf(path);
    // The clean close is not recorded either.
    await store.close(true);
    expect(filesOf(path)).toEqual(before);
    expect(before.log.length).toBeGreaterThan(0);
    expect(await store.open()).toMatchObject({ generation: 2, clean: false });
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("while opening or closing closes without another flush", async () => {
    const path = newPath();
    const store = await opened(path);
    await store.commit(batchOf({ inserted: [message(1)] }));
    vi.spyOn(SqliteConnection.prototype, "recordClose").mockImplementationOnce(
      thrower(sqliteError(FLUSH_FAILED)),
    );
    const first = filesOf(path);
    await store.close(true);
    expect(filesOf(path)).toEqual(first);
    vi.spyOn(SqliteConnection.prototype, "recordOpening").mockImplementationOnce(
      thrower(sqliteError(FLUSH_FAILED)),
    );
    await expect(store.open()).rejects.toMatchObject({ code: "STORE_OPEN_FAILED" });
    expect(filesOf(path)).toEqual(first);
    expect(await store.open()).toMatchObject({ generation: 2, clean: false });
    await store.close();
  });
});

test("a store without room to record a clean close is closed like any other", async () => {
  const path = newPath();
  const store = await opened(path);
  vi.spyOn(SqliteConnection.prototype, "recordClose").mockImplementationOnce(
    thrower(sqliteError(FULL)),
  );
  await store.close(true);
  expect(() => readFileSync(`${path}-wal`)).toThrow("ENOENT");
});

function thrower(error: Error): () => never {
  return () => {
    throw error;
  };
}
