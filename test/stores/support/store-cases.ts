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
  erased,
  letter,
  message,
  row,
  scoped,
  sized,
  updated,
  watching,
} from "./batches.ts";
import { ADDRESSES, batchFor, changes, LETTERS, SCOPES } from "./store-changes.ts";
import { showWatching, StoreModel } from "./store-model.ts";

/** Makes an empty place for a store; each call of what it returns gives a store over that place's content. */
export type MakePlace = () => () => Store;

/** What every store of the embedded engine does, as tests; `runs` of the property. */
export function storeCases(name: string, makePlace: MakePlace, runs = 100): void {
  describe(`${name} as a store`, () => {
    let rowId: () => Store;
    let store: Store;

    beforeEach(async () => {
      rowId = makePlace();
      store = rowId();
      await store.open();
    });

    afterEach(() => store.close());

    const reopen = async () => {
      await store.close();
      store = rowId();
      return store.open();
    };
    const commit = (batch: Partial<Batch>) => store.commit(batchOf(batch));

    test("keeps its realm for ever and counts its openings from 1", async () => {
      await store.close();
      store = makePlace()();
      const other = await store.open();
      expect(other.generation).toBe(1);
      await store.close();
      store = rowId();
      const second = await store.open();
      const third = await reopen();
      expect(second.generation).toBe(2);
      expect(third).toEqual({ ...second, generation: 3 });
      expect(other.storeId).not.toBe(third.storeId);
      expect(third.storeId).toMatch(/^[0-9a-f]{16}$/);
    });

    test("tells whether it was closed as one that is whole, and the marks that it was left with when it was not", async () => {
      await commit({ inserted: [message(1), message(2), message(3)] });
      await commit({ marks: [2, 1, 3].map((seq) => ({ seq, crashes: 1 })) });
      await commit({
        removed: [3],
        marks: [
          { seq: 3, crashes: 0 },
          { seq: 2, crashes: 2 },
          { seq: 4, crashes: 0 },
        ],
      });
      const marks = [
        { seq: 1, crashes: 1 },
        { seq: 2, crashes: 2 },
      ];
      expect(await reopen()).toMatchObject({ clean: false, marks });
      await store.close();
      await store.close(true);
      expect(await reopen()).toMatchObject({ clean: false, marks });
      await store.close(true);
      expect(await reopen()).toMatchObject({ clean: true, marks: [] });
      expect(await reopen()).toMatchObject({ clean: false, marks: [] });
      expect(store.readMessages(0, 10)).toEqual([message(1), message(2)]);
    });

    test("tells numbers above those of all messages it keeps, delayed ones too, and of all values", async () => {
      await commit({
        inserted: [message(5), delayed(9, 100)],
        state: [added(row(3, "x", 1)), added(row(7, "y", 1))],
      });
      expect(await reopen()).toMatchObject({ nextSeq: 10, nextRowId: 8 });
      await commit({ removedDelayed: [9], state: [erased(7, "y")] });
      expect(await reopen()).toMatchObject({ nextSeq: 6, nextRowId: 4 });
    });

    test("is open once at a time, and the first opening is unaffected by a second", async () => {
      await expect(rowId().open()).rejects.toMatchObject({
        code: "STORE_LOCKED",
        retryable: true,
        details: { pid: process.pid },
      });
      await expect(store.open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
      await commit({ inserted: [message(1)] });
      expect(store.readMessages(0, 10)).toEqual([message(1)]);
    });

    test("refuses to be used before it is opened and after it is closed, and closes twice", async () => {
      await store.close();
      await store.close();
      await expect(commit({})).rejects.toMatchObject({ code: "CLOSED" });
      expect(() => store.readState(A)).toThrow("CLOSED");
      expect(() => store.readMessages(0, 1)).toThrow("CLOSED");
      expect(() => rowId().count()).toThrow("CLOSED");
    });

    test("pages through deliverable messages in order of seq, delayed ones left out", async () => {
      await commit({ inserted: [message(2), message(5), delayed(6, 1)] });
      await commit({ inserted: [message(7), delayed(8, 1), message(9)] });
      expect(store.readMessages(0, 2)).toEqual([message(2), message(5)]);
      expect(store.readMessages(5, 10)).toEqual([message(7), message(9)]);
      expect(store.readMessages(9, 10)).toEqual([]);
    });

    test("reads delayed messages that are due, in order of due time, then seq", async () => {
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

    test("cancels by token, and a cancelled token can be used again in the same batch", async () => {
      await commit({ inserted: [delayed(1, 100, "t"), delayed(2, 100, "u"), delayed(3, 100)] });
      await commit({ cancelled: ["t", "nobody"], inserted: [delayed(4, 50, "t")] });
      expect(store.readDelayed(100, 10)).toEqual([
        delayed(4, 50, "t"),
        delayed(2, 100, "u"),
        delayed(3, 100),
      ]);
      await commit({ removedDelayed: [4], inserted: [delayed(5, 60, "t")] });
      expect(store.nextDueAt()).toBe(60);
    });

    test("removes what is there, and nothing else", async () => {
      await commit({
        inserted: [message(1), delayed(2, 100), message(3), delayed(4, 100)],
        state: [added(row(1, "x", 1))],
      });
      await commit({
        removed: [1, 7],
        removedDelayed: [2, 8],
        cancelled: ["nobody"],
        state: [erased(2, "y"), updated(row(3, "z", 1))],
      });
      expect(store.readMessages(0, 10)).toEqual([message(3)]);
      expect(store.readDelayed(100, 10)).toEqual([delayed(4, 100)]);
      expect(store.readState(A)).toEqual([row(1, "x", 1)]);
    });

    test("finds the delayed messages of all scopes whose names begin so, in order of seq", async () => {
      const [first, second] = [scoped("s", delayed(1, 100, "t")), scoped("s", delayed(3, 50))];
      const [nested, ready] = [scoped("s/0", delayed(2, 70)), scoped("s", message(4))];
      await commit({ inserted: [first, nested, second, ready, delayed(5, 10)] });
      await reopen();
      expect(store.readScope("s")).toEqual([first, nested, second]);
      expect(store.readScope("s/")).toEqual([nested]);
      expect(store.readScope("r")).toEqual([]);
      expect(store.readScope("s/00")).toEqual([]);
      await commit({ removedDelayed: [2], cancelled: ["t"] });
      expect(store.readScope("s")).toEqual([second]);
    });

    test("finds who watches a scope whose name begins so, each once, until that is taken away", async () => {
      const other = { type: "test/b", id: "1\0" };
      const [one, two, nested] = [
        watching("s", "t"),
        watching("s", "u"),
        watching("s/0", "t", other),
      ];
      await commit({ watched: [one, two, nested, watching("r", "t")] });
      await commit({ watched: [one], unwatched: [watching("s", "nobody"), watching("s/", "t")] });
      await reopen();
      expect(inOrder(store.readWatches("s"))).toEqual([one, two, nested]);
      expect(store.readWatches("s/")).toEqual([nested]);
      expect(store.readWatches("s/00")).toEqual([]);
      await commit({ unwatched: [one, two], watched: [two] });
      expect(inOrder(store.readWatches("s"))).toEqual([two, nested]);
      expect(store.count().watches).toBe(3);
    });

    test("finds a row beside one of a hundred thousand times its size", async () => {
      const at = (id: string): Address => ({ type: "test/a", id });
      const large = {
        ...row(2, "x", 1),
        value: { content: { text: encoded("x".repeat(4_000_000)) } },
      };
      await commit({
        state: [
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
      ["a number that is there", { inserted: [message(3), message(9)] }],
      ["a number twice", { inserted: [message(9), message(9)] }],
      ["a token that is there", { inserted: [message(9), delayed(10, 1, "t")] }],
      ["a token twice", { inserted: [delayed(9, 1, "new"), delayed(10, 1, "new")] }],
    ])("refuses a batch that inserts %s, and applies nothing of it", async (_, wrong) => {
      await commit({
        inserted: [message(1), delayed(2, 100, "t"), message(3)],
        state: [added(row(1, "x", 1))],
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

    test("keeps values by address and name, each under its number", async () => {
      const other = { type: "test/a", id: "11" };
      await commit({
        state: [added(row(1, "x", 1)), added(row(2, "y", 2)), added(row(3, "x", 4), other)],
      });
      await commit({ state: [updated(row(1, "x", 3))] });
      expect(sorted(store.readState(A))).toEqual([row(1, "x", 3), row(2, "y", 2)]);
      await commit({ state: [erased(1, "x"), added(row(4, "z", 5))] });
      expect(sorted(store.readState(A))).toEqual([row(2, "y", 2), row(4, "z", 5)]);
      await commit({ state: [added(row(5, "x", 6))] });
      expect(sorted(store.readState(A))).toEqual([row(5, "x", 6), row(2, "y", 2), row(4, "z", 5)]);
      expect(store.readState(other)).toEqual([row(3, "x", 4)]);
      expect(store.readState({ type: "test", id: "a1" })).toEqual([]);
    });

    test("tells apart instances whose ids look alike, as those of flows and of what they have made do", async () => {
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
        state: [...values, added(row(7, "x", "other"), { type: "test/b", id: flow })],
      });
      for (const { address, rowId, name, value } of values)
        expect(store.readState(address)).toEqual([{ rowId, name, value }]);
    });

    test("finds values that have expired, by their latest write", async () => {
      await commit({
        state: [added(row(1, "x", 1, 100)), added(row(2, "y", 1, 50)), added(row(3, "z", 1))],
      });
      expect(store.readState(A)).toContainEqual(row(1, "x", 1, 100));
      expect(store.readExpired(49, 10)).toEqual([]);
      expect(store.readExpired(100, 10)).toEqual([
        { ...A, name: "y", rowId: 2 },
        { ...A, name: "x", rowId: 1 },
      ]);
      expect(store.readExpired(100, 1)).toEqual([{ ...A, name: "y", rowId: 2 }]);
      await commit({
        state: [
          updated(row(1, "x", 2, 300)),
          updated(row(2, "y", 2)),
          updated(row(3, "z", 2, 200)),
        ],
      });
      expect(store.readExpired(200, 10)).toEqual([{ ...A, name: "z", rowId: 3 }]);
      await commit({ state: [erased(3, "z")] });
      expect(store.readExpired(200, 10)).toEqual([]);
    });

    test("gives the states of one type to another, but not over what is there; they can be written there", async () => {
      const at = (type: string, id: string): Address => ({ type, id });
      await commit({
        state: [
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
      await commit({ state: [updated(row(1, "x", "later"), at("new/name", "1"))] });
      expect(store.readState(at("new/name", "1"))).toEqual([row(1, "x", "later")]);
    });

    test("keeps dead letters in the order in which they were given up", async () => {
      await commit({ dead: [letter(2), letter(1)] });
      await commit({ dead: [letter(3)] });
      expect(store.readDeadLetters(10)).toEqual([letter(2), letter(1), letter(3)]);
      expect(store.readDeadLetters(1)).toEqual([letter(2)]);
    });

    test("finds a dead letter by the id of its message, until it is exhumed", async () => {
      await commit({ dead: [letter(2), letter(1), letter(3)] });
      const { id } = envelope(1);
      expect(store.readDeadLetter(id)).toEqual(letter(1));
      await commit({ deletedDeadLetters: [id, envelope(9).id], inserted: [message(1)] });
      expect(store.readDeadLetter(id)).toBeUndefined();
      expect(store.readDeadLetters(10)).toEqual([letter(2), letter(3)]);
      await commit({ deletedDeadLetters: [envelope(2).id], dead: [letter(2)] });
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
      await commit({ inserted: [odd], state: [added(value, address)] });
      await reopen();
      expect(store.readDelayed(8.64e15, 1)).toEqual([odd]);
      expect(store.readState(address)).toEqual([value]);
      expect(store.readExpired(8.64e15, 1)).toEqual([
        { ...address, name: "__proto__", rowId: Number.MAX_SAFE_INTEGER },
      ]);
      await commit({ cancelled: ["to\0ken"] });
      expect(store.nextDueAt()).toBeUndefined();
    });

    test("keeps 100,000 delayed messages, cancels among them, and finds what is deliverable beside them", async () => {
      const dueOf = (n: number) => 1 + ((n * 7_919) % 100_003);
      const all = Array.from({ length: 100_000 }, (_, n) => delayed(n + 1, dueOf(n), `t${n}`));
      await commit({ inserted: all });
      await commit({
        cancelled: all.filter((_, n) => n % 2 === 0).map((_, n) => `t${2 * n}`),
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

    test("agrees with a plain model, whatever is committed and however often it is reopened", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.oneof(
              { weight: 4, arbitrary: changes },
              { weight: 1, arbitrary: fc.constantFrom("reopen", "close clean") },
            ),
          ),
          async (steps) => {
            const tried = makePlace();
            let subject = tried();
            let next: { nextSeq: number; nextRowId: number } = await subject.open();
            const model = new StoreModel();
            for (const step of steps) {
              if (typeof step === "string") {
                await subject.close(step === "close clean");
                subject = tried();
                next = await subject.open();
                expect(next).toMatchObject(model.reopen(step === "close clean"));
              } else {
                const batch = batchFor(step, model, next);
                next = {
                  nextSeq: next.nextSeq + batch.inserted.length,
                  nextRowId: next.nextRowId + batch.state.length,
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
      // Opening files takes its time on a busy disk.
    }, 60_000);
  });
}

/** Everything that can be read of a store, in an order that no store decides. */
function snapshot(store: Store) {
  return {
    ready: store.readMessages(-1, 1_000),
    page: store.readMessages(5, 2),
    delayed: store.readDelayed(1_000, 1_000),
    due: store.readDelayed(5, 2),
    nextDueAt: store.nextDueAt(),
    scopes: SCOPES.map((scope) => store.readScope(scope)),
    watches: SCOPES.map((scope) => store.readWatches(scope).map(showWatching).sort()),
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
  return watches.toSorted((one, other) => (showWatching(one) < showWatching(other) ? -1 : 1));
}

function sorted<Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}
