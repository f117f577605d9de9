import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { embedded, stateful, value } from "handback";
import { describe, expect, test } from "vitest";
import { verifyWal } from "../../../src/stores/sqlite/file/wal-verification.ts";
import { sqlite } from "../../../src/stores/sqlite/sqlite.ts";
import type { Durability } from "../../../src/stores/sqlite/connection/durability.ts";
import type { Store } from "../../../src/stores/store.ts";
import { messageChecksum } from "../../../src/stores/sqlite/tables/messages.ts";
import { SeededRandom } from "../../../src/testing/simulation/faults/seeded-random.ts";
import {
  A,
  added,
  batchOf,
  delayed,
  letter,
  message,
  row,
  scoped,
  sized,
  updated,
  watching,
} from "../support/batches.ts";
import { onEventLoop } from "../support/on-event-loop.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const FRAME = 24 + 4_096;
const startOf = (frame: number): number => 32 + (frame - 1) * FRAME;
const ENDS = ["", "-wal", "-shm"];

async function opened(path: string, durability: Durability = "strict"): Promise<Store> {
  const store = onEventLoop(sqlite(path, { durability }));
  await store.open();
  return store;
}

/** Commits rows to every table, in a few commits. */
async function fill(store: Store): Promise<void> {
  await store.commit(
    batchOf({
      inserted: [message(1), scoped("s", delayed(2, 100, "t")), delayed(3, 50)],
      values: [added(row(1, "x", 1, 70))],
    }),
  );
  await store.commit(
    batchOf({
      values: [updated(row(1, "x", 2, 80)), added(row(2, "y", "two"))],
      watched: [watching("s", "t")],
      addedDeadLetters: [letter(4)],
    }),
  );
  await store.commit(batchOf({ inserted: [message(5)], crashMarks: [{ seq: 5, crashes: 2 }] }));
  await store.commit(batchOf({ inserted: [message(6)] }));
}

/** Creates a filled store, and copies it as a killed process would leave it before it closes it. */
async function createStores(
  durability: Durability = "strict",
): Promise<{ readonly killed: string; readonly closed: string }> {
  const directory = temporaryDirectory();
  const [closed, killed] = [join(directory, "s.db"), join(directory, "k.db")];
  const store = await opened(closed, durability);
  await fill(store);
  for (const end of ENDS) copyFileSync(closed + end, killed + end);
  await store.close();
  return { killed, closed };
}

/** Copies a store with damage to one of its files. */
function damagedCopy(path: string, end: string, damage: (bytes: Buffer) => void): string {
  const copy = join(temporaryDirectory(), "s.db");
  for (const each of ENDS) if (existsSync(path + each)) copyFileSync(path + each, copy + each);
  const bytes = readFileSync(path + end);
  damage(bytes);
  writeFileSync(copy + end, bytes);
  return copy;
}

/** Reads everything from a store; returns the code of the error if that fails. */
async function contentOf(path: string): Promise<unknown> {
  const store = onEventLoop(sqlite(path));
  try {
    const { storeId, generation, nextSeq, nextRowId, clean, crashMarks } = await store.open();
    return {
      opened: { storeId, generation, nextSeq, nextRowId, clean, crashMarks },
      messages: store.readMessages(0, 100),
      delayed: store.readDelayed(1_000, 100),
      first: store.nextDueAt(),
      scope: store.readScope("s"),
      watches: store.readWatches("s"),
      state: store.readState(A),
      expired: store.readExpired(1_000, 100),
      dead: store.readDeadLetters(100),
      count: store.count(),
    };
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    await store.close();
  }
}

const REPORTED = ["STORE_CORRUPT", "STORE_OPEN_FAILED", "FORMAT_TOO_NEW"];
const flip = (at: number, bit: number) => (bytes: Buffer) =>
  void bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);

describe("a flipped bit has no effect or is reported:", () => {
  test("anywhere in a closed store", async () => {
    const { closed } = await createStores();
    const intact = await contentOf(damagedCopy(closed, "", () => undefined));
    const random = new SeededRandom(1);
    const used = usedBytes(closed);
    let reported = 0;
    for (let round = 0; round < 200; round++) {
      const at = used[random.below(used.length)] as number;
      const found = await contentOf(damagedCopy(closed, "", flip(at, random.below(8))));
      if (REPORTED.includes(found as string)) reported++;
      else expect({ at, found }).toEqual({ at, found: intact });
    }
    expect(reported).toBeGreaterThan(50);
  });

  test("anywhere in the log of a killed store, except in the last commit", async () => {
    const { killed } = await createStores();
    const intact = await contentOf(damagedCopy(killed, "", () => undefined));
    const log = readFileSync(`${killed}-wal`);
    const [last = 0] = commitsOf(log).slice(-2);
    const random = new SeededRandom(2);
    let reported = 0;
    for (let round = 0; round < 60; round++) {
      const at = random.below(startOf(last + 1));
      const found = await contentOf(damagedCopy(killed, "-wal", flip(at, random.below(8))));
      if (REPORTED.includes(found as string)) reported++;
      else expect({ at, found }).toEqual({ at, found: intact });
    }
    expect(reported).toBeGreaterThan(30);
  });
});

