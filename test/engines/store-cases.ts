import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Batch, Store, StoredDeadLetter, StoredMessage, StateWrite } from "../../src/engines/embedded/store.ts";
import { StoreModel } from "./store-model.ts";

/** Makes an empty place for a store; each call of what it returns gives a store over that place's content. */
export type MakePlace = () => () => Store;

const NOTHING: Batch = { removed: [], elapsed: [], cancelled: [], inserted: [], state: [], dead: [] };
const A = { type: "test/a", id: "1" };

/** What every store of the embedded engine does, as tests. */
export function storeCases(name: string, makePlace: MakePlace): void {
  describe(`${name} as a store`, () => {
    let place: () => Store;
    let store: Store;

    beforeEach(async () => {
      place = makePlace();
      store = place();
      await store.open();
    });

    afterEach(() => store.close());

    const reopen = async () => {
      await store.close();
      store = place();
      return store.open();
    };
    const commit = (batch: Partial<Batch>) => store.commit({ ...NOTHING, ...batch });

    test("keeps its realm for ever and counts its openings from 1", async () => {
      await store.close();
      store = makePlace()();
      const other = await store.open();
      expect(other.generation).toBe(1);
      await store.close();
      store = place();
      const second = await store.open();
      const third = await reopen();
      expect(second.generation).toBe(2);
      expect(third).toEqual({ realm: second.realm, generation: 3, nextSeq: 1 });
      expect(other.realm).not.toBe(third.realm);
      expect(third.realm).toMatch(/^[0-9a-f]{16}$/);
    });

    test("tells a number above those of all messages it keeps, delayed ones too", async () => {
      await commit({ inserted: [message(5), delayed(9, 100)] });
      expect(await reopen()).toMatchObject({ nextSeq: 10 });
      await commit({ elapsed: [9], inserted: [message(7)] });
      expect(await reopen()).toMatchObject({ nextSeq: 8 });
    });

    test("is open once at a time, and the first opening is unaffected by a second", async () => {
      await expect(place().open()).rejects.toMatchObject({ code: "STORE_LOCKED", retryable: true, details: { pid: process.pid } });
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
      expect(() => place().count()).toThrow("CLOSED");
    });

    test("pages through deliverable messages in order of seq, however they were inserted", async () => {
      await commit({ inserted: [message(5), message(2), message(9)] });
      await commit({ inserted: [message(7), { ...message(3), dueAt: 1 }] });
      expect(store.readMessages(0, 2)).toEqual([message(2), message(5)]);
      expect(store.readMessages(5, 10)).toEqual([message(7), message(9)]);
      expect(store.readMessages(9, 10)).toEqual([]);
    });

    test("reads delayed messages that are due, in order of due time, then seq", async () => {
      expect(store.nextDueAt()).toBeUndefined();
      const [late, early, tied] = [delayed(1, 200), delayed(2, 100), delayed(3, 100)];
      await commit({ inserted: [late, tied, early, message(4)] });
      expect(store.nextDueAt()).toBe(100);
      expect(store.readDelayed(99, 10)).toEqual([]);
      expect(store.readDelayed(100, 10)).toEqual([early, tied]);
      expect(store.readDelayed(200, 2)).toEqual([early, tied]);
      expect(store.readDelayed(Number.MAX_SAFE_INTEGER, 10)).toEqual([early, tied, late]);
      await commit({ elapsed: [early.seq, tied.seq] });
      expect(store.nextDueAt()).toBe(200);
    });

    test("cancels by token, and a cancelled token can be used again in the same batch", async () => {
      await commit({ inserted: [delayed(1, 100, "t"), delayed(2, 100, "u"), delayed(3, 100)] });
      await commit({ cancelled: ["t", "nobody"], inserted: [delayed(4, 50, "t")] });
      expect(store.readDelayed(100, 10)).toEqual([delayed(4, 50, "t"), delayed(2, 100, "u"), delayed(3, 100)]);
      await commit({ elapsed: [4], inserted: [delayed(5, 60, "t")] });
      expect(store.nextDueAt()).toBe(60);
    });

    test("removes before it inserts, so a number can come back at once; removing what is not there changes nothing", async () => {
      await commit({ inserted: [message(1), delayed(2, 100)] });
      await commit({ removed: [1, 7], elapsed: [2, 8], inserted: [{ ...message(1), id: "again" }, delayed(2, 50)] });
      expect(store.readMessages(0, 10)).toEqual([{ ...message(1), id: "again" }]);
      expect(store.readDelayed(100, 10)).toEqual([delayed(2, 50)]);
    });

    test("finds the messages of all scopes whose names begin so, deliverable and delayed, in order of seq", async () => {
      const [one, two, three] = [message(3), delayed(1, 100, "t"), message(2)].map((each) => ({ ...each, scope: "s" }));
      if (one === undefined || two === undefined || three === undefined) throw new Error("three messages");
      await commit({ inserted: [one, two, three, { ...message(4), scope: "s/0" }, message(5)] });
      await reopen();
      expect(store.readScope("s")).toEqual([two, three, one, { ...message(4), scope: "s/0" }]);
      expect(store.readScope("s/")).toEqual([{ ...message(4), scope: "s/0" }]);
      expect(store.readScope("r")).toEqual([]);
      expect(store.readScope("s/00")).toEqual([]);
      await commit({ removed: [3, 4], elapsed: [1] });
      expect(store.readScope("s")).toEqual([three]);
    });

    test("finds a row beside one of a hundred thousand times its size", async () => {
      const large = "x".repeat(4_000_000);
      const at = (id: string): StateWrite => ({ address: { type: "test/a", id }, name: "x", text: "1" });
      await commit({ state: [at("1"), { ...at("2"), text: large }, at("3")], inserted: [message(1), { ...message(2), payload: large }] });
      await reopen();
      for (const id of ["1", "3"]) expect(store.readState({ type: "test/a", id })).toEqual([{ name: "x", text: "1" }]);
      expect(store.readMessages(0, 1)).toEqual([message(1)]);
    });

    test.each([
      ["a number that is there", { inserted: [message(9), { ...message(1), id: "other" }] }],
      ["a number twice", { inserted: [message(9), message(9)] }],
      ["a token that is there", { inserted: [message(9), delayed(10, 1, "t")] }],
      ["a token twice", { inserted: [delayed(9, 1, "new"), delayed(10, 1, "new")] }],
    ])("refuses a batch that inserts %s, and applies nothing of it", async (_, wrong) => {
      await commit({ inserted: [message(1), delayed(2, 100, "t"), message(3)], state: [write("x", "1")] });
      const before = snapshot(store);
      const batch = { removed: [3], state: [write("x", "2"), write("y", "2")], dead: [letter(7)], ...wrong };
      await expect(commit(batch)).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect(snapshot(store)).toEqual(before);
      await commit({ inserted: [message(9)] });
      await reopen();
      expect(store.count().messages).toBe(3);
    });

    test("keeps values by address and name, the last write of a batch counting", async () => {
      const other = { type: "test/a", id: "11" };
      await commit({
        state: [write("x", "1"), write("y", "2"), write("x", "3"), write("z", null), { ...write("x", "4"), address: other }],
      });
      expect(sorted(store.readState(A))).toEqual([
        { name: "x", text: "3" },
        { name: "y", text: "2" },
      ]);
      await commit({ state: [write("x", null)] });
      expect(store.readState(A)).toEqual([{ name: "y", text: "2" }]);
      expect(store.readState(other)).toEqual([{ name: "x", text: "4" }]);
      expect(store.readState({ type: "test", id: "a1" })).toEqual([]);
    });

    test("finds values that have expired, by their latest write", async () => {
      await commit({ state: [write("x", "1", 100), write("y", "1", 50), write("z", "1")] });
      expect(store.readState(A)).toContainEqual({ name: "x", text: "1", expiresAt: 100 });
      expect(store.readExpired(49, 10)).toEqual([]);
      expect(store.readExpired(100, 10)).toEqual([
        { ...A, name: "y" },
        { ...A, name: "x" },
      ]);
      expect(store.readExpired(100, 1)).toEqual([{ ...A, name: "y" }]);
      await commit({ state: [write("x", "2", 300), write("y", "2"), write("z", "2", 200)] });
      expect(store.readExpired(200, 10)).toEqual([{ ...A, name: "z" }]);
      await commit({ state: [write("z", null)] });
      expect(store.readExpired(200, 10)).toEqual([]);
    });

    test("gives the states of one type to another, but not over what is there", async () => {
      const write = (type: string, id: string, text: string): StateWrite => ({ address: { type, id }, name: "x", text });
      await commit({ state: [write("old/name", "1", "old"), write("old/name", "2", "old"), write("new/name", "2", "new")] });
      await store.renameStates("old/name", "new/name");
      expect(store.readState({ type: "new/name", id: "1" })).toEqual([{ name: "x", text: "old" }]);
      expect(store.readState({ type: "new/name", id: "2" })).toEqual([{ name: "x", text: "new" }]);
      expect(store.readState({ type: "old/name", id: "1" })).toEqual([]);
    });

    test("keeps dead letters in the order in which they were given up", async () => {
      await commit({ dead: [letter(2), letter(1)] });
      await commit({ dead: [letter(3)] });
      expect(store.readDeadLetters(10)).toEqual([letter(2), letter(1), letter(3)]);
      expect(store.readDeadLetters(1)).toEqual([letter(2)]);
    });

    test("keeps any text and any safe integer", async () => {
      const address = { type: "test/a", id: "\0 é 😀 '\"%__proto__" };
      const text = JSON.stringify("\0\u2028😀'").repeat(2_000);
      const odd = { ...message(Number.MAX_SAFE_INTEGER), dueAt: 8.64e15, token: "to\0ken", payload: text };
      await commit({ inserted: [odd], state: [{ address, name: "__proto__", text, expiresAt: 8.64e15 }] });
      await reopen();
      expect(store.readDelayed(8.64e15, 1)).toEqual([odd]);
      expect(store.readState(address)).toEqual([{ name: "__proto__", text, expiresAt: 8.64e15 }]);
      expect(store.readExpired(8.64e15, 1)).toEqual([{ ...address, name: "__proto__" }]);
      await commit({ cancelled: ["to\0ken"] });
      expect(store.nextDueAt()).toBeUndefined();
    });

    test("keeps 100,000 delayed messages, cancels among them, and finds what is deliverable beside them", async () => {
      const dueOf = (n: number) => 1 + ((n * 7_919) % 100_003);
      const all = Array.from({ length: 100_000 }, (_, n) => delayed(n + 1, dueOf(n), `t${n}`));
      await commit({ inserted: all });
      await commit({ cancelled: all.filter((_, n) => n % 2 === 0).map((_, n) => `t${2 * n}`), inserted: [message(200_000)] });
      const left = all.filter((_, n) => n % 2 === 1).sort((one, other) => (one.dueAt ?? 0) - (other.dueAt ?? 0));
      expect(store.count()).toEqual({ messages: 1, delayed: 50_000, state: 0, dead: 0 });
      expect(store.nextDueAt()).toBe(left[0]?.dueAt);
      expect(store.readDelayed(Number.MAX_SAFE_INTEGER, 3_000)).toEqual(left.slice(0, 3_000));
      expect(store.readMessages(0, 10)).toEqual([message(200_000)]);
    });

    test("agrees with a plain model, whatever is committed and however often it is reopened", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof({ weight: 4, arbitrary: batches }, { weight: 1, arbitrary: fc.constant("reopen" as const) })),
          async (steps) => {
            const tried = makePlace();
            let subject = tried();
            await subject.open();
            const model = new StoreModel();
            for (const step of steps) {
              if (step === "reopen") {
                await subject.close();
                subject = tried();
                await subject.open();
              } else if (model.apply(step)) {
                await subject.commit(step);
              } else {
                await expect(subject.commit(step)).rejects.toMatchObject({ code: "STORE_FAILED" });
              }
              expect(snapshot(subject)).toEqual(model.snapshot(ADDRESSES, SCOPES, 5));
            }
            await subject.close();
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}

const SCOPES = ["s", "s/0", "t"];
const ADDRESSES = ["1", "2"].flatMap((id) => ["test/a", "test/b"].map((type) => ({ type, id })));
const numbers = fc.integer({ min: 1, max: 12 });
/** No number is both of a deliverable message and of a delayed one. */
const later = numbers.map((number) => 100 + number);
const ids = numbers.map(String);
const scopes = fc.constantFrom(...SCOPES);
const tokens = fc.constantFrom("t", "u", "v");
const instants = fc.integer({ min: 1, max: 9 });
const texts = fc.json({ maxDepth: 1 });

const batches: fc.Arbitrary<Batch> = fc.record({
  removed: fc.array(numbers, { maxLength: 6 }),
  elapsed: fc.array(later, { maxLength: 6 }),
  cancelled: fc.array(tokens, { maxLength: 2 }),
  inserted: fc.uniqueArray(
    fc.oneof(
      fc.record({ id: ids, seq: numbers, head: texts, payload: texts, scope: scopes }, { requiredKeys: ["id", "seq", "head", "payload"] }),
      fc.record(
        { id: ids, seq: later, head: texts, payload: texts, dueAt: instants, token: tokens, scope: scopes },
        { requiredKeys: ["id", "seq", "head", "payload", "dueAt"] },
      ),
    ),
    { maxLength: 4, selector: ({ seq }) => seq },
  ),
  state: fc.array(
    fc.record(
      { address: fc.constantFrom(...ADDRESSES), name: fc.constantFrom("x", "y"), text: fc.option(texts), expiresAt: instants },
      { requiredKeys: ["address", "name", "text"] },
    ),
    { maxLength: 6 },
  ),
  dead: fc.array(fc.record({ id: ids, at: instants, failure: texts, head: texts, payload: texts }), { maxLength: 1 }),
});

/** Everything that can be read of a store, in an order that no store decides. */
function snapshot(store: Store) {
  return {
    ready: store.readMessages(-1, 1_000),
    page: store.readMessages(1_000, 2),
    delayed: store.readDelayed(1_000, 1_000),
    due: store.readDelayed(5, 2),
    nextDueAt: store.nextDueAt(),
    scopes: SCOPES.map((scope) => store.readScope(scope)),
    state: ADDRESSES.map((address) => sorted(store.readState(address))),
    expired: store
      .readExpired(5, 1_000)
      .map(({ type, id, name }) => `${type} ${id} ${name}`)
      .sort(),
    dead: store.readDeadLetters(1_000),
    count: store.count(),
  };
}

function sorted<Row extends { readonly name: string }>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function message(seq: number): StoredMessage {
  return { id: `m${seq}`, seq, head: `{"name":"${seq}"}`, payload: `"${seq}"` };
}

function delayed(seq: number, dueAt: number, token?: string): StoredMessage {
  return { ...message(seq), dueAt, ...(token !== undefined && { token }) };
}

function write(name: string, text: string | null, expiresAt?: number): StateWrite {
  return { address: A, name, text, ...(expiresAt !== undefined && { expiresAt }) };
}

function letter(seq: number): StoredDeadLetter {
  return { id: `m${seq}`, at: 1_000 - seq, failure: '{"message":"no"}', head: "{}", payload: "null" };
}
