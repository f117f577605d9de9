import { embedded, fn, sqlite } from "handback";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";
import { describe, expect, test, vi } from "vitest";
import { HandbackError } from "../../../src/core/errors/errors.ts";
import { encodeBatch } from "../../../src/stores/sqlite/tables/batch-codec.ts";
import { SqliteConnection } from "../../../src/stores/sqlite/connection/sqlite-connection.ts";
import { SqliteWriter } from "../../../src/stores/sqlite/writer/writer.ts";
import type { Store } from "../../../src/stores/store.ts";
import { A, added, batchOf, delayed, message, row, sized, updated } from "../support/batches.ts";
import { byThread } from "../support/by-thread.ts";
import { NODE_OPTIONS } from "../support/node-options.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { ownerOf } from "../support/owner-of.ts";
import { startedThreads } from "../support/started-threads.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const newPath = (): string => join(temporaryDirectory(), "s.db");
const echo = fn("test/echo", (_, input: string) => input);

/** Length of a text that makes the log long enough for a checkpoint. */
const LONG = 9_000_000;

/** The start of every program in a child process. */
const PRELUDE = `
  const { sqlite } = await import(${JSON.stringify(new URL("../../../src/stores/sqlite/sqlite.ts", import.meta.url).href)});
  const { batchOf, message, sized } = await import(${JSON.stringify(new URL("../support/batches.ts", import.meta.url).href)});
  const { byThread } = await import(${JSON.stringify(new URL("../support/by-thread.ts", import.meta.url).href)});
  const [path, where] = process.argv.slice(1);
  const relaxed = sqlite(path, { durability: "relaxed" });
  const store = where === "thread" ? byThread(relaxed) : relaxed;
  if (where === "event loop") performance.now = () => 0;
  const print = (...words) => process.stdout.write(words.join(" ") + "\\n");
  await store.open();
`;

/**
 * Runs a program in a child process, which must end by itself, and returns its output.
 *
 * @param options - `where` it commits, and `fileLimit`, the maximum size of a file in blocks
 */
function runProgram(
  program: string,
  path: string,
  { where = "thread", fileLimit = "unlimited" } = {},
): readonly string[] {
  const script = ["-c", `ulimit -f ${fileLimit}; exec "$0" "$@"`, process.execPath];
  const child = spawnSync(
    "sh",
    [...script, ...NODE_OPTIONS, "--input-type=module", "-e", PRELUDE + program, path, where],
    {
      encoding: "utf8",
      timeout: 30_000,
    },
  );
  expect({ status: child.status, stderr: child.stderr }).toEqual({ status: 0, stderr: "" });
  return child.stdout.trim().split("\n");
}

/** Blocks the event loop. */
function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function opened(path: string, forced: (store: Store) => Store = byThread): Promise<Store> {
  const store = forced(sqlite(path, { durability: "relaxed" }));
  await store.open();
  return store;
}