/** Returns the offsets of all bytes that are not zero, because most of a small store is empty. */
function usedBytes(path: string): readonly number[] {
  return [...readFileSync(path).entries()].flatMap(([at, byte]) => (byte === 0 ? [] : [at]));
}

/** Returns the frames that end commits. */
function commitsOf(log: Buffer): readonly number[] {
  const count = Math.floor((log.length - 32) / FRAME);
  return Array.from({ length: count }, (_, index) => index + 1).filter(
    (frame) => log.readUInt32BE(startOf(frame) + 4) > 0,
  );
}

describe("a row with a wrong checksum is STORE_CORRUPT, and the error names it:", () => {
  /** Changes rows with SQL and opens the store. */
  async function changed(sql: string): Promise<Store> {
    const { closed } = await createStores();
    const database = new DatabaseSync(closed);
    database.exec(sql);
    database.close();
    return opened(closed);
  }

  test.each<readonly [string, string, number | string, (store: Store) => unknown]>([
    [
      "UPDATE message SET payload = '2' WHERE seq = 5",
      "message",
      5,
      (store) => store.readMessages(0, 10),
    ],
    [
      "UPDATE message SET head = replace(head, ',', ' ,') WHERE seq = 5",
      "message",
      5,
      (store) => store.readMessages(0, 10),
    ],
    [
      "UPDATE message SET head = substr(head, 2), id = id || substr(head, 1, 1) WHERE seq = 5",
      "message",
      5,
      (store) => store.readMessages(0, 10),
    ],
    [
      "UPDATE message SET seq = 4 WHERE seq = 5",
      "message",
      4,
      (store) => store.readMessages(0, 10),
    ],
    [
      "UPDATE delayed SET due_at = 51 WHERE seq = 3",
      "delayed",
      3,
      (store) => store.readDelayed(100, 10),
    ],
    [
      "UPDATE delayed SET token = 'u' WHERE seq = 2",
      "delayed",
      2,
      (store) => store.readDelayed(100, 10),
    ],
    [
      "UPDATE delayed SET token = '', scope = 'ts' WHERE seq = 2",
      "delayed",
      2,
      (store) => store.readDelayed(100, 10),
    ],
    [
      "UPDATE delayed SET token = NULL WHERE seq = 2",
      "delayed",
      2,
      (store) => store.readScope("s"),
    ],
    [
      "UPDATE delayed SET scope = 'st' WHERE seq = 2",
      "delayed",
      2,
      (store) => store.readScope("s"),
    ],
    ["UPDATE state SET value = '1j3' WHERE place = 1", "state", 1, (store) => store.readState(A)],
    [
      "UPDATE state SET expires_at = NULL WHERE place = 1",
      "state",
      1,
      (store) => store.readState(A),
    ],
    ["UPDATE state SET name = 'z' WHERE place = 1", "state", 1, (store) => store.readState(A)],
    ["UPDATE state SET id = 'other' WHERE place = 1", "state", 1, (store) => store.readState(A)],
    ["UPDATE state SET type = 'other' WHERE place = 1", "state", 1, (store) => store.readState(A)],
    [
      "UPDATE state SET type = type || id, id = '' WHERE place = 1",
      "state",
      1,
      (store) => store.readExpired(100, 10),
    ],
    [
      "UPDATE state SET type = 'other' WHERE place = 1",
      "state",
      1,
      (store) => store.readExpired(100, 10),
    ],
    ["UPDATE watch SET id = 'other'", "watch", "s", (store) => store.readWatches("s")],
    ["UPDATE dead SET failure = '{}'", "dead", 1, (store) => store.readDeadLetters(10)],
    ["UPDATE dead SET at = 1", "dead", 1, (store) => store.readDeadLetter(letter(4).envelope.id)],
  ])("%s", async (sql, table, number, read) => {
    const store = await changed(sql);
    const details = { file: expect.any(String), table, row: number };
    expect(() => read(store)).toThrow(
      expect.objectContaining({
        code: "STORE_CORRUPT",
        details,
        message: expect.stringContaining(`row ${number} of table ${table}`),
      }),
    );
    await store.close();
  });

  test.each([
    "UPDATE meta SET generation = 0",
    "UPDATE meta SET clean = 1",
    "DELETE FROM meta",
    "UPDATE suspect SET crashes = 1",
  ])("%s, when the store is opened", async (sql) => {
    await expect(changed(sql)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });

  test("renaming states verifies them first", async () => {
    const store = await changed(`UPDATE state SET name = 'z' WHERE place = 1`);
    await expect(store.renameStates(A.type, "test/other")).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      details: { table: "state", row: 1 },
    });
    await store.close();
  });

  test("invalid text with a correct checksum", async () => {
    const { id } = message(5).envelope;
    const sum = messageChecksum(`${id}[}`, { seq: 5, id, head: "[" });
    const store = await changed(
      `UPDATE message SET head = '[', payload = '}', sum = ${sum} WHERE seq = 5`,
    );
    const details = { table: "message", row: 5 };
    expect(() => store.readMessages(0, 10)).toThrow(
      expect.objectContaining({ code: "STORE_CORRUPT", details: expect.objectContaining(details) }),
    );
    await store.close();
  });

  test("a row in a newer format is FORMAT_TOO_NEW instead", async () => {
    const { id } = message(5).envelope;
    const head = '[9,"t/f",0,"n",null,null]';
    const sum = messageChecksum(`${id}${head}1`, { seq: 5, id, head });
    const store = await changed(
      `UPDATE message SET head = '${head}', payload = '1', sum = ${sum} WHERE seq = 5`,
    );
    expect(() => store.readMessages(0, 10)).toThrow("FORMAT_TOO_NEW");
    await store.close();
  });
});

