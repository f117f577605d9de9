import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  cpSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { embedded, fn, stateful, value } from "handback";
import type { HandbackError, Store } from "handback";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import { batchOf, message } from "../support/batches.ts";
import { byThread } from "../support/by-thread.ts";
import { NODE_OPTIONS } from "../support/node-options.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

// So that fake timers reach the store.
vi.mock(import("../../../src/machine/real-time.ts"), async (original) => {
  const { withGlobalTimers } = await import("../support/global-timers.ts");
  return withGlobalTimers(original);
});

afterEach(() => void vi.useRealTimers());

const MODULE = new URL("../../../src/stores/sqlite/sqlite.ts", import.meta.url).href;
const BATCHES = new URL("../support/batches.ts", import.meta.url).href;

const newPath = (): string => join(temporaryDirectory(), "s.db");

/** A program that opens the store, commits message 100, closes it, and prints the outcome. */
const SECOND_ENGINE = `
  const { sqlite } = await import(${JSON.stringify(MODULE)});
  const { batchOf, message } = await import(${JSON.stringify(BATCHES)});
  const store = sqlite(process.argv[1]);
  try {
    await store.open();
    await store.commit(batchOf({ inserted: [message(100)] }));
    await store.close(true);
    console.log("committed");
  } catch (error) {
    console.log(error.code);
  }
`;

function runSecondEngine(path: string): string {
  const args = [...NODE_OPTIONS, "--input-type=module", "-e", SECOND_ENGINE, path];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return stdout.trim() || stderr;
}

const seqs = (store: Store): readonly number[] =>
  store.readMessages(0, 1_000).map(({ seq }) => seq);

/** Opens the store once more and returns the messages in it. */
async function contentOf(path: string): Promise<readonly number[]> {
  const store = sqlite(path);
  await store.open();
  const found = seqs(store);
  await store.close();
  return found;
}

/** Reads the files in a thread of this process. */
async function readInThread(path: string): Promise<void> {
  const code = `
    const { workerData } = require("node:worker_threads");
    for (const end of ["", "-shm", "-lock"]) require("node:fs").readFileSync(workerData + end);`;
  const worker = new Worker(code, { eval: true, workerData: path });
  await once(worker, "exit");
}

/** What a program may do that drops its own locks, or that may be thought to. */
const LOSSES: readonly (readonly [string, (path: string) => unknown])[] = [
  ["copies the file", (path) => copyFileSync(path, `${path}-copy`)],
  ["copies the log", (path) => copyFileSync(`${path}-wal`, `${path}-copy`)],
  ["copies the index of the log", (path) => copyFileSync(`${path}-shm`, `${path}-copy`)],
  ["copies the lock file", (path) => copyFileSync(`${path}-lock`, `${path}-copy`)],
  [
    "copies every file",
    (path) => {
      for (const end of ["", "-wal", "-shm", "-lock", "-pid"])
        copyFileSync(path + end, `${path}-copy${end}`);
    },
  ],
  [
    "copies the folder",
    (path) => cpSync(join(path, ".."), temporaryDirectory(), { recursive: true }),
  ],
  [
    "copies the folder and opens the copy",
    async (path) => {
      const copy = temporaryDirectory();
      cpSync(join(path, ".."), copy, { recursive: true });
      await contentOf(join(copy, "s.db"));
    },
  ],
  [
    "reads the files, as for a checksum or an upload",
    (path) => {
      for (const end of ["", "-shm", "-lock"]) readFileSync(path + end);
    },
  ],
  [
    "opens and closes the files",
    (path) => {
      for (const end of ["", "-shm", "-lock"]) closeSync(openSync(path + end, "r"));
    },
  ],
  ["deletes the lock file", (path) => rmSync(`${path}-lock`)],
  [
    "replaces the lock file",
    (path) => {
      writeFileSync(`${path}-new`, "");
      renameSync(`${path}-new`, `${path}-lock`);
    },
  ],
  ["reads the files in another thread", readInThread],
  [
    "opens and closes the store with SQLite",
    (path) => {
      for (const end of ["", "-lock"]) {
        const database = new DatabaseSync(path + end);
        database.prepare("SELECT count(*) FROM sqlite_schema").get();
        database.close();
      }
    },
  ],
];

