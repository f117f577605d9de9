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
import { startedThreads } from "../support/started-threads.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

// Processes and threads take their time to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const newPath = (): string => join(temporaryDirectory(), "s.db");
const echo = fn("test/echo", (_, input: string) => input);

/** A text that makes the log so long that it is taken over into the file. */
const LONG = 9_000_000;

/** What commits begin with in a child process. */
const PRELUDE = `
  const { sqlite } = await import(${JSON.stringify(new URL("../../../src/stores/sqlite/sqlite.ts", import.meta.url).href)});
  const { batchOf, message, sized } = await import(${JSON.stringify(new URL("../support/batches.ts", import.meta.url).href)});
  const { byThread } = await import(${JSON.stringify(new URL("../support/by-thread.ts", import.meta.url).href)});
  const [path, where] = process.argv.slice(1);
  const relaxed = sqlite(path, { durability: "relaxed" });
  const store = where === "thread" ? byThread(relaxed) : relaxed;
  if (where === "event loop") performance.now = () => 0;
  const say = (...words) => process.stdout.write(words.join(" ") + "\\n");
  await store.open();
`;

/** Runs a program in a process of its own, which must end by itself; gives what it said. `fileLimit`: the size of a file, in blocks. */
function run(
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
  expect({ status: child.status, said: child.stderr }).toEqual({ status: 0, said: "" });
  return child.stdout.trim().split("\n");
}