test("an index with a wrong key is STORE_CORRUPT when the store is opened", async () => {
  const { closed } = await createStores();
  const database = new DatabaseSync(closed);
  const page = Number(
    database.prepare("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'state_key'").get()?.[
      "page"
    ],
  );
  database.close();
  const copy = damagedCopy(closed, "", (bytes) => {
    const cell = bytes.readUInt16BE((page - 1) * 4_096 + 8);
    // Flips a bit in the last byte of the key in the first entry.
    flip((page - 1) * 4_096 + cell + 8, 0)(bytes);
  });
  await expect(opened(copy)).rejects.toMatchObject({
    code: "STORE_CORRUPT",
    details: { file: copy },
  });
});

test("a damaged value stops the engine with STORE_CORRUPT, and the engine can be closed", async () => {
  const path = join(temporaryDirectory(), "s.db");
  const box = stateful("test/box", {
    state: { held: value(0) },
    handlers: {
      put: (ctx, next: number) => void (ctx.state.held = next),
      get: (ctx) => ctx.state.held,
    },
  });
  const first = await embedded({ functions: [box], store: sqlite(path) });
  await first.client.call(box.put, 1, { id: "b" });
  await first.close();
  const database = new DatabaseSync(path);
  database.exec("UPDATE state SET value = '1j2' WHERE type = 'test/box'");
  database.close();
  const engine = await embedded({ functions: [box], store: sqlite(path) });
  await expect(engine.client.call(box.get, undefined, { id: "b" })).rejects.toMatchObject({
    code: "STORE_CORRUPT",
    details: { table: "state" },
  });
  await expect(engine.client.call(box.put, 3, { id: "c" })).rejects.toMatchObject({
    code: "STORE_CORRUPT",
  });
  await engine.close();
});