describe.each([
  ["on the event loop", onEventLoop],
  ["in its thread", byThread],
])("a store that commits %s, in a process that", (_, forced) => {
  test.each(LOSSES)("%s, never commits beside a second engine", async (_what, lose) => {
    const path = newPath();
    const store = forced(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1), message(2)] }));
    await lose(path);
    const second = runSecondEngine(path);
    const first = await store.commit(batchOf({ inserted: [message(3)] })).then(
      () => "committed",
      ({ code, details }: HandbackError) => ({ code, definite: details["definite"] }),
    );
    await store.close(true);
    if (second === "committed") {
      expect(first).toEqual({ code: "STORE_FENCED", definite: true });
      expect(await contentOf(path)).toEqual([1, 2, 100]);
    } else {
      expect({ first, second }).toEqual({ first: "committed", second: "STORE_LOCKED" });
      expect(await contentOf(path)).toEqual([1, 2, 3]);
    }
  });
});

test("a second engine in the same process fences the first one, too", async () => {
  const path = newPath();
  const first = onEventLoop(sqlite(path));
  await first.open();
  await first.commit(batchOf({ inserted: [message(1)] }));
  rmSync(`${path}-lock`);
  const second = sqlite(path);
  await second.open();
  await expect(first.commit(batchOf({ inserted: [message(2)] }))).rejects.toMatchObject({
    code: "STORE_FENCED",
    details: { definite: true, path },
  });
  await second.commit(batchOf({ inserted: [message(3)] }));
  await first.close(true);
  await second.commit(batchOf({ inserted: [message(4)] }));
  await second.close(true);
  expect(await contentOf(path)).toEqual([1, 3, 4]);
});

test.each([
  ["on the event loop", onEventLoop],
  ["in its thread", byThread],
])("a store that commits %s stops when its own last commit is gone", async (_, forced) => {
  const path = newPath();
  const store = forced(sqlite(path));
  await store.open();
  await store.commit(batchOf({ inserted: [message(1)] }));
  const shell = new DatabaseSync(path);
  const mark = shell.prepare("SELECT mark FROM commit_mark").get()?.["mark"];
  await store.commit(batchOf({ inserted: [message(2)] }));
  shell.prepare("UPDATE commit_mark SET mark = ?").run(mark ?? null);
  shell.close();
  await expect(store.commit(batchOf({ inserted: [message(3)] }))).rejects.toMatchObject({
    code: "STORE_FENCED",
    details: { definite: true },
  });
  await store.close(true);
});

/** What a program may do to the files of a store that is open. */
const REPLACEMENTS: readonly (readonly [string, (path: string) => void])[] = [
  ["the log is deleted", (path) => rmSync(`${path}-wal`)],
  ["the index of the log is deleted", (path) => rmSync(`${path}-shm`)],
  [
    "the log is replaced",
    (path) => {
      copyFileSync(`${path}-wal`, `${path}-new`);
      renameSync(`${path}-new`, `${path}-wal`);
    },
  ],
  ["the file is renamed", (path) => renameSync(path, `${path}-moved`)],
  [
    "the file is replaced",
    (path) => {
      copyFileSync(path, `${path}-new`);
      renameSync(`${path}-new`, path);
    },
  ],
];

describe.each([
  ["on the event loop", onEventLoop],
  ["in its thread", byThread],
])("a store that commits %s", (_, forced) => {
  test.each(REPLACEMENTS)("does not acknowledge a commit once %s", async (_what, replace) => {
    const path = newPath();
    const store = forced(sqlite(path));
    await store.open();
    await store.commit(batchOf({ inserted: [message(1)] }));
    replace(path);
    for (const seq of [2, 3]) {
      await expect(store.commit(batchOf({ inserted: [message(seq)] }))).rejects.toMatchObject({
        code: "STORE_FENCED",
        details: { definite: false },
      });
    }
    await store.close(true);
  });
});

test("a store whose log is gone never writes to the file again, not even when it is closed", async () => {
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  await store.open();
  await store.commit(batchOf({ inserted: [message(1)] }));
  readFileSync(path);
  for (const end of ["-wal", "-shm"]) rmSync(path + end);
  await expect(store.commit(batchOf({ inserted: [message(2)] }))).rejects.toMatchObject({
    code: "STORE_FENCED",
  });
  // Another program works on the store meanwhile, and leaves no log either.
  expect(runSecondEngine(path)).toBe("STORE_LOCKED");
  rmSync(`${path}-lock`);
  expect(runSecondEngine(path)).toBe("committed");
  const before = readFileSync(path);
  await store.close(true);
  expect(readFileSync(path)).toEqual(before);
  expect(await contentOf(path)).toEqual([1, 2, 100]);
});

