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

const STORES: readonly (readonly [name: string, createContent: () => () => Store])[] = [
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
    "sqlite() with commits in its thread",
    () => {
      const path = newPath();
      return () => byThread(sqlite(path));
    },
  ],
];

describe.each(STORES)("%s", (_, createContent) => {
  test("reports whether it was closed cleanly, which is true of a new store", async () => {
    const storeOver = createContent();
    const reported: boolean[] = [];
    for (const clean of [true, false, undefined, true, undefined]) {
      const store = storeOver();
      reported.push((await store.open()).clean);
      await store.commit(batchOf({ inserted: [message(reported.length)] }));
      await store.close(clean);
      // A second call changes nothing.
      await store.close(clean !== true);
    }
    expect(reported).toEqual([true, true, false, false, true]);
    expect((await storeOver().open()).clean).toBe(false);
  });

  test("keeps the last crash mark of each message over unclean closes", async () => {
    const storeOver = createContent();
    let store = storeOver();
    await store.open();
    const crashMarks = [9, 2, 5].map((seq) => ({ seq, crashes: 1 }));
    await store.commit(batchOf({ crashMarks }));
    await store.commit(
      batchOf({
        crashMarks: [
          { seq: 2, crashes: 3 },
          { seq: 5, crashes: 0 },
          { seq: 7, crashes: 0 },
        ],
      }),
    );
    await store.close();
    store = storeOver();
    expect((await store.open()).crashMarks).toEqual([
      { seq: 2, crashes: 3 },
      { seq: 9, crashes: 1 },
    ]);
    await store.close(true);
    store = storeOver();
    expect((await store.open()).crashMarks).toEqual([]);
    await store.close();
  });

  test("finds dead letters by their messages, and deletes them", async () => {
    const store = createContent()();
    await store.open();
    await store.commit(batchOf({ addedDeadLetters: [letter(1), letter(2), letter(3)] }));
    expect(store.readDeadLetter(letter(2).envelope.id)).toEqual(letter(2));
    expect(store.readDeadLetter("missing")).toBeUndefined();
    await store.commit(
      batchOf({ deletedDeadLetters: [letter(2).envelope.id, "missing"], inserted: [message(8)] }),
    );
    expect(store.readDeadLetter(letter(2).envelope.id)).toBeUndefined();
    expect(store.readDeadLetters(10)).toEqual([letter(1), letter(3)]);
    // The same batch can delete a dead letter and add it again.
    await store.commit(
      batchOf({ deletedDeadLetters: [letter(1).envelope.id], addedDeadLetters: [letter(1)] }),
    );
    expect(store.readDeadLetters(10)).toEqual([letter(3), letter(1)]);
    expect(store.count()).toMatchObject({ messages: 1, dead: 2 });
    await store.close();
  });
});

test("a SQLite store that cannot record a clean close still closes, and the next opening reports an unclean one", async () => {
  const path = newPath();
  const store = sqlite(path);
  await store.open();
  await store.commit(batchOf({ inserted: [message(1)], crashMarks: [{ seq: 1, crashes: 1 }] }));
  const blocker = new DatabaseSync(path);
  blocker.exec("BEGIN IMMEDIATE");
  await store.close(true);
  blocker.exec("ROLLBACK");
  blocker.close();
  const next = sqlite(path);
  expect(await next.open()).toMatchObject({ clean: false, crashMarks: [{ seq: 1, crashes: 1 }] });
  expect(next.readMessages(0, 10)).toEqual([message(1)]);
  await next.close();
});
