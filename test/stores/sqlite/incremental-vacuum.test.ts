import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqlite } from "handback";
import type { Store } from "handback";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { hasTooManyFreePages } from "../../../src/stores/sqlite/connection/incremental-vacuum.ts";
import { SqliteConnection } from "../../../src/stores/sqlite/connection/sqlite-connection.ts";
import { CommitLatency } from "../../../src/stores/sqlite/writer/commit-latency.ts";
import { SqliteWriter } from "../../../src/stores/sqlite/writer/writer.ts";
import { added, batchOf, deleted, message, row, sized } from "../support/batches.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** Length of a text that is too long to stay in the log. */
const LONG = 5_000_000;

afterEach(() => void vi.restoreAllMocks());

async function opened(): Promise<Store> {
  const store = sqlite(join(temporaryDirectory(), "s.db"), { durability: "relaxed" });
  await store.open();
  onTestFinished(() => store.close());
  return store;
}

test("releasing starts at half of a file and stops at a quarter, and keeps a minimum of free pages", () => {
  expect(hasTooManyFreePages({ total: 10_000, free: 5_000 }, false)).toBe(false);
  expect(hasTooManyFreePages({ total: 10_000, free: 5_001 }, false)).toBe(true);
  expect(hasTooManyFreePages({ total: 8_000, free: 2_001 }, true)).toBe(true);
  expect(hasTooManyFreePages({ total: 8_000, free: 2_000 }, true)).toBe(false);
  expect(hasTooManyFreePages({ total: 1_100, free: 1_024 }, false)).toBe(false);
});

describe("free pages", () => {
  test("are released a few at a time, down to a quarter of the file", async () => {
    const path = join(temporaryDirectory(), "s.db");
    const store = sqlite(path, { durability: "relaxed" });
    await store.open();
    for (let seq = 1; seq <= 8; seq++)
      await store.commit(batchOf({ inserted: [sized(LONG, message(seq))] }));
    await store.commit(batchOf({ removed: [2, 3, 4, 5, 6, 7] }));
    await store.close();
    const connection = new SqliteConnection(path, "relaxed");
    let steps = 1;
    while (connection.releaseFreePages()) steps++;
    expect(connection.releaseFreePages()).toBe(false);
    connection.checkpoint();
    connection.close();
    // Of 8 x 1,221 pages, 6 x 1,221 were free. One step releases 256.
    expect(steps).toBeGreaterThan(20);
    const database = new DatabaseSync(path);
    const count = (pragma: string): number =>
      Number(Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
    expect(count("freelist_count") / count("page_count")).toBeLessThanOrEqual(
      0.25 + 256 / count("page_count"),
    );
    expect(count("page_count")).toBeLessThan(4_000);
    database.close();
    await store.open();
    expect(store.readMessages(0, 10).map(({ seq }) => seq)).toEqual([1, 8]);
    await store.close();
  });

  test("stay in a file created without auto_vacuum, and releasing stops", async () => {
    const path = join(temporaryDirectory(), "s.db");
    const store = sqlite(path, { durability: "relaxed" });
    await store.open();
    for (let seq = 1; seq <= 4; seq++)
      await store.commit(batchOf({ inserted: [sized(LONG, message(seq))] }));
    await store.close();
    const database = new DatabaseSync(path);
    database.exec("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
    database.close();
    await store.open();
    await store.commit(batchOf({ removed: [1, 2, 3] }));
    await store.close();
    const connection = new SqliteConnection(path, "relaxed");
    expect(connection.releaseFreePages()).toBe(false);
    connection.close();
  });

  test("are released by the thread, and only the thread writes meanwhile", async () => {
    const store = onEventLoop(await opened());
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const release = vi
      .spyOn(SqliteWriter.prototype, "releaseFreePages")
      .mockReturnValueOnce(promise);
    const apply = vi.spyOn(SqliteWriter.prototype, "apply");
    await store.commit(batchOf({ inserted: [sized(LONG, message(1))] }));
    await vi.waitFor(() => expect(release).toHaveBeenCalledOnce(), 30_000);
    apply.mockClear();
    await store.commit(batchOf({ inserted: [message(2)] }));
    await store.commit(batchOf({ inserted: [message(3)] }));
    expect(apply).toHaveBeenCalledTimes(2);
    resolve(false);
    await vi.waitFor(
      () => expect(release.mock.settledResults).toMatchObject([{ type: "fulfilled" }]),
      30_000,
    );
    await store.commit(batchOf({ inserted: [message(4)] }));
    expect(apply).toHaveBeenCalledTimes(2);
    expect(store.count().messages).toBe(4);
  });

  test("that cannot be released on a full disk do no harm", async () => {
    const store = await opened();
    const full = Object.assign(new Error("database or disk is full"), { errcode: 13 });
    const release = vi
      .spyOn(SqliteWriter.prototype, "releaseFreePages")
      .mockRejectedValueOnce(full);
    await store.commit(batchOf({ inserted: [sized(LONG, message(1))] }));
    await vi.waitFor(() => expect(release).toHaveBeenCalledOnce(), 30_000);
    for (let seq = 2; seq <= 5; seq++) await store.commit(batchOf({ inserted: [message(seq)] }));
    expect(store.count().messages).toBe(5);
  });
});

test.each([
  ["fast", 1, 4],
  ["slow", 20, 1],
] as const)(
  "a %s disk decides how many checkpoints four commits of some megabytes start",
  async (_, commitMs, times) => {
    const store = await opened();
    const checkpoint = vi.spyOn(SqliteWriter.prototype, "checkpoint");
    vi.spyOn(CommitLatency.prototype, "wasQuick", "get").mockReturnValue(commitMs < 10);
    vi.spyOn(CommitLatency.prototype, "isFast", "get").mockReturnValue(commitMs <= 1);
    for (let seq = 1; seq <= 4; seq++)
      await store.commit(batchOf({ inserted: [sized(2_200_000, message(seq))] }));
    expect(checkpoint).toHaveBeenCalledTimes(times);
  },
);

test("a long log of deletions starts a checkpoint too", async () => {
  const store = await opened();
  const VALUES = 8_192;
  const PER_COMMIT = 512;
  const all = Array.from({ length: VALUES }, (_, rowId) => rowId + 1);
  await store.commit(
    batchOf({ values: all.map((rowId) => added(row(rowId, `${rowId}`, "x".repeat(100)))) }),
  );
  const checkpoint = vi.spyOn(SqliteWriter.prototype, "checkpoint");
  // A busy machine counts as a slow disk.
  vi.spyOn(CommitLatency.prototype, "wasQuick", "get").mockReturnValue(true);
  for (let from = 0; from < VALUES; from += PER_COMMIT) {
    await store.commit(
      batchOf({
        values: all.slice(from, from + PER_COMMIT).map((rowId) => deleted(rowId, `${rowId}`)),
      }),
    );
  }
  expect(checkpoint.mock.calls.length).toBeGreaterThanOrEqual(2);
  expect(store.count().state).toBe(0);
});
