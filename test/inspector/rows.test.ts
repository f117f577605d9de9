import { describe, expect, test } from "vitest";
import type { HistoryFact } from "../../src/futures/history/history-facts.ts";
import { rowsOf } from "../../src/inspector/timeline/flow-rows.ts";
import type { Row } from "../../src/inspector/timeline/flow-rows.ts";

const NOW = 100_000;

function ran(
  message: string,
  [beganAt, endedAt]: readonly [number, number],
  more: Partial<Extract<HistoryFact, { readonly type: "ran" }>> = {},
): HistoryFact {
  return {
    type: "ran",
    at: endedAt,
    function: `t/${message}`,
    id: "0".repeat(40),
    message,
    attempt: 1,
    queuedAt: beganAt,
    beganAt,
    endedAt,
    billedNs: (endedAt - beganAt) * 1e6,
    blockedNs: 0,
    outcome: "returned",
    code: undefined,
    ...more,
  };
}

function called(message: string, at: number, id = "0".repeat(40)): HistoryFact {
  return { type: "called", at, function: `t/${message}`, id, message, dueAt: undefined };
}

const started: HistoryFact = { type: "started", at: 0, function: "t/main" };
const completed = (at: number): HistoryFact => ({ type: "completed", at, function: "t/main" });
const short = ({ function: type, note, run, parked }: Row): string =>
  [
    type,
    note,
    run && `${run.from}-${run.to}`,
    parked && `${parked.why} ${parked.from}-${parked.to}`,
  ]
    .filter(Boolean)
    .join(" ");
const rows = (...entries: readonly HistoryFact[]): readonly string[] =>
  rowsOf([started, ...entries], NOW).rows.map(short);

describe("the rows of a flow", () => {
  test("are its runs in the order of their calls, and the first one waits until the end", () => {
    expect(
      rows(
        ran("main", [0, 3], { outcome: "handedBack" }),
        called("a", 3),
        called("b", 3),
        ran("b", [5, 9]),
        ran("a", [4, 30]),
        completed(30),
      ),
    ).toEqual(["t/main 0-3 waits 3-30", "t/a 4-30", "t/b 5-9"]);
  });

  test("show a call that has not run, until now", () => {
    expect(rows(ran("main", [0, 3], { outcome: "handedBack" }), called("a", 3))).toEqual([
      `t/main 0-3 waits 3-${NOW}`,
      `t/a queued 3-${NOW}`,
    ]);
  });

  test("have one row for each attempt, with the wait between them", () => {
    const fails = { outcome: "retries", code: "FUNCTION_FAILED" } as const;
    expect(
      rows(
        ran("main", [0, 1], { outcome: "handedBack" }),
        called("a", 1),
        ran("a", [2, 5], fails),
        ran("a", [1_005, 1_009], { attempt: 2 }),
        completed(1_009),
      ),
    ).toEqual([
      "t/main 0-1 waits 1-1009",
      "t/a attempt 1 2-5 waits 5-1005",
      "t/a attempt 2 1005-1009",
    ]);
  });

  test("wait for calls that they handed back, and for those that these hand back", () => {
    expect(
      rows(
        ran("main", [0, 1], { outcome: "handedBack" }),
        called("a", 1),
        ran("a", [2, 3], { outcome: "handedBack" }),
        called("b", 3),
        ran("b", [4, 5], { outcome: "handedBack" }),
        called("c", 5),
        ran("c", [6, 70]),
        called("d", 70),
        ran("d", [71, 90]),
        completed(90),
      ),
    ).toEqual([
      "t/main 0-1 waits 1-90",
      "t/a 2-3 waits 3-70",
      "t/b 4-5 waits 5-70",
      "t/c 6-70",
      "t/d 71-90",
    ]);
  });

  test("wait for an event until the flow goes on", () => {
    const event: HistoryFact = { type: "eventReceived", at: 500, event: "go" };
    const entries = [
      ran("main", [0, 1], { outcome: "handedBack" }),
      called("a", 1),
      ran("a", [2, 3], { outcome: "handedBack" }),
      event,
      called("b", 500),
      ran("b", [501, 502]),
      completed(502),
    ];
    expect(rows(...entries)).toEqual([
      "t/main 0-1 waits 1-502",
      "t/a 2-3 waits 3-500",
      "t/b 501-502",
    ]);
    expect(rowsOf([started, ...entries], NOW).rows[1]?.marks).toEqual([
      { at: 500, kind: "good", text: "event go" },
    ]);
  });

  test("of a stateful function wait until it calls itself at the same address", () => {
    const id = "order-1";
    expect(
      rows(
        ran("main", [0, 1], { outcome: "handedBack" }),
        called("approve", 1, id),
        ran("approve", [1, 2], { outcome: "handedBack", id }),
        called("ask", 2),
        ran("ask", [3, 9]),
        { ...called("approve", 800, id), message: "later" } as HistoryFact,
        ran("later", [800, 801], { id, function: "t/approve" }),
        completed(801),
      ),
    ).toEqual([
      "t/main 0-1 waits 1-801",
      "t/approve order-1 1-2 waits 2-800",
      "t/ask 3-9",
      "t/approve order-1 800-801",
    ]);
  });

  test("of a stateful function that waits in a pending flow wait until now", () => {
    const id = "order-1";
    expect(
      rows(
        ran("main", [0, 1], { outcome: "handedBack" }),
        called("approve", 1, id),
        ran("approve", [1, 2], { outcome: "handedBack", id }),
        called("ask", 2),
        ran("ask", [3, 9]),
      )[1],
    ).toBe(`t/approve order-1 1-2 waits 2-${NOW}`);
  });

  test("are paused until a person lets them go on", () => {
    const failed = ran("main", [0, 4], { outcome: "failed", code: "FUNCTION_FAILED" });
    const paused: HistoryFact = { type: "paused", at: 4, message: "main" };
    expect(rows(failed, paused)).toEqual([`t/main 0-4 paused 4-${NOW}`]);
    expect(rows(failed, paused, { type: "resumed", at: 60, message: "main" })).toEqual([
      "t/main 0-4 paused 4-60",
    ]);
  });

  test("count the entries that a full history has lost, and bars add up to the bill", () => {
    const {
      missing,
      runs,
      functions,
      rows: drawn,
    } = rowsOf(
      [started, { type: "gap", at: 1, missing: 7 }, ran("a", [2, 5], { billedNs: 2_500_000 })],
      NOW,
    );
    expect([missing, runs, functions]).toEqual([7, 1, 1]);
    expect(drawn[0]?.run).toMatchObject({ from: 2, to: 4.5 });
  });

  test("of an empty history are none", () => {
    expect(rowsOf([], NOW)).toEqual({
      from: NOW,
      to: NOW,
      rows: [],
      missing: 0,
      functions: 0,
      runs: 0,
    });
  });
});
