import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatAddress } from "../../../src/core/message/address.ts";
import type { Address } from "../../../src/core/message/address.ts";
import type { Batch, Store, ScopeWatch } from "../../../src/stores/store.ts";
import {
  A,
  added,
  batchOf,
  delayed,
  encoded,
  envelope,
  deleted,
  letter,
  message,
  row,
  scoped,
  sized,
  updated,
  watching,
} from "./batches.ts";
import { ADDRESSES, batchFor, changes, LETTERS, SCOPES } from "./store-changes.ts";
import { showWatch, StoreModel } from "./store-model.ts";

/** Creates empty content for a store. Each call of the result returns a store with that content. */
export type CreateContent = () => () => Store;

/** Defines the tests that every store must pass. @param runs - runs of the property test */
export function storeCases(name: string, createContent: CreateContent, runs = 100): void {
  describe(`${name} as a store`, () => {
    let storeOver: () => Store;
    let store: Store;

    beforeEach(async () => {
      storeOver = createContent();
      store = storeOver();
      await store.open();
    });

    afterEach(() => store.close());

    const reopen = async () => {
      await store.close();
      store = storeOver();
      return store.open();
    };
    const commit = (batch: Partial<Batch>) => store.commit(batchOf(batch));

    test("keeps its id and counts its openings from 1", async () => {
      await store.close();
      store = createContent()();
      const other = await store.open();
      expect(other.generation).toBe(1);
      await store.close();
      store = storeOver();
      const second = await store.open();
      const third = await reopen();
      expect(second.generation).toBe(2);
      expect(third).toEqual({ ...second, generation: 3 });
      expect(other.storeId).not.toBe(third.storeId);
      expect(third.storeId).toMatch(/^[0-9a-f]{16}$/);
    });

    test("reports whether it was closed cleanly, and its crash marks if it was not", async () => {
      await commit({ inserted: [message(1), message(2), message(3)] });
      await commit({ crashMarks: [2, 1, 3].map((seq) => ({ seq, crashes: 1 })) });
      await commit({
        removed: [3],
        crashMarks: [
          { seq: 3, crashes: 0 },
          { seq: 2, crashes: 2 },
          { seq: 4, crashes: 0 },
        ],
      });
      const crashMarks = [
        { seq: 1, crashes: 1 },
        { seq: 2, crashes: 2 },
      ];
      expect(await reopen()).toMatchObject({ clean: false, crashMarks });
      await store.close();
      await store.close(true);
      expect(await reopen()).toMatchObject({ clean: false, crashMarks });
      await store.close(true);
      expect(await reopen()).toMatchObject({ clean: true, crashMarks: [] });
      expect(await reopen()).toMatchObject({ clean: false, crashMarks: [] });
      expect(store.readMessages(0, 10)).toEqual([message(1), message(2)]);
    });

    test("reports numbers above those of all stored messages, delayed ones included, and of all values", async () => {
      await commit({
        inserted: [message(5), delayed(9, 100)],
        values: [added(row(3, "x", 1)), added(row(7, "y", 1))],
      });
      expect(await reopen()).toMatchObject({ nextSeq: 10, nextRowId: 8 });
      await commit({ removedDelayed: [9], values: [deleted(7, "y")] });
      expect(await reopen()).toMatchObject({ nextSeq: 6, nextRowId: 4 });
    });

    test("a second opening is rejected and does not affect the first", async () => {
      await expect(storeOver().open()).rejects.toMatchObject({
        code: "STORE_LOCKED",
        retryable: true,
        details: { pid: process.pid },
      });
      await expect(store.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
      await commit({ inserted: [message(1)] });
      expect(store.readMessages(0, 10)).toEqual([message(1)]);
    });

    test("rejects calls before it is opened and after it is closed; a second close does nothing", async () => {
      await store.close();
      await store.close();
      await expect(commit({})).rejects.toMatchObject({ code: "CLOSED" });
      expect(() => store.readState(A)).toThrow("CLOSED");
      expect(() => store.readMessages(0, 1)).toThrow("CLOSED");
      expect(() => storeOver().count()).toThrow("CLOSED");
    });

    test("pages through deliverable messages in order of seq, without delayed ones", async () => {
      await commit({ inserted: [message(2), message(5), delayed(6, 1)] });
      await commit({ inserted: [message(7), delayed(8, 1), message(9)] });
      expect(store.readMessages(0, 2)).toEqual([message(2), message(5)]);
      expect(store.readMessages(5, 10)).toEqual([message(7), message(9)]);
      expect(store.readMessages(9, 10)).toEqual([]);
    });

    test("reads due messages in order of due time, then seq", async () => {
      expect(store.nextDueAt()).toBeUndefined();
      const [late, early, tied] = [delayed(1, 200), delayed(2, 100), delayed(3, 100)];
      await commit({ inserted: [late, early, tied, message(4)] });
      expect(store.nextDueAt()).toBe(100);
      expect(store.readDelayed(99, 10)).toEqual([]);
      expect(store.readDelayed(100, 10)).toEqual([early, tied]);
      expect(store.readDelayed(200, 2)).toEqual([early, tied]);
      expect(store.readDelayed(Number.MAX_SAFE_INTEGER, 10, 100)).toEqual([late]);
      expect(store.readDelayed(Number.MAX_SAFE_INTEGER, 10, 99)).toEqual([early, tied, late]);
      expect(store.readDelayed(Number.MAX_SAFE_INTEGER, 10)).toEqual([early, tied, late]);
      await commit({ removedDelayed: [early.seq, tied.seq] });
      expect(store.nextDueAt()).toBe(200);
    });

    test("cancels by token, and the same batch can reuse the token", async () => {
      await commit({ inserted: [delayed(1, 100, "t"), delayed(2, 100, "u"), delayed(3, 100)] });
      await commit({ cancelledTokens: ["t", "missing"], inserted: [delayed(4, 50, "t")] });
      expect(store.readDelayed(100, 10)).toEqual([
        delayed(4, 50, "t"),
        delayed(2, 100, "u"),
        delayed(3, 100),
      ]);
      await commit({ removedDelayed: [4], inserted: [delayed(5, 60, "t")] });
      expect(store.nextDueAt()).toBe(60);
    });

    test("ignores removals and updates of missing rows", async () => {
      await commit({
        inserted: [message(1), delayed(2, 100), message(3), delayed(4, 100)],
        values: [added(row(1, "x", 1))],
      });
      await commit({
        removed: [1, 7],
        removedDelayed: [2, 8],
        cancelledTokens: ["missing"],
        values: [deleted(2, "y"), updated(row(3, "z", 1))],
      });
      expect(store.readMessages(0, 10)).toEqual([message(3)]);
      expect(store.readDelayed(100, 10)).toEqual([delayed(4, 100)]);
      expect(store.readState(A)).toEqual([row(1, "x", 1)]);
    });

    test("finds delayed messages by the prefix of their scope, in order of seq", async () => {
      const [first, second] = [scoped("s", delayed(1, 100, "t")), scoped("s", delayed(3, 50))];
      const [nested, ready] = [scoped("s/0", delayed(2, 70)), scoped("s", message(4))];
      await commit({ inserted: [first, nested, second, ready, delayed(5, 10)] });
      await reopen();
      expect(store.readScope("s")).toEqual([first, nested, second]);
      expect(store.readScope("s/")).toEqual([nested]);
      expect(store.readScope("r")).toEqual([]);
      expect(store.readScope("s/00")).toEqual([]);
      await commit({ removedDelayed: [2], cancelledTokens: ["t"] });
      expect(store.readScope("s")).toEqual([second]);
    });

    test("finds watches by the prefix of their scope, each once, until they are removed", async () => {
      const other = { type: "test/b", id: "1\0" };
      const [one, two, nested] = [
        watching("s", "t"),
        watching("s", "u"),
        watching("s/0", "t", other),
      ];
      await commit({ watched: [one, two, nested, watching("r", "t")] });
      await commit({ watched: [one], unwatched: [watching("s", "missing"), watching("s/", "t")] });
      await reopen();
      expect(inOrder(store.readWatches("s"))).toEqual([one, two, nested]);
      expect(store.readWatches("s/")).toEqual([nested]);
      expect(store.readWatches("s/00")).toEqual([]);
      await commit({ unwatched: [one, two], watched: [two] });
      expect(inOrder(store.readWatches("s"))).toEqual([two, nested]);
      expect(store.count().watches).toBe(3);
    });

    test("finds a row next to one that is a hundred thousand times larger", async () => {
      const at = (id: string): Address => ({ type: "test/a", id });
      const large = {
        ...row(2, "x", 1),
        value: { content: { text: encoded("x".repeat(4_000_000)) } },
      };
      await commit({
        values: [
          added(row(1, "x", 1), at("1")),
          added(large, at("2")),
          added(row(3, "x", 1), at("3")),
        ],
        inserted: [message(1), sized(4_000_000, message(2))],
      });
      await reopen();
      expect(store.readState(at("1"))).toEqual([row(1, "x", 1)]);
      expect(store.readState(at("3"))).toEqual([row(3, "x", 1)]);
      expect(store.readMessages(0, 1)).toEqual([message(1)]);
      expect(store.readMessages(1, 1)).toEqual([sized(4_000_000, message(2))]);
    });

    test.each([
      ["a seq that exists", { inserted: [message(3), message(9)] }],
      ["a seq twice", { inserted: [message(9), message(9)] }],
      ["a token that exists", { inserted: [message(9), delayed(10, 1, "t")] }],
      ["a token twice", { inserted: [delayed(9, 1, "new"), delayed(10, 1, "new")] }],
    ])("rejects a batch that inserts %s, and applies nothing of it", async (_, wrong) => {
      await commit({
        inserted: [message(1), delayed(2, 100, "t"), message(3)],
        values: [added(row(1, "x", 1))],
      });
      const before = snapshot(store);
      const batch = {
        removed: [1],
        state: [updated(row(1, "x", 2)), added(row(2, "y", 2))],
        dead: [letter(7)],
        ...wrong,
      };
      await expect(commit(batch)).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(snapshot(store)).toEqual(before);
      await commit({ inserted: [message(9)] });
      await reopen();
      expect(store.count().messages).toBe(3);
    });

    test("keeps values by address and name, each under its row id", async () => {
      const other = { type: "test/a", id: "11" };
      await commit({
        values: [added(row(1, "x", 1)), added(row(2, "y", 2)), added(row(3, "x", 4), other)],
      });
      await commit({ values: [updated(row(1, "x", 3))] });
      expect(sorted(store.readState(A))).toEqual([row(1, "x", 3), row(2, "y", 2)]);
      await commit({ values: [deleted(1, "x"), added(row(4, "z", 5))] });
      expect(sorted(store.readState(A))).toEqual([row(2, "y", 2), row(4, "z", 5)]);
      await commit({ values: [added(row(5, "x", 6))] });
      expect(sorted(store.readState(A))).toEqual([row(5, "x", 6), row(2, "y", 2), row(4, "z", 5)]);
      expect(store.readState(other)).toEqual([row(3, "x", 4)]);
      expect(store.readState({ type: "test", id: "a1" })).toEqual([]);
    });

    test("keeps instances apart whose generated ids are similar", async () => {
      const [flow, hash] = [`${"0".repeat(15)}1`, "0".repeat(24)];
      const ids = [
        flow,
        `@${flow}`,
        flow + hash,
        `@${flow}${hash}`,
        `1${flow.slice(1)}`,
        `${flow}${"0".repeat(23)}1`,
      ];
      const values = ids.map((id, index) => added(row(index + 1, "x", id), { type: "test/a", id }));
      await commit({
        values: [...values, added(row(7, "x", "other"), { type: "test/b", id: flow })],
      });
      for (const { address, rowId, name, value } of values)
        expect(store.readState(address)).toEqual([{ rowId, name, value }]);
    });

    test("finds expired values by their latest write", async () => {
      await commit({
        values: [added(row(1, "x", 1, 100)), added(row(2, "y", 1, 50)), added(row(3, "z", 1))],
      });
      expect(store.readState(A)).toContainEqual(row(1, "x", 1, 100));
      expect(store.readExpired(49, 10)).toEqual([]);
      expect(store.readExpired(100, 10)).toEqual([
        { ...A, name: "y", rowId: 2 },
        { ...A, name: "x", rowId: 1 },
      ]);
      expect(store.readExpired(100, 1)).toEqual([{ ...A, name: "y", rowId: 2 }]);
      await commit({
        values: [
          updated(row(1, "x", 2, 300)),
          updated(row(2, "y", 2)),
          updated(row(3, "z", 2, 200)),
        ],
      });
      expect(store.readExpired(200, 10)).toEqual([{ ...A, name: "z", rowId: 3 }]);
      await commit({ values: [deleted(3, "z")] });
      expect(store.readExpired(200, 10)).toEqual([]);
    });

    test("renames states, except where the new type has values, and renamed values can be written", async () => {
      const at = (type: string, id: string): Address => ({ type, id });
      await commit({
        values: [
          added(row(1, "x", "old", 100), at("old/name", "1")),
          added(row(2, "x", "old"), at("old/name", "2")),
          added(row(3, "x", "new"), at("new/name", "2")),
        ],
      });
      await store.renameStates("old/name", "new/name");
      expect(store.readState(at("new/name", "1"))).toEqual([row(1, "x", "old", 100)]);
      expect(store.readState(at("new/name", "2"))).toEqual([row(3, "x", "new")]);
      expect(store.readState(at("old/name", "1"))).toEqual([]);
      expect(store.readExpired(100, 10)).toEqual([{ ...at("new/name", "1"), name: "x", rowId: 1 }]);
      await commit({ values: [updated(row(1, "x", "later"), at("new/name", "1"))] });
      expect(store.readState(at("new/name", "1"))).toEqual([row(1, "x", "later")]);
    });

    test("counts the states of a type: ids that have values, those of system functions left out", async () => {
      const at = (type: string, id: string): Address => ({ type, id });
      await commit({
        values: [
          added(row(1, "x", "1"), at("a/one", "1")),
          added(row(2, "y", "1"), at("a/one", "1")),
          added(row(3, "x", "1"), at("a/one", "2")),
          added(row(4, "x", "1"), at("b/two", "1")),
          added(row(5, "x", "1"), at("_sys/cell", "1")),
        ],
      });
      const all = new Map([
        ["a/one", 2],
        ["b/two", 1],
      ]);
      expect(store.countStates(() => true)).toEqual(all);
      await reopen();
      expect(store.countStates(() => true)).toEqual(all);
      expect([...store.countStates((type) => type !== "a/one")]).toEqual([["b/two", 1]]);
      await store.renameStates("b/two", "a/one");
      await commit({ values: [deleted(3, "x", at("a/one", "2"))] });
      expect([...store.countStates(() => true)]).toEqual([
        ["a/one", 1],
        ["b/two", 1],
      ]);
    });

    test("keeps dead letters in the order in which they were added", async () => {
      await commit({ addedDeadLetters: [letter(2), letter(1)] });
      await commit({ addedDeadLetters: [letter(3)] });
      expect(store.readDeadLetters(10)).toEqual([letter(2), letter(1), letter(3)]);
      expect(store.readDeadLetters(1)).toEqual([letter(2)]);
    });

    test("lists dead letters by their places, which grow", async () => {
      await commit({ addedDeadLetters: [letter(2), letter(1), letter(3)] });
      const all = store.lists?.deadLetters({ limit: 10 }) ?? [];
      expect(all.map(({ envelope: { id } }) => id)).toEqual([2, 1, 3].map((n) => envelope(n).id));
      await reopen();
      const rest = (): unknown => store.lists?.deadLetters({ after: all[0]?.place, limit: 10 });
      expect(rest()).toEqual(all.slice(1));
      await commit({ deletedDeadLetters: [envelope(1).id], addedDeadLetters: [letter(1)] });
      expect(rest()).toMatchObject([letter(3), letter(1)]);
      expect(store.lists?.deadLetters({ limit: 2 })).toMatchObject([letter(2), letter(3)]);
    });

    test("lists the ids of a function's states in the order of their code points", async () => {
      const at = (type: string, id: string): Address => ({ type, id });
      const ids = [
        "\0",
        "a",
        "a\0",
        "a\0b",
        "ab",
        "b",
        "\ud7ff",
        "\ufffd",
        "\u{1f600}",
        "\u{10ffff}x",
      ];
      await commit({
        values: ids
          .toReversed()
          .flatMap((id, index) => [
            added(row(2 * index + 1, "x", 1), at("a/one", id)),
            added(row(2 * index + 2, "y", 2), at("a/one", id)),
          ]),
      });
      await commit({ values: [added(row(100, "x", 1), at("a/onf", "a1"))] });
      const read = (idPrefix: string, after?: string, limit = 100): readonly string[] =>
        store.lists?.stateIds({ type: "a/one", idPrefix, after, limit }) ?? [];
      for (const reopens of [false, true]) {
        if (reopens) await reopen();
        expect(read("")).toEqual(ids);
        expect(ids.map((id) => read("", id, 1)[0])).toEqual([...ids.slice(1), undefined]);
        for (const prefix of ["a", "a\0", "\ufffd", "\u{10ffff}", "c"])
          expect(read(prefix)).toEqual(ids.filter((id) => id.startsWith(prefix)));
        expect(read("a", "a\0")).toEqual(["a\0b", "ab"]);
      }
      await commit({ values: [deleted(1, "x", at("a/one", "\u{10ffff}x"))] });
      expect(read("").at(-1)).toBe("\u{10ffff}x");
      await commit({ values: [deleted(2, "y", at("a/one", "\u{10ffff}x"))] });
      expect(read("").at(-1)).toBe("\u{1f600}");
      await store.renameStates("a/onf", "a/one");
      expect(read("a", "a\0b")).toEqual(["a1", "ab"]);
    });

    test("lists the ids of pauses, which are states of the system", async () => {
      const at = (type: string, id: string): Address => ({ type, id });
      const pause = (id: string): Address => at("_sys/pause", id);
      await commit({
        values: [
          added(row(1, "x", 1), pause("function/b")),
          added(row(2, "x", 1), pause("function/a")),
          added(row(3, "x", 1), pause("flow/c")),
          added(row(4, "x", 1), at("_sys/paused-call", "function/d")),
        ],
      });
      const read = (idPrefix: string): readonly string[] =>
        store.lists?.stateIds({ type: "_sys/pause", idPrefix, limit: 100 }) ?? [];
      for (const reopens of [false, true]) {
        if (reopens) await reopen();
        expect(read("")).toEqual(["flow/c", "function/a", "function/b"]);
        expect(read("function/")).toEqual(["function/a", "function/b"]);
      }
      await commit({ values: [deleted(2, "x", pause("function/a"))] });
      expect(read("function/")).toEqual(["function/b"]);
    });

    test("finds a dead letter by the id of its message, until it is deleted", async () => {
      await commit({ addedDeadLetters: [letter(2), letter(1), letter(3)] });
      const { id } = envelope(1);
      expect(store.readDeadLetter(id)).toEqual(letter(1));
      await commit({ deletedDeadLetters: [id, envelope(9).id], inserted: [message(1)] });
      expect(store.readDeadLetter(id)).toBeUndefined();
      expect(store.readDeadLetters(10)).toEqual([letter(2), letter(3)]);
      await commit({ deletedDeadLetters: [envelope(2).id], addedDeadLetters: [letter(2)] });
      await reopen();
      expect(store.readDeadLetters(10)).toEqual([letter(3), letter(2)]);
    });

    test("keeps any text and any safe integer", async () => {
      const address = { type: "test/a", id: "\0 é 😀 '\"%__proto__" };
      const text = encoded("\0\u2028😀'\ud800".repeat(2_000));
      const value = {
        ...row(Number.MAX_SAFE_INTEGER, "__proto__", 0),
        value: { content: { text }, expiresAt: 8.64e15 },
      };
      const plain = delayed(Number.MAX_SAFE_INTEGER, 8.64e15, "to\0ken");
      const odd = {
        ...plain,
        envelope: {
          ...plain.envelope,
          payload: text,
          caller: address,
          target: address,
          control: ["\0\ud800"],
        },
      };
      await commit({ inserted: [odd], values: [added(value, address)] });
      await reopen();
      expect(store.readDelayed(8.64e15, 1)).toEqual([odd]);
      expect(store.readState(address)).toEqual([value]);
      expect(store.readExpired(8.64e15, 1)).toEqual([
        { ...address, name: "__proto__", rowId: Number.MAX_SAFE_INTEGER },
      ]);
      await commit({ cancelledTokens: ["to\0ken"] });
      expect(store.nextDueAt()).toBeUndefined();
    });

    test("keeps 100,000 delayed messages, cancels half of them, and finds a deliverable message among them", async () => {
      const dueOf = (n: number) => 1 + ((n * 7_919) % 100_003);
      const all = Array.from({ length: 100_000 }, (_, n) => delayed(n + 1, dueOf(n), `t${n}`));
      await commit({ inserted: all });
      await commit({
        cancelledTokens: all.filter((_, n) => n % 2 === 0).map((_, n) => `t${2 * n}`),
        inserted: [message(200_000)],
      });
      const left = all
        .filter((_, n) => n % 2 === 1)
        .sort((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0));
      expect(store.count()).toEqual({
        messages: 1,
        delayed: 50_000,
        state: 0,
        watches: 0,
        dead: 0,
      });
      expect(store.nextDueAt()).toBe(left[0]?.dueAt);
      expect(store.readDelayed(Number.MAX_SAFE_INTEGER, 3_000)).toEqual(left.slice(0, 3_000));
      expect(store.readMessages(0, 10)).toEqual([message(200_000)]);
    });

    test("agrees with a simple model over any commits and reopenings", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.oneof(
              { weight: 4, arbitrary: changes },
              { weight: 1, arbitrary: fc.constantFrom("reopen", "close clean") },
            ),
          ),
          async (steps) => {
            const storeOver = createContent();
            let subject = storeOver();
            let next: { nextSeq: number; nextRowId: number } = await subject.open();
            const model = new StoreModel();
            for (const step of steps) {
              if (typeof step === "string") {
                await subject.close(step === "close clean");
                subject = storeOver();
                next = await subject.open();
                expect(next).toMatchObject(model.reopen(step === "close clean"));
              } else {
                const batch = batchFor(step, model, next);
                next = {
                  nextSeq: next.nextSeq + batch.inserted.length,
                  nextRowId: next.nextRowId + batch.values.length,
                };
                if (model.apply(batch)) await subject.commit(batch);
                else
                  await expect(subject.commit(batch)).rejects.toMatchObject({
                    code: "STORE_FAILED",
                  });
              }
              expect(snapshot(subject)).toEqual(
                model.snapshot({ addresses: ADDRESSES, scopes: SCOPES, letters: LETTERS, now: 5 }),
              );
            }
            await subject.close();
          },
        ),
        { numRuns: runs },
      );
      // Opening files is slow on a busy disk.
    }, 60_000);
  });
}

/**
 * Returns everything that can be read from a store, in an order that does not depend on the store.
 */
function snapshot(store: Store) {
  return {
    deliverable: store.readMessages(-1, 1_000),
    page: store.readMessages(5, 2),
    delayed: store.readDelayed(1_000, 1_000),
    due: store.readDelayed(5, 2),
    nextDueAt: store.nextDueAt(),
    scopes: SCOPES.map((scope) => store.readScope(scope)),
    watches: SCOPES.map((scope) => store.readWatches(scope).map(showWatch).sort()),
    state: ADDRESSES.map((address) => sorted(store.readState(address))),
    expired: store
      .readExpired(5, 1_000)
      .map(({ name, rowId, ...address }) => `${formatAddress(address)} ${name} ${rowId}`)
      .sort(),
    dead: store.readDeadLetters(1_000),
    letters: LETTERS.map((id) => store.readDeadLetter(id)),
    count: store.count(),
  };
}

function inOrder(watches: readonly ScopeWatch[]): readonly ScopeWatch[] {
  return watches.toSorted((one, other) => (showWatch(one) < showWatch(other) ? -1 : 1));
}

function sorted<Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