/** Keeps the event loop busy. */
function block(ms: number): void {
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
      // As in a store that is too large to be looked at as a whole.
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

  test("for what is in the batch gives the same error as on the event loop", async () => {
    const path = newPath();
    const twice = (store: Store) => store.commit(batchOf({ inserted: [message(3)] }));
    const [onLoop, inThread] = await outcomes(path, () => undefined, twice);
    expect(inThread).toEqual(onLoop);
    expect(onLoop).toMatchObject({ code: "STORE_FAILED", details: { path }, errcode: 1555 });
  });

  test("for a damaged page gives the same error as on the event loop", async () => {
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
    const write = (store: Store) => store.commit(batchOf({ state: [added(row(1, "x", 1))] }));
    const [onLoop, inThread] = await outcomes(path, damage, write);
    expect(inThread).toEqual(onLoop);
    expect(onLoop).toMatchObject({ code: "STORE_CORRUPT", details: { file: path } });
  });

  test.each(["event loop", "thread"])(
    "because the system does not write (%s) is STORE_FAILED; all before it is there, and the store opens again",
    async (where) => {
      const path = newPath();
      const [code, committed, counted] = run(
        `for (let seq = 1; ; seq++) {
        try {
          await store.commit(batchOf({ inserted: [sized(5000, message(seq))] }));
        } catch (error) {
          say(error.code);
          say(seq - 1);
          say(store.count().messages);
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

  test("fails the one that was handed over behind it, which does not happen, and no other", async () => {
    const store = await opened(newPath());
    expect(store.queuesFrom).toBeUndefined();
    await store.commit(batchOf({ inserted: [message(1)] }));
    // That took as long as it takes to start a thread.
    await vi.waitFor(async () => {
      await store.commit(batchOf({}));
      expect(store.queuesFrom).toBeGreaterThan(0);
    }, 30_000);
    const handed = [batchOf({ inserted: [message(1)] }), batchOf({ inserted: [message(2)] })].map(
      (batch) => store.commit(batch),
    );
    const failed = {
      status: "rejected",
      reason: expect.objectContaining({ code: "STORE_FAILED" }),
    };
    expect(await Promise.allSettled(handed)).toEqual([failed, failed]);
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await Promise.all([
      store.commit(batchOf({ inserted: [message(3)] })),
      store.commit(batchOf({ inserted: [message(4)] })),
    ]);
    expect(store.readMessages(0, 10)).toEqual([message(1), message(3), message(4)]);
    await store.close();
  });

  test("fails it though the event loop could commit it at once", async () => {
    const path = newPath();
    const store = sqlite(path, { durability: "relaxed" });
    await store.open();
    // So many that the thread has to.
    const many = Array.from({ length: 1_000 }, (_, index) => -1 - index);
    await store.commit(batchOf({ removed: many, inserted: [message(1)] }));
    const handed = [
      batchOf({ removed: many, inserted: [message(1)] }),
      batchOf({ inserted: [message(2)] }),
    ].map((batch) => store.commit(batch));
    const failed = {
      status: "rejected",
      reason: expect.objectContaining({ code: "STORE_FAILED" }),
    };
    expect(await Promise.allSettled(handed)).toEqual([failed, failed]);
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("leaves the thread fit for the next one", async () => {
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

describe("a thread that ends", () => {
  test("rejects what it was asked, and what it is asked later", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    const writer = new SqliteWriter({ file: path, durability: "relaxed" });
    await writer.checkpoint();
    const lock = locked(path);
    const asked = Promise.allSettled([
      writer.apply(encodeBatch(batchOf({ inserted: [message(1)] }))),
      writer.checkpoint(),
    ]);
    await ended(threads);
    const refused = { status: "rejected", reason: new Error("the writer thread has ended") };
    expect([...(await asked), ...(await Promise.allSettled([writer.checkpoint()]))]).toEqual([
      refused,
      refused,
      refused,
    ]);
    lock.close();
    await writer.close();
    await store.close();
  });

  test("is STORE_FAILED for whoever waits for a commit, and for every later one; the store can be closed, and opened again", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    await store.commit(batchOf({}));
    const lock = locked(path);
    const commit = store
      .commit(batchOf({ inserted: [message(1)] }))
      .catch((error: unknown) => error);
    await ended(threads);
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

  test("stops the engine, which can be closed; started again, it goes on", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = byThread(sqlite(path, { durability: "relaxed" }));
    const engine = await embedded({ functions: [echo], store });
    await engine.client.start(echo, "kept", { key: "kept" });
    const lock = locked(path);
    const refused = Promise.allSettled([
      engine.client.start(echo, "a"),
      engine.client.call(echo, "b"),
    ]);
    await ended(threads);
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

  /** Keeps a thread that writes waiting, so that it is ended before it is done; closing it lets go. */
  const locked = (path: string): DatabaseSync => {
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    return other;
  };

  /** Ends every thread there is. */
  const ended = async (threads: readonly Worker[]): Promise<void> => {
    expect(threads.length).toBeGreaterThan(0);
    await Promise.all(threads.map((thread) => thread.terminate()));
  };
});

describe("a thread that cannot be started", () => {
  /** Ends the next thread as it is started. */
  const endNext = (): void =>
    void process.once("worker", (worker: Worker) => void worker.terminate());

  test("leaves the commits to the event loop; it is tried again when the log has become long", async () => {
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

  test("because the system grants none does no harm either", async () => {
    const store = await opened(newPath());
    // Read when a thread is started.
    vi.spyOn(globalThis, "URL").mockImplementationOnce(() => {
      throw new Error("no more threads");
    });
    await store.commit(batchOf({ inserted: [message(1)] }));
    await store.commit(batchOf({ inserted: [message(2)] }));
    expect(store.readMessages(0, 10)).toEqual([message(1), message(2)]);
    await store.close();
  });

  test("because it cannot open the file does no harm either", async () => {
    const path = newPath();
    const store = await opened(path);
    // Read when a thread is started; the store itself is open by then.
    vi.spyOn(SqliteWriter.prototype, "apply").mockImplementationOnce((packed) =>
      new SqliteWriter({ file: join(path, "nowhere"), durability: "strict" }).apply(packed),
    );
    await store.commit(batchOf({ inserted: [message(1)] }));
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("is nothing that closing a store could fail of", async () => {
    const store = await opened(newPath());
    endNext();
    const commit = store.commit(batchOf({ inserted: [message(1)] })).catch(() => undefined);
    await store.close();
    await commit;
    expect((await store.open()).generation).toBe(2);
    await store.close();
  });
});

describe("a thread that is being ended", () => {
  test("has done what it was asked, and is asked nothing more", async () => {
    const threads = startedThreads();
    const path = newPath();
    const store = await opened(path);
    const writer = new SqliteWriter({ file: path, durability: "relaxed" });
    const applied = writer.apply(encodeBatch(batchOf({ inserted: [message(1)] })));
    const closed = writer.close();
    await expect(writer.checkpoint()).rejects.toThrow("the writer thread is closing");
    await Promise.all([applied, closed]);
    expect(threads.map(({ threadId }) => threadId)).toEqual([-1]);
    expect(store.readMessages(0, 10)).toEqual([message(1)]);
    await store.close();
  });

  test("gives no more pages back when the store is closed meanwhile; the store is closed as one that is whole", async () => {
    const path = newPath();
    const store = await opened(path);
    const checkpoint = vi.spyOn(SqliteWriter.prototype, "checkpoint");
    const given = Promise.withResolvers<boolean>();
    const release = vi
      .spyOn(SqliteWriter.prototype, "releaseFreePages")
      .mockReturnValueOnce(given.promise);
    await store.commit(batchOf({ inserted: [sized(LONG, message(1))] }));
    await vi.waitFor(() => expect(release).toHaveBeenCalledOnce(), 30_000);
    const closed = store.close(true);
    given.resolve(true);
    await closed;
    expect(checkpoint).toHaveBeenCalledOnce();
    expect((await store.open()).clean).toBe(true);
    await store.close();
  });
});

describe("while its thread commits", () => {
  test("the event loop goes on", async () => {
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

  test("the event loop has its turn between one reply and the next, however fast they come", async () => {
    const path = newPath();
    await (await opened(path)).close();
    const writer = new SqliteWriter({ file: path, durability: "relaxed" });
    await writer.apply(encodeBatch(batchOf({})));
    const heard: number[] = [];
    let inTurn = 0;
    let left = 60;
    const turn = (): void => {
      heard.push(inTurn);
      inTurn = 0;
      if (left > 0) setTimeout(turn);
    };
    setTimeout(turn);
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        await writer.apply(encodeBatch(batchOf({})));
        inTurn++;
        // So long that the next reply is there.
        for (const end = performance.now() + 3; performance.now() < end;);
      }
    };
    await Promise.all([lane(), lane()]);
    await writer.close();
    expect(Math.max(...heard)).toBeLessThanOrEqual(3);
  });

  test("what is read once it has been heard of is what it left, though much was read just before", async () => {
    const store = await opened(newPath());
    await store.commit(batchOf({ state: [added(row(1, "v", "old"))] }));
    await store.commit(batchOf({ inserted: [message(1)] }));
    // What is read in a turn of the event loop is one transaction, which ends with it: here, after the thread's reply has been heard.
    await new Promise(setImmediate);
    expect(store.readState(A)).toMatchObject([row(1, "v", "old")]);
    const committed = store.commit(batchOf({ state: [updated(row(1, "v", "new"))] }));
    block(200);
    await committed;
    expect(store.readState(A)).toMatchObject([row(1, "v", "new")]);
    await store.close();
  });

  test("a store that is closed waits for it", async () => {
    const path = newPath();
    const store = await opened(path);
    const said: string[] = [];
    const commit = store
      .commit(batchOf({ inserted: [sized(4_000_000, message(1))] }))
      .then(() => said.push("committed"));
    const closed = store.close().then(() => said.push("closed"));
    // The lock is held until then.
    await expect(sqlite(path).open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    await Promise.all([commit, closed]);
    expect(said).toEqual(["committed", "closed"]);
    const next = await opened(path);
    expect(next.count().messages).toBe(1);
    await next.close();
  });

  test("an engine that is closed waits for it, and ends its thread", async () => {
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

  test("the process lives on, and no longer: neither an idle thread nor one that was ended keeps it alive", () => {
    const commits = `for (const seq of [1, 2, 3]) {
      await store.commit(batchOf({ inserted: [message(seq)] }));
      say("committed", seq);
    }`;
    const said = ["committed 1", "committed 2", "committed 3"];
    expect(run(commits, newPath())).toEqual(said);
    expect(run(`${commits} await store.close(); say("closed");`, newPath())).toEqual([
      ...said,
      "closed",
    ]);
  });
});

describe("a log that has become long", () => {
  const long = (seq: number) =>
    batchOf({ removed: [seq - 1], inserted: [sized(LONG, message(seq))] });

  test("is taken over into the file while the store is open, and begins anew", async () => {
    const path = newPath();
    const store = await opened(path);
    for (let seq = 1; seq <= 5; seq++) await store.commit(long(seq));
    // What the thread is asked, it does in turn.
    await store.commit(batchOf({}));
    expect(statSync(path).size).toBeGreaterThan(LONG);
    expect(statSync(`${path}-wal`).size).toBeLessThan(2.5 * LONG);
    expect(store.readMessages(0, 10)).toEqual([sized(LONG, message(5))]);
    await store.close();
  });

  test.each([
    ["on the event loop", onEventLoop],
    ["by the thread", byThread],
  ] as const)(
    "and cannot be taken over fails the next commit (%s), until the store is opened anew",
    async (_, forced) => {
      const path = newPath();
      const store = await opened(path, forced);
      const failure = Object.assign(new Error("disk I/O error"), { errcode: 10 });
      const checkpoint = vi
        .spyOn(SqliteWriter.prototype, "checkpoint")
        .mockRejectedValueOnce(failure);
      await store.commit(long(1));
      expect(checkpoint).toHaveBeenCalledOnce();
      // It is told with the next commit, once it is known.
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

  test("and cannot be taken over for lack of room stays where it is, and commits go on; it is tried again", async () => {
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

  test("and cannot be taken over stops the engine with the next commit", async () => {
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

  test("and that the system does not let be written into the file is STORE_FAILED with the next commit; nothing is lost", async () => {
    const path = newPath();
    const before = await opened(path);
    await before.commit(batchOf({ inserted: [sized(30_000_000, message(1))] }));
    await before.close();
    // The log has room below the limit, the end of the file lies beyond it, whether a block has 512 bytes or 1,024.
    const said = run(
      `let seq = 2;
      try {
        for (; seq < 6; seq++) await store.commit(batchOf({ inserted: [sized(seq === 2 ? ${LONG} : 10, message(seq))] }));
      } catch (error) {
        say(error.code, seq);
      }
      await store.close();`,
      path,
      { fileLimit: "24000" },
    );
    expect(said).toEqual([expect.stringMatching(/^STORE_FAILED [34]$/)]);
    const store = await opened(path);
    const failed = Number(said[0]?.slice(-1));
    expect(store.readMessages(0, 10).map(({ seq }) => seq)).toEqual(
      [1, 2, 3, 4].slice(0, failed - 1),
    );
    expect(store.readMessages(1, 1)).toEqual([sized(LONG, message(2))]);
    expect(store.readState(A)).toEqual([]);
    await store.close();
  });
});