describe("a log", () => {
  test("with a damaged frame before the last commit is STORE_CORRUPT, which names the frame, and stays unchanged", async () => {
    const { killed } = await createStores();
    const commits = commitsOf(readFileSync(`${killed}-wal`));
    const frame = (commits.at(-3) as number) + 1;
    const copy = damagedCopy(killed, "-wal", flip(startOf(frame) + 1_000, 3));
    const before = readFileSync(`${copy}-wal`);
    const details = { file: copy, log: `${copy}-wal`, frame };
    await expect(sqlite(copy).open()).rejects.toMatchObject({ code: "STORE_CORRUPT", details });
    expect(readFileSync(`${copy}-wal`).equals(before)).toBe(true);
  });

  test("with a torn last commit loses that commit only, as after a power cut, and again after the next one", async () => {
    const path = join(temporaryDirectory(), "s.db");
    const store = await opened(path);
    await fill(store);
    const before = commitsOf(readFileSync(`${path}-wal`)).at(-1) as number;
    await store.commit(batchOf({ inserted: [sized(200_000, message(7))] }));
    // The index would show the damage. After a power cut it is missing.
    const torn = damagedCopy(path, "-wal", flip(startOf(before + 1) + 1_000, 3));
    writeFileSync(`${torn}-shm`, "");
    await store.close();
    const saltsOf = (log: string): Buffer => readFileSync(log).subarray(16, 24);
    const saltsBefore = saltsOf(`${torn}-wal`);
    const next = await opened(torn);
    expect(next.readMessages(0, 10)).toEqual([message(1), message(5), message(6)]);
    // The commit of this opening starts the log anew: if a power cut tears it too, the log must not
    // show two commits that seem to have been whole.
    expect(saltsOf(`${torn}-wal`)).not.toEqual(saltsBefore);
    // The remains of that commit must not count as a commit after the next one.
    await next.commit(batchOf({ inserted: [sized(20_000, message(7))] }));
    const again = damagedCopy(torn, "-wal", flip(startOf(2) + 1_000, 3));
    writeFileSync(`${again}-shm`, "");
    await next.close();
    expect(verifyWal(readFileSync(`${again}-wal`), Buffer.alloc(0)).damagedFrame).toBeUndefined();
    const last = await opened(again);
    expect(last.readMessages(0, 10)).toEqual([message(1), message(5), message(6)]);
    await last.close();
  });

  test("with a damaged last commit that its index counts as flushed is STORE_CORRUPT", async () => {
    const { killed } = await createStores();
    const last = commitsOf(readFileSync(`${killed}-wal`)).at(-1) as number;
    const copy = damagedCopy(killed, "-wal", flip(startOf(last) + 1_000, 3));
    await expect(sqlite(copy).open()).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      details: { frame: last },
    });
  });

  test("of a relaxed store may lose any number of last commits; the others are read, also by a strict store", async () => {
    const { killed } = await createStores("relaxed");
    const [first = 0] = commitsOf(readFileSync(`${killed}-wal`));
    const copy = damagedCopy(killed, "-wal", flip(startOf(first) + 1_000, 3));
    const store = await opened(copy);
    expect(store.readMessages(0, 10)).toEqual([]);
    await store.close();
  });

  test("with a damaged header is STORE_CORRUPT; an empty or zeroed one is not", async () => {
    const { killed } = await createStores();
    for (const at of [0, 5, 17, 25]) {
      const copy = damagedCopy(killed, "-wal", flip(at, 0));
      await expect(sqlite(copy).open()).rejects.toMatchObject({
        code: "STORE_CORRUPT",
        details: { frame: 0 },
      });
    }
    for (const length of [0, 20, 32, 10_000])
      expect(verifyWal(Buffer.alloc(length), Buffer.alloc(0))).toMatchObject({ hasRemains: false });
  });

  test("from a machine with the other byte order is verified too", async () => {
    const { killed } = await createStores();
    const log = readFileSync(`${killed}-wal`);
    const bigEndian = bigEndianLog(log);
    expect(bigEndian.equals(log)).toBe(false);
    expect(verifyWal(bigEndian, Buffer.alloc(0))).toMatchObject({
      damagedFrame: undefined,
      hasRemains: false,
    });
    flip(startOf(2) + 1_000, 3)(bigEndian);
    expect(verifyWal(bigEndian, Buffer.alloc(0))).toMatchObject({
      damagedFrame: 2,
      hasRemains: true,
    });
  });
});

/** Returns the same log with checksums over big-endian numbers. */
function bigEndianLog(log: Buffer): Buffer {
  const copy = Buffer.from(log);
  copy.writeUInt32BE(0x377f0683, 0);
  let sum: readonly [number, number] = [0, 0];
  const add = (from: number, to: number): void => {
    for (let at = from; at < to; at += 8) {
      const first = (sum[0] + copy.readUInt32BE(at) + sum[1]) >>> 0;
      sum = [first, (sum[1] + copy.readUInt32BE(at + 4) + first) >>> 0];
    }
  };
  const write = (at: number): void => {
    copy.writeUInt32BE(sum[0], at);
    copy.writeUInt32BE(sum[1], at + 4);
  };
  add(0, 24);
  write(24);
  for (let at = 32; at + FRAME <= copy.length; at += FRAME) {
    add(at, at + 8);
    add(at + 24, at + FRAME);
    write(at + 16);
  }
  return copy;
}
