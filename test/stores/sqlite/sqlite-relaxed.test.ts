import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import type { Durability } from "../../../src/stores/sqlite/connection/durability.ts";
import { SqliteConnection } from "../../../src/stores/sqlite/connection/sqlite-connection.ts";
import { SqliteWriter } from "../../../src/stores/sqlite/writer/writer.ts";
import { batchOf, message } from "../support/batches.ts";
import { byThread } from "../support/by-thread.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

// So that fake timers reach the store.
vi.mock(import("../../../src/machine/real-time.ts"), async (original) => {
  const { withGlobalTimers } = await import("../support/global-timers.ts");
  return withGlobalTimers(original);
});

const newPath = (): string => join(temporaryDirectory(), "s.db");

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function opened(durability: Durability) {
  const store = onEventLoop(sqlite(newPath(), { durability }));
  await store.open();
  const flushes = vi.spyOn(SqliteWriter.prototype, "checkpoint").mockResolvedValue(false);
  return { store, flushes };
}

test("a relaxed store flushes its commits within a second, all commits of that second at once", async () => {
  const { store, flushes } = await opened("relaxed");
  await store.commit(batchOf({ inserted: [message(1)] }));
  await vi.advanceTimersByTimeAsync(600);
  await store.commit(batchOf({ inserted: [message(2)] }));
  await vi.advanceTimersByTimeAsync(399);
  expect(flushes).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(flushes).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(flushes).toHaveBeenCalledOnce();
  await store.commit(batchOf({ inserted: [message(3)] }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(flushes).toHaveBeenCalledTimes(2);
  await store.close();
});

test("a flush that another connection blocked is repeated", async () => {
  const { store, flushes } = await opened("relaxed");
  flushes.mockResolvedValueOnce(true);
  await store.commit(batchOf({ inserted: [message(1)] }));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(flushes).toHaveBeenCalledTimes(2);
  await store.close();
});

test("a closed relaxed store does not flush, and neither does a strict one", async () => {
  const relaxed = await opened("relaxed");
  await relaxed.store.commit(batchOf({ inserted: [message(1)] }));
  await relaxed.store.close();
  const strict = await opened("strict");
  await strict.store.commit(batchOf({ inserted: [message(1)] }));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(strict.flushes).not.toHaveBeenCalled();
  await strict.store.close();
});

test("a commit that ends after its store was closed starts no timer", async () => {
  const store = byThread(sqlite(newPath(), { durability: "relaxed" }));
  await store.open();
  const commit = store.commit(batchOf({ inserted: [message(1)] }));
  await store.close();
  await commit;
  expect(vi.getTimerCount()).toBe(0);
});

test("without a thread, the event loop flushes", async () => {
  const { store, flushes } = await opened("relaxed");
  flushes.mockRestore();
  const own = vi.spyOn(SqliteConnection.prototype, "checkpoint");
  process.once("worker", (worker) => void worker.terminate());
  await store.commit(batchOf({ inserted: [message(1)] }));
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.waitFor(() => expect(own).toHaveBeenCalled(), { interval: 1, timeout: 30_000 });
  await store.close();
});
