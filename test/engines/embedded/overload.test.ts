import { fn, HandbackError, memory } from "handback";
import { expect, test } from "vitest";
import { collectGarbage } from "../../../bench/measure/usage.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { start } from "../../durability/support/started-engine.ts";

const KIB = 1_024;
/** Flows that can be handled in a round, and the factor by which more are started. */
const HANDLED = 100;
const TIMES = 10;
const BACKLOG = 1_000;
const ROUNDS = 80;
const ROUND_MS = 100;

function heapKib(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / KIB;
}

test("a producer that is ten times too fast is refused nine times out of ten, and memory stays flat", async () => {
  const clock = new VirtualClock();
  const slow = fn("overload/slow", async (_, payload: string) => {
    await clock.work(ROUND_MS);
    return payload.length;
  });
  const store = memory();
  const options = {
    functions: [slow],
    store,
    concurrency: HANDLED,
    backlogLimit: BACKLOG,
    retention: "1s",
  } as const;
  const { engine } = await start(options, clock);
  let [accepted, refused, largest] = [0, 0, 0];
  const produce = async (n: number): Promise<void> => {
    try {
      await engine.client.start(slow, `${n}`.padStart(500, "x"));
      accepted++;
    } catch (error) {
      if (!HandbackError.is(error, "OVERLOADED")) throw error;
      refused++;
    }
  };
  const rounds = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round++) {
      await Promise.all(Array.from({ length: HANDLED * TIMES }, (_, n) => produce(n)));
      largest = Math.max(largest, store.count().messages);
      await clock.advance(ROUND_MS);
    }
  };
  await rounds(50);
  const before = heapKib();
  [accepted, refused] = [0, 0];
  await rounds(ROUNDS);
  const grown = heapKib() - before;
  expect({ accepted, refused }).toEqual({
    accepted: ROUNDS * HANDLED,
    refused: ROUNDS * HANDLED * (TIMES - 1),
  });
  expect(largest).toBe(BACKLOG);
  // 72,000 requests were refused, so a leak of 20 bytes each would show.
  expect(grown).toBeLessThan(1_400);
  await clock.advance(60_000);
  expect(engine.backlog).toBe(0);
});

test("callers that start one flow after the other get replies as fast as flows are handled, so the backlog does not grow", async () => {
  const CALLERS = 512;
  const quick = fn("overload/quick", (_, n: number) => n);
  const { engine } = await start({
    functions: [quick],
    store: memory(),
    backlogLimit: 10_000,
    retention: "1s",
  });
  let [started, largest] = [0, 0];
  const call = async (): Promise<void> => {
    while (started++ < 40_000) {
      await engine.client.start(quick, started);
      largest = Math.max(largest, engine.backlog);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, call));
  expect(largest).toBeLessThan(6_000);
});