describe("a commit that fails in the thread", () => {
  const outcomes = async (
    path: string,
    prepare: (path: string) => void,
    fail: (store: Store) => Promise<void>,
  ) => {
    const failures: unknown[] = [];
    for (const forced of [onEventLoop, byThread]) {
      const first = await opened(path);
      await first.commit(batchOf({ removed: [1, 2], inserted: [message(3), delayed(4, 1, "t")] }));
      await first.close();
      prepare(path);
      // A large store is not checked completely when it is opened.
      vi.spyOn(SqliteConnection.prototype, "verify").mockReturnValueOnce();
      const store = await opened(path, forced);
      const error: unknown = await fail(store).catch((thrown: unknown) => thrown);
      expect(HandbackError.is(error)).toBe(true);
      const { code, message: text, details, cause } = error as HandbackError;
      failures.push({ code, text, details, errcode: (cause as { errcode?: number }).errcode });
      await store.close();
      vi.restoreAllMocks();
      for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
    }
    return failures;
  };

  test("because of an invalid batch has the same error as on the event loop", async () => {
    const path = newPath();
    const twice = (store: Store) => store.commit(batchOf({ inserted: [message(3)] }));
    const [onLoop, inThread] = await outcomes(path, () => undefined, twice);
    expect(inThread).toEqual(onLoop);
    expect(onLoop).toMatchObject({ code: "STORE_FAILED", details: { path }, errcode: 1555 });
  });

  test("because of a damaged page has the same error as on the event loop", async () => {
    const path = newPath();
    const damage = (file: string): void => {
      const reader = new DatabaseSync(file);
      const page = Number(
        reader
          .prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'state_key'")
          .get()?.["page"],
      );
      reader.close();
      const bytes = readFileSync(file);
      bytes.fill(0xa5, (page - 1) * 4_096, page * 4_096);
      writeFileSync(file, bytes);
    };
    const write = (store: Store) => store.commit(batchOf({ values: [added(row(1, "x", 1))] }));
    const [onLoop, inThread] = await outcomes(path, damage, write);
    expect(inThread).toEqual(onLoop);
    expect(onLoop).toMatchObject({ code: "STORE_CORRUPT", details: { file: path } });
  });

  test.each(["event loop", "thread"])(
    "because the system refuses to write (%s) is STORE_FAILED; earlier commits stay, and the store reopens",
    async (where) => {
      const path = newPath();
      const [code, committed, counted] = runProgram(
        `for (let seq = 1; ; seq++) {
        try {
          await store.commit(batchOf({ inserted: [sized(5000, message(seq))] }));
        } catch (error) {
          print(error.code);
          print(seq - 1);
          print(store.count().messages);
          break;
        }
      }
      await store.close();`,
        path,
        { where, fileLimit: "600" },
      );
      expect({ code, counted }).toEqual({ code: "STORE_FAILED", counted: committed });
      expect(Number(committed)).toBeGreaterThan(10);
      const store = await opened(path);
      expect(store.count().messages).toBe(Number(committed));
      await store.commit(batchOf({ inserted: [message(10_000)] }));
      await store.close();
    },
  );

  test("also fails the commit that was sent right after it, and no other", async () => {
    const store = await opened(newPath());
    expect(store.queuesFrom).toBeUndefined();
    await store.commit(batchOf({ inserted: [message(1)] }));
    // The first commit took as long as starting a thread.
    await vi.waitFor(async () => {
      await store.commit(batchOf({}));
      expect(store.queuesFrom).toBeGreaterThan(0);
    }, 30_000);
    const sent = [batchOf({ inserted: [message(1)] }), batchOf({ inserted: [message(2)] })].map(
      (batch) => store.commit(batch),
    );
    const failed = {
      status: "rejected",
      reason: expect.objectContaining({ code: "STORE_FAILED" }),
    };
    expect(await Promise.allSettled(sent)).toEqual([failed, failed]);
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await Promise.all([
      store.commit(batchOf({ inserted: [message(3)] })),
      store.commit(batchOf({ inserted: [message(4)] })),
    ]);
    expect(store.readMessages(0, 10)).toEqual([message(1), message(3), message(4)]);
    await store.close();
  });

  test("also fails the next commit when that is small enough for the event loop", async () => {
    const path = newPath();
    const store = sqlite(path, { durability: "relaxed" });
    await store.open();
    // Too many for the event loop.
    const many = Array.from({ length: 1_000 }, (_, index) => -1 - index);
    await store.commit(batchOf({ removed: many, inserted: [message(1)] }));
    const sent = [
      batchOf({ removed: many, inserted: [message(1)] }),
      batchOf({ inserted: [message(2)] }),
    ].map((batch) => store.commit(batch));
    const failed = {
      status: "rejected",
      reason: expect.objectContaining({ code: "STORE_FAILED" }),
    };
    expect(await Promise.allSettled(sent)).toEqual([failed, failed]);
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("does not affect the next commit", async () => {
    const store = await opened(newPath());
    await store.commit(batchOf({ inserted: [message(1)] }));
    await expect(
      store.commit(batchOf({ inserted: [message(2), message(1)] })),
    ).rejects.toMatchObject({ code: "STORE_FAILED" });
    await store.commit(batchOf({ inserted: [message(3)] }));
    expect(store.readMessages(0, 10)).toEqual([message(1), message(3)]);
    await store.close();
  });
});

describe("a thread that has ended", () => {
  test("rejects its pending requests and all later ones", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    const writer = new SqliteWriter({
      file: path,
      durability: "relaxed",
      owner: ownerOf(path),
      files: [],
      lastCommit: undefined,
    });
    await writer.checkpoint();
    const lock = lockDatabase(path);
    const pending = Promise.allSettled([
      writer.apply(encodeBatch(batchOf({ inserted: [message(1)] }))),
      writer.checkpoint(),
    ]);
    await endAll(threads);
    const refused = { status: "rejected", reason: new Error("the writer thread has ended") };
    expect([...(await pending), ...(await Promise.allSettled([writer.checkpoint()]))]).toEqual([
      refused,
      refused,
      refused,
    ]);
    lock.close();
    await writer.close();
    await store.close();
  });

  test("fails pending and later commits with STORE_FAILED; the store can be closed and reopened", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    await store.commit(batchOf({}));
    const lock = lockDatabase(path);
    const commit = store
      .commit(batchOf({ inserted: [message(1)] }))
      .catch((error: unknown) => error);
    await endAll(threads);
    lock.close();
    expect(await commit).toMatchObject({ code: "STORE_FAILED", details: { path } });
    await expect(store.commit(batchOf({ inserted: [message(2)] }))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    await store.close();
    await store.open();
    await store.commit(batchOf({ inserted: [message(3)] }));
    expect(store.readMessages(2, 10)).toEqual([message(3)]);
    await store.close();
  });

  test("stops the engine, which can be closed and restarted", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = byThread(sqlite(path, { durability: "relaxed" }));
    const engine = await embedded({ functions: [echo], store });
    await engine.client.start(echo, "kept", { key: "kept" });
    const lock = lockDatabase(path);
    const refused = Promise.allSettled([
      engine.client.start(echo, "a"),
      engine.client.call(echo, "b"),
    ]);
    await endAll(threads);
    lock.close();
    const failed = {
      status: "rejected",
      reason: expect.objectContaining({ code: "STORE_FAILED" }),
    };
    expect(await refused).toEqual([failed, failed]);
    await expect(engine.client.call(echo, "c")).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(() => engine.deadLetters()).toThrow("STORE_FAILED");
    await engine.close();
    const again = await embedded({ functions: [echo], store });
    expect(await again.client.flow("kept").result()).toBe("kept");
    expect(await again.client.call(echo, "d")).toBe("d");
    await again.close();
  });

  /** Locks the database, so that the thread waits until it is ended. */
  const lockDatabase = (path: string): DatabaseSync => {
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    return other;
  };

  /** Ends all threads. */
  const endAll = async (threads: readonly Worker[]): Promise<void> => {
    expect(threads.length).toBeGreaterThan(0);
    await Promise.all(threads.map((thread) => thread.terminate()));
  };
});

