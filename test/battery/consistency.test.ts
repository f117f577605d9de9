import fc from "fast-check";
import { simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { Callers } from "../../battery/consistency/callers.ts";
import { isLinearizable } from "../../battery/consistency/linearizability.ts";
import type { Operation } from "../../battery/consistency/linearizability.ts";
import {
  flowModel,
  quick,
  register,
  registerModel,
  wrongObjects,
} from "../../battery/consistency/objects.ts";
import type { FlowState, FlowStep, Line, Put, Seen } from "../../battery/consistency/objects.ts";

type Call = Operation<Put, Seen>;
const EMPTY: Seen = { count: 0, last: -1 };
const put = (n: number, from: number, to?: number, before: Seen = EMPTY): Call =>
  to === undefined ? { input: { put: n }, from } : { input: { put: n }, from, to, output: before };
const look = (from: number, to: number, output: Seen): Call => ({ input: {}, from, to, output });
const ONE: Seen = { count: 1, last: 1 };

describe("the checker of linearizability", () => {
  test.each<[string, readonly Call[]]>([
    ["an empty history", []],
    ["operations one after the other", [put(1, 0, 1), look(2, 3, ONE), put(2, 4, 5, ONE)]],
    ["a look that overlaps a put, and sees it", [put(1, 0, 3), look(1, 2, ONE)]],
    ["a look that overlaps a put, and does not see it", [put(1, 0, 3), look(1, 2, EMPTY)]],
    ["two puts that overlap, in the other order", [put(2, 0, 3, ONE), put(1, 1, 2)]],
    ["a put without an answer that is seen", [put(1, 0), look(1, 2, EMPTY), look(3, 4, ONE)]],
    ["a put without an answer that never happens", [put(1, 0), look(1, 2, EMPTY)]],
  ])("accepts %s", (_, history) => {
    expect(isLinearizable(history, registerModel)).toBe(true);
  });

  test.each<[string, readonly Call[]]>([
    ["a look that does not see an earlier put", [put(1, 0, 1), look(2, 3, EMPTY)]],
    ["a look that sees a put that begins later", [look(0, 1, ONE), put(1, 2, 3)]],
    ["a put that is lost", [put(1, 0, 1), put(2, 2, 3, EMPTY)]],
    ["two looks that see a put, and then do not", [put(1, 0), look(1, 2, ONE), look(3, 4, EMPTY)]],
    ["a put that counts twice", [put(1, 0, 1), look(2, 3, { count: 2, last: 1 })]],
    ["a value that nobody put", [put(1, 0, 1), look(2, 3, { count: 1, last: 7 })]],
    [
      "two overlapping looks in different orders",
      [put(1, 0), put(2, 1), look(2, 3, ONE), look(4, 5, { count: 1, last: 2 })],
    ],
  ])("rejects %s", (_, history) => {
    expect(isLinearizable(history, registerModel)).toBe(false);
  });

  test.each<[string, readonly [FlowStep, FlowState][], boolean]>([
    [
      "a flow that completes",
      [
        ["start", "pending"],
        ["status", "pending"],
        ["result", "completed"],
      ],
      true,
    ],
    [
      "a flow that goes back",
      [
        ["start", "pending"],
        ["status", "completed"],
        ["status", "pending"],
      ],
      false,
    ],
    [
      "a flow that is not there after its start",
      [
        ["start", "pending"],
        ["status", "absent"],
      ],
      false,
    ],
    [
      "a flow that is there before its start",
      [
        ["status", "pending"],
        ["start", "pending"],
      ],
      false,
    ],
  ])("judges %s", (_, steps, isRight) => {
    const history: Operation<FlowStep, FlowState>[] = steps.map(([input, output], at) => ({
      input,
      output,
      from: 2 * at,
      to: 2 * at + 1,
    }));
    expect(isLinearizable([...history, { input: "end", from: -1 }], flowModel)).toBe(isRight);
  });

  /** Histories of a register that takes each operation at some instant between request and answer. */
  const histories = fc
    .array(
      fc.record({
        puts: fc.boolean(),
        at: fc.integer({ min: 0, max: 100 }),
        early: fc.integer({ min: 1, max: 20 }),
        late: fc.integer({ min: 1, max: 20 }),
        isAnswered: fc.boolean(),
      }),
      { maxLength: 40 },
    )
    .map((steps) => {
      let state: Seen = EMPTY;
      return steps
        .toSorted((one, other) => one.at - other.at)
        .map(({ puts, at, early, late, isAnswered }, n): Call => {
          const input: Put = puts ? { put: n } : {};
          const { state: next, output } = registerModel.apply(state, input);
          state = next;
          const from = at * 1_000 + n - early * 1_000;
          const to = at * 1_000 + n + late * 1_000;
          return isAnswered ? { input, from, to, output } : { input, from };
        });
    });

  test("accepts each history of a register, however its operations overlap", () => {
    fc.assert(
      fc.property(histories, (history) => {
        expect(isLinearizable(history, registerModel)).toBe(true);
      }),
    );
  });

  test("rejects each history in which an answer tells another state", () => {
    fc.assert(
      fc.property(histories, fc.nat(), (history, pick) => {
        const answered = history.filter(({ output }) => output !== undefined);
        fc.pre(answered.length > 0);
        const wrong = answered[pick % answered.length];
        const changed = history.map((each) =>
          each === wrong ? { ...each, output: { count: 1_000, last: -2 } } : each,
        );
        expect(isLinearizable(changed, registerModel)).toBe(false);
      }),
    );
  });

  test("names the object of a recorded history that is wrong, and leaves out refused requests", () => {
    const lines: readonly Line[] = [
      { object: "a", id: "1", register: { put: 1 } },
      { object: "b", id: "2", register: { put: 2 } },
      { object: "a", id: "1", answer: EMPTY },
      { object: "b", id: "2", refused: "OVERLOADED" },
      { object: "b", id: "3", register: {} },
      { object: "a", id: "4", register: {} },
      { object: "b", id: "3", answer: EMPTY },
      { object: "a", id: "4", answer: EMPTY },
    ];
    expect(wrongObjects(lines).map(({ object }) => object)).toEqual(["a"]);
  });
});

test(
  "each address is linearizable, whatever the order of events and the crashes",
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(0xffff),
        fc.constantFrom(
          {},
          { crash: 0.05 },
          { reorder: true, slowCommit: true },
          {
            crash: 0.1,
            reorder: true,
            slowCommit: true,
          },
        ),
        async (seed, faults) => {
          const lines: Line[] = [];
          await simulate({ functions: [register, quick], seed, faults }, async (t) => {
            let drawn = seed;
            const random = (): number =>
              (drawn = (drawn * 16_807 + 11) % 2_147_483_647) / 2_147_483_647;
            const record = (line: Line): void => void lines.push(line);
            const callers = new Callers({ client: t.client, record, random, life: 1, objects: 2 });
            const isOver = (): boolean => lines.length > 120;
            await Promise.all([1, 2, 3, 4].map(() => callers.run(isOver)));
          });
          expect(wrongObjects(lines)).toEqual([]);
          expect(lines.length).toBeGreaterThan(120);
        },
      ),
      { numRuns: 50 },
    );
  },
);
