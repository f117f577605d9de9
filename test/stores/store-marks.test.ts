import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { memory } from "../../src/stores/memory/memory.ts";
import { sqlite } from "../../src/stores/sqlite/sqlite.ts";
import type { Store } from "../../src/stores/store.ts";
import { batchOf, envelope, message } from "./support/batches.ts";
import { byThread } from "./support/by-thread.ts";
import { onEventLoop } from "./support/on-event-loop.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const newPath = (): string => join(temporaryDirectory(), "s.db");
const letter = (number: number) => ({
  envelope: envelope(number),
  failure: { message: `why ${number}` },
  at: number,
});

const PLACES: readonly (readonly [name: string, make: () => () => Store])[] = [
  [
    "memory()",
    () => {
      const store = memory();
      return () => store;
    },
  ],
  [
    "sqlite()",
    () => {
      const path = newPath();
      return () => onEventLoop(sqlite(path));
    },
  ],
  [
    "sqlite() whose thread writes",
    () => {
      const path = newPath();
      return () => byThread(sqlite(path));
    },
  ],
];

describe.each(PLACES)("%s", (_, make) => {
  test("tells whether it was closed as one that is whole; a new one was", async () => {
    const rowId = make();
    const told: boolean[] = [];
    for (const clean of [true, false, undefined, true, undefined]) {
      const store = rowId();
      told.push((await store.open()).clean);
      await store.commit(batchOf({ inserted: [message(told.length)] }));
      await store.close(clean);
      // A second call says nothing more.
      await store.close(clean !== true);
    }
    expect(told).toEqual([true, true, false, false, true]);
    expect((await rowId().open()).clean).toBe(false);
  });

  test("keeps the last mark of each message, over openings that are not clean", async () => {
    const rowId = make();
    let store = rowId();
    await store.open();
    const marks = [9, 2, 5].map((seq) => ({ seq, crashes: 1 }));
    await store.commit(batchOf({ marks }));
    await store.commit(
      batchOf({
        marks: [
          { seq: 2, crashes: 3 },
          { seq: 5, crashes: 0 },
          { seq: 7, crashes: 0 },
        ],
      }),
    );
    await store.close();
    store = rowId();
    expect((await store.open()).marks).toEqual([
      { seq: 2, crashes: 3 },
      { seq: 9, crashes: 1 },
    ]);
    await store.close(true);
    store = rowId();
    expect((await store.open()).marks).toEqual([]);
    await store.close();
  });

  test("finds dead letters by their messages, and takes them away", async () => {
    const store = make()();
    await store.open();
    await store.commit(batchOf({ dead: [letter(1), letter(2), letter(3)] }));
    expect(store.readDeadLetter(letter(2).envelope.id)).toEqual(letter(2));
    expect(store.readDeadLetter("nobody")).toBeUndefined();
    await store.commit(
      batchOf({ deletedDeadLetters: [letter(2).envelope.id, "nobody"], inserted: [message(8)] }),
    );
    expect(store.readDeadLetter(letter(2).envelope.id)).toBeUndefined();
    expect(store.readDeadLetters(10)).toEqual([letter(1), letter(3)]);
    // What is taken away may come again in the same batch.
    await store.commit(batchOf({ deletedDeadLetters: [letter(1).envelope.id], dead: [letter(1)] }));
    expect(store.readDeadLetters(10)).toEqual([letter(3), letter(1)]);
    expect(store.count()).toMatchObject({ messages: 1, dead: 2 });
    await store.close();
  });
});

test("a SQLite store that cannot write that it is whole closes all the same, and is taken for one that is not", async () => {
  const path = newPath();
  const store = sqlite(path);
  await store.open();
  await store.commit(batchOf({ inserted: [message(1)], marks: [{ seq: 1, crashes: 1 }] }));
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  await store.close(true);
  other.exec("ROLLBACK");
  other.close();
  const next = sqlite(path);
  expect(await next.open()).toMatchObject({ clean: false, marks: [{ seq: 1, crashes: 1 }] });
  expect(next.readMessages(0, 10)).toEqual([message(1)]);
  await next.close();
});