test.each(REPLACEMENTS)("an idle store reports within a second that %s", async (_, replace) => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  const failures: string[] = [];
  await store.open({ warn: () => undefined, failed: ({ code }) => void failures.push(code) });
  await store.commit(batchOf({ inserted: [message(1)] }));
  vi.advanceTimersByTime(5_000);
  expect(failures).toEqual([]);
  replace(path);
  vi.advanceTimersByTime(1_000);
  expect(failures).toEqual(["STORE_FENCED"]);
  vi.advanceTimersByTime(10_000);
  expect(failures).toHaveLength(1);
  await store.close();
});

test("an idle engine stops within a second when another engine opens its store", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const path = newPath();
  const counter = stateful("test/counter", {
    state: { n: value(0) },
    handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
  });
  const wait = fn("test/wait", (ctx) => ctx.event("never"));
  const said: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (text: string) => void said.push(text) };
  const engine = await embedded({ functions: [counter, wait], store: sqlite(path), log });
  expect(await engine.client.call(counter.add, 1, { id: "x" })).toBe(1);
  const waiting = engine.client.call(wait).catch((error: unknown) => error);
  await engine.client.start(wait, undefined, { key: "parked" });
  rmSync(`${path}-lock`);
  const second = await embedded({ functions: [counter, wait], store: sqlite(path) });
  onTestFinished(() => second.close());
  vi.advanceTimersByTime(1_000);
  expect(said).toEqual([expect.stringContaining("another engine has opened the store")]);
  expect(await waiting).toMatchObject({ code: "STORE_FENCED", details: { definite: false } });
  await expect(engine.client.call(counter.add, 1, { id: "x" })).rejects.toMatchObject({
    code: "STORE_FENCED",
    retryable: false,
    details: { definite: true, path },
  });
  await engine.close();
  expect(await second.client.call(counter.add, 1, { id: "x" })).toBe(2);
});

test("calls of a batch that was rolled back are told that it did not happen", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const path = newPath();
  const echo = fn("test/echo", (_, text: string) => text);
  const engine = await embedded({ functions: [echo], store: sqlite(path) });
  await engine.client.call(echo, "before");
  rmSync(`${path}-lock`);
  const second = await embedded({ functions: [echo], store: sqlite(path) });
  onTestFinished(() => second.close());
  await expect(engine.client.start(echo, "lost", { key: "lost" })).rejects.toMatchObject({
    code: "STORE_FENCED",
    details: { definite: true },
  });
  await expect(second.client.status("lost")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await engine.close();
});

/**
 * Does what the `sqlite3` shell does when it closes a store whose lock is lost: copies the log into
 * the file, and deletes it. Commits that come in between are in the log only.
 */
const LOOK = (path: string): string => `
  const { DatabaseSync } = require("node:sqlite");
  const { rmSync } = require("node:fs");
  const database = new DatabaseSync(${JSON.stringify(path)});
  database.exec("PRAGMA wal_checkpoint");
  setTimeout(() => {
    for (const end of ["-wal", "-shm"]) rmSync(${JSON.stringify(path)} + end);
    // Closing the connection would copy the commits in between, too.
    process.kill(process.pid, "SIGKILL");
  }, 200);`;

test("nothing acknowledged is lost when a program that looks into the store deletes its log", async () => {
  const path = newPath();
  const store = onEventLoop(sqlite(path));
  await store.open();
  let acknowledged = 0;
  const commit = async (): Promise<void> => {
    await store.commit(batchOf({ inserted: [message(acknowledged + 1)] }));
    acknowledged++;
  };
  for (let left = 20; left > 0; left--) await commit();
  readFileSync(path);
  const visitor = spawn(process.execPath, [...NODE_OPTIONS, "-e", LOOK(path)], {
    stdio: "ignore",
  });
  const gone = once(visitor, "exit");
  let failure: HandbackError | undefined;
  while (failure === undefined) {
    failure = await commit().then(
      () => undefined,
      (error: HandbackError) => error,
    );
    await new Promise((resolve) => void setImmediate(resolve));
  }
  await gone;
  expect(failure.code).toBe("STORE_FENCED");
  await store.close(true);
  const found = await contentOf(path);
  expect(found.length).toBeGreaterThanOrEqual(acknowledged);
  expect(found.slice(0, acknowledged)).toEqual(
    Array.from({ length: acknowledged }, (_, index) => index + 1),
  );
});