describe("a thread that cannot be started", () => {
  /** Ends the next thread while it starts. */
  const endNext = (): void =>
    void process.once("worker", (worker: Worker) => void worker.terminate());

  test("leaves the commits to the event loop; a long log is the time to try again", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    endNext();
    await store.commit(batchOf({ inserted: [message(1)] }));
    await store.commit(batchOf({ inserted: [message(2)] }));
    expect(threads).toHaveLength(1);
    await store.commit(batchOf({ removed: [2], inserted: [sized(LONG, message(3))] }));
    await store.commit(batchOf({ inserted: [message(4)] }));
    expect(threads).toHaveLength(2);
    expect(store.readMessages(0, 10)).toEqual([message(1), sized(LONG, message(3)), message(4)]);
    await store.close();
    expect((await store.open()).generation).toBe(2);
    await store.close();
  });

  test("because the system refuses one does no harm", async () => {
    const store = await opened(newPath());
    // The constructor is called when a thread is started.
    vi.spyOn(globalThis, "URL").mockImplementationOnce(() => {
      throw new Error("no more threads");
    });
    await store.commit(batchOf({ inserted: [message(1)] }));
    await store.commit(batchOf({ inserted: [message(2)] }));
    expect(store.readMessages(0, 10)).toEqual([message(1), message(2)]);
    await store.close();
  });

  test("because it cannot open the file does no harm", async () => {
    const path = newPath();
    const store = await opened(path);
    // The store itself is open by then.
    vi.spyOn(SqliteWriter.prototype, "apply").mockImplementationOnce((packed) =>
      new SqliteWriter({
        file: join(path, "nowhere"),
        durability: "strict",
        owner: ownerOf(path),
        files: [],
        lastCommit: undefined,
      }).apply(packed),
    );
    await store.commit(batchOf({ inserted: [message(1)] }));
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("does not keep a store from closing", async () => {
    const store = await opened(newPath());
    endNext();
    const commit = store.commit(batchOf({ inserted: [message(1)] })).catch(() => undefined);
    await store.close();
    await commit;
    expect((await store.open()).generation).toBe(2);
    await store.close();
  });
});

describe("a thread that is closing", () => {
  test("serves its pending requests and rejects new ones", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    const writer = new SqliteWriter({
      file: path,
      durability: "relaxed",
      owner: ownerOf(path),
      files: [],
      lastCommit: undefined,
    });
    const applied = writer.apply(encodeBatch(batchOf({ inserted: [message(1)] })));
    const closed = writer.close();
    await expect(writer.checkpoint()).rejects.toThrow("the writer thread is closing");
    await Promise.all([applied, closed]);
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("stops releasing pages when the store is closed, which records a clean close", async () => {
    const path = newPath();
    const store = await opened(path);
    const checkpoint = vi.spyOn(SqliteWriter.prototype, "checkpoint");
    const step = Promise.withResolvers<boolean>();
    const release = vi
      .spyOn(SqliteWriter.prototype, "releaseFreePages")
      .mockReturnValueOnce(step.promise);
    await store.commit(batchOf({ inserted: [sized(LONG, message(1))] }));
    await vi.waitFor(() => expect(release).toHaveBeenCalledOnce(), 30_000);
    const closed = store.close(true);
    step.resolve(true);
    await closed;
    expect(checkpoint).toHaveBeenCalledOnce();
    expect((await store.open()).clean).toBe(true);
    await store.close();
  });
});

describe("while the thread commits", () => {
  test("the event loop continues", async () => {
    const store = await opened(newPath());
    await store.commit(batchOf({ inserted: [message(1)] }));
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await store.commit(batchOf({ inserted: [sized(4_000_000, message(2))] }));
    isOver = true;
    expect(turns).toBeGreaterThan(5);
    await store.close();
  });

  test("the event loop handles other events between replies, even if they arrive fast", async () => {
    const path = newPath();
    await (await opened(path)).close();
    const writer = new SqliteWriter({
      file: path,
      durability: "relaxed",
      owner: ownerOf(path),
      files: [],
      lastCommit: undefined,
    });
    await writer.apply(encodeBatch(batchOf({})));
    const perTurn: number[] = [];
    let inTurn = 0;
    let left = 60;
    const turn = (): void => {
      perTurn.push(inTurn);
      inTurn = 0;
      if (left > 0) setTimeout(turn);
    };
    setTimeout(turn);
    const applyAll = async (): Promise<void> => {
      while (left-- > 0) {
        await writer.apply(encodeBatch(batchOf({})));
        inTurn++;
        // Long enough for the next reply to arrive.
        for (const end = performance.now() + 3; performance.now() < end;);
      }
    };
    await Promise.all([applyAll(), applyAll()]);
    await writer.close();
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(3);
  });

  test("a read after its promise resolves sees the commit, even after many reads just before", async () => {
    const store = await opened(newPath());
    await store.commit(batchOf({ values: [added(row(1, "v", "old"))] }));
    await store.commit(batchOf({ inserted: [message(1)] }));
    // All reads in a turn of the event loop share one transaction. In this turn it lasts until the
    // reply of the thread arrives.
    await new Promise(setImmediate);
    expect(store.readState(A)).toMatchObject([row(1, "v", "old")]);
    const committed = store.commit(batchOf({ values: [updated(row(1, "v", "new"))] }));
    blockEventLoop(200);
    await committed;
    expect(store.readState(A)).toMatchObject([row(1, "v", "new")]);
    await store.close();
  });

  test("closing the store waits for the commit", async () => {
    const path = newPath();
    const store = await opened(path);
    const events: string[] = [];
    const commit = store
      .commit(batchOf({ inserted: [sized(4_000_000, message(1))] }))
      .then(() => events.push("committed"));
    const closed = store.close().then(() => events.push("closed"));
    // The store keeps its lock until then.
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await Promise.all([commit, closed]);
    expect(events).toEqual(["committed", "closed"]);
    const next = await opened(path);
    expect(next.count().messages).toBe(1);
    await next.close();
  });

  test("closing an engine waits for the commit and ends the thread", async () => {
    const threads = startedThreads();
    const store = byThread(sqlite(newPath(), { durability: "relaxed" }));
    const engine = await embedded({ functions: [echo], store });
    const started = engine.client.start(echo, "x".repeat(1_000_000), { key: "k" });
    await engine.close();
    await started;
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
    await store.open();
    expect(store.count().state).toBeGreaterThan(0);
    await store.close();
  });

  test("the process stays alive; an idle or ended thread does not keep it alive", () => {
    const commits = `for (const seq of [1, 2, 3]) {
      await store.commit(batchOf({ inserted: [message(seq)] }));
      print("committed", seq);
    }`;
    const printed = ["committed 1", "committed 2", "committed 3"];
    expect(runProgram(commits, newPath())).toEqual(printed);
    expect(runProgram(`${commits} await store.close(); print("closed");`, newPath())).toEqual([
      ...printed,
      "closed",
    ]);
  });
});

describe("a long log", () => {
  const long = (seq: number) =>
    batchOf({ removed: [seq - 1], inserted: [sized(LONG, message(seq))] });

  test("is copied into the file while the store is open, and restarts", async () => {
    const path = newPath();
    const store = await opened(path);
    for (let seq = 1; seq <= 5; seq++) await store.commit(long(seq));
    // The thread serves requests in order, so the checkpoint has finished.
    await store.commit(batchOf({}));
    expect(statSync(path).size).toBeGreaterThan(LONG);
    expect(statSync(`${path}-wal`).size).toBeLessThan(2.5 * LONG);
    expect(store.readMessages(0, 10)).toEqual([sized(LONG, message(5))]);
    await store.close();
  });

  test.each([
    ["on the event loop", onEventLoop],
    ["in the thread", byThread],
  ] as const)(
    "that cannot be copied fails the next commits (%s), until the store is reopened",
    async (_, forced) => {
      const path = newPath();
      const store = await opened(path, forced);
      const failure = Object.assign(new Error("disk I/O error"), { errcode: 10 });
      const checkpoint = vi
        .spyOn(SqliteWriter.prototype, "checkpoint")
        .mockRejectedValueOnce(failure);
      await store.commit(long(1));
      expect(checkpoint).toHaveBeenCalledOnce();
      // The next commit rejects once the failure has arrived.
      await new Promise(setImmediate);
      for (const seq of [2, 3]) {
        await expect(store.commit(long(seq))).rejects.toMatchObject({
          code: "STORE_FAILED",
          details: { path },
          cause: failure,
        });
      }
      expect(store.readMessages(0, 10)).toEqual([sized(LONG, message(1))]);
      await store.close();
      await store.open();
      await store.commit(long(2));
      expect(store.readMessages(0, 10)).toEqual([sized(LONG, message(2))]);
      await store.close();
    },
  );

  test("that cannot be copied to a full disk stays; commits go on, and a later checkpoint copies it", async () => {
    const store = await opened(newPath());
    const checkpoint = vi.spyOn(SqliteWriter.prototype, "checkpoint");
    checkpoint.mockRejectedValueOnce(
      Object.assign(new Error("database or disk is full"), { errcode: 13 }),
    );
    for (let seq = 1; seq <= 3; seq++) await store.commit(long(seq));
    await store.commit(batchOf({}));
    expect(checkpoint.mock.settledResults.map(({ type }) => type)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(store.readMessages(0, 10)).toEqual([sized(LONG, message(3))]);
    await store.close();
  });

  test("that cannot be copied stops the engine at the next commit", async () => {
    const engine = await embedded({ functions: [echo], store: sqlite(newPath()) });
    vi.spyOn(SqliteWriter.prototype, "checkpoint").mockRejectedValueOnce(
      Object.assign(new Error("disk I/O error"), { errcode: 10 }),
    );
    const next = engine.client.call(echo, "x".repeat(LONG));
    await expect(next.then(() => engine.client.call(echo, "later"))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    await expect(engine.client.status("any")).rejects.toMatchObject({ code: "STORE_FAILED" });
    await engine.close();
  });

  test("that the system refuses to copy is STORE_FAILED at the next commit, and nothing is lost", async () => {
    const path = newPath();
    const before = await opened(path);
    await before.commit(batchOf({ inserted: [sized(30_000_000, message(1))] }));
    await before.close();
    // The log fits below the limit, and the end of the file lies beyond it, with blocks of 512 or
    // 1,024 bytes.
    const printed = runProgram(
      `let seq = 2;
      try {
        for (; seq < 6; seq++) await store.commit(batchOf({ inserted: [sized(seq === 2 ? ${LONG} : 10, message(seq))] }));
      } catch (error) {
        print(error.code, seq);
      }
      await store.close();`,
      path,
      { fileLimit: "24000" },
    );
    expect(printed).toEqual([expect.stringMatching(/^STORE_FAILED [34]$/)]);
    const store = await opened(path);
    const failed = Number(printed[0]?.slice(-1));
    expect(store.readMessages(0, 10).map(({ seq }) => seq)).toEqual(
      [1, 2, 3, 4].slice(0, failed - 1),
    );
    expect(store.readMessages(1, 1)).toEqual([sized(LONG, message(2))]);
    expect(store.readState(A)).toEqual([]);
    await store.close();
  });
});
