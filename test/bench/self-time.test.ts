import { expect, test } from "vitest";
import { bucketOf } from "../../bench/profile/bucket.ts";
import { frameTimes } from "../../bench/profile/self-time.ts";

const frame = (functionName: string, url = "file:///a.ts", lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
  scriptId: "1",
});
const everything = { fromUs: 0, toUs: 10_000 };

/** (root) > a > b > a, with samples at 100, 110, ... µs. */
const nested = (samples: readonly number[]) => ({
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2] },
    { id: 2, callFrame: frame("a"), children: [3] },
    { id: 3, callFrame: frame("b"), children: [4] },
    { id: 4, callFrame: frame("a") },
  ],
  startTime: 90,
  endTime: 1_000,
  samples: [...samples],
  timeDeltas: samples.map(() => 10),
});

test("a sample stands for the time until the next one, so the last one counts for nothing", () => {
  expect(frameTimes(nested([2, 3, 3, 2]), everything)).toEqual([
    { name: "b", url: "file:///a.ts", line: 1, selfUs: 20, totalUs: 20 },
    { name: "a", url: "file:///a.ts", line: 1, selfUs: 10, totalUs: 30 },
  ]);
});

test("a function that calls itself by way of another has each moment once in its total", () => {
  const [a, b] = frameTimes(nested([2, 3, 4, 4, 1]), everything);
  expect(a).toMatchObject({ name: "a", selfUs: 30, totalUs: 40 });
  expect(b).toMatchObject({ name: "b", selfUs: 10, totalUs: 30 });
});

test("what lies outside of the span does not count, and what reaches into it counts in part", () => {
  expect(frameTimes(nested([2, 3, 3, 2]), { fromUs: 105, toUs: 115 })).toMatchObject([
    { name: "a", selfUs: 5 },
    { name: "b", selfUs: 5 },
  ]);
  expect(frameTimes(nested([2, 3, 3, 2]), { fromUs: 500, toUs: 600 })).toEqual([]);
});

test("functions of one name in different places are different functions", () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame("(root)", ""), children: [2, 3] },
      { id: 2, callFrame: frame("a") },
      { id: 3, callFrame: frame("a", "file:///a.ts", 7) },
    ],
    startTime: 0,
    endTime: 100,
    samples: [2, 3, 1],
    timeDeltas: [10, 10, 10],
  };
  expect(frameTimes(profile, everything).map(({ line }) => line)).toEqual([1, 8]);
});

test.each([
  ["run", "sqlite:INSERT INTO message", "SQLite"],
  ["run", "sqlite:COMMIT", "SQLite commit, with fsync"],
  ["parse", "json:", "JSON"],
  ["hash", "node:internal/crypto/hash", "hashes and random bytes"],
  ["encode", "file:///x/src/core/codec/encode.ts", "codec"],
  ["activate", "file:///x/src/core/activation/activate.ts", "core"],
  ["#start", "file:///x/src/futures/client/client.ts", "client"],
  ["deliver", "file:///x/src/futures/protocol/deliver.ts", "futures layer"],
  ["apply", "file:///x/src/stores/sqlite/tables/tables.ts", "store"],
  ["#drain", "file:///x/src/engines/embedded/engine.ts", "engine"],
  ["postMessage", "transfer:", "transfer between threads"],
  ["postMessage", "", "transfer between threads"],
  ["emitMessage", "node:internal/per_context/messageport", "transfer between threads"],
  ["wait", "wait:", "idle"],
  ["processTimers", "node:internal/timers", "Node"],
  ["call", "file:///x/bench/noop.ts", "bench"],
  ["(garbage collector)", "", "garbage collector"],
  ["(idle)", "", "idle"],
  ["(program)", "", "native code"],
])("%s of %s is counted as %s", (name, url, bucket) => {
  expect(bucketOf({ name, url, line: 1 })).toBe(bucket);
});
