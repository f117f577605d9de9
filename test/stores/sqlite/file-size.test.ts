import { statSync } from "node:fs";
import { join } from "node:path";
import { embedded, fn, sqlite } from "handback";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { holding } from "../../support/holding.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const MIB = 1 << 20;
const PAYLOAD = "x".repeat(2_000);

const echo = fn("size/echo", (_, text: string) => text);

/** Starts an engine on a new file. It deletes ended flows after a second. */
async function startEngine() {
  const path = join(temporaryDirectory(), "s.db");
  const clock = new VirtualClock();
  const store = holding(clock, sqlite(path, { durability: "relaxed" }));
  const engine = await embedded({ functions: [echo], store, clock, retention: "1s" });
  const run = async (flows: number): Promise<void> => {
    const starts = Array.from({ length: flows }, (_, n) =>
      engine.client.start(echo, `${n}${PAYLOAD}`),
    );
    await clock.until(Promise.all(starts.map(async (start) => (await start).result())));
  };
  const mebibytes = (): number => statSync(path).size / MIB;
  return { clock, store, engine, run, mebibytes };
}

describe("the file of a store", () => {
  test("does not grow with finished work: ten times as many flows leave it the same size", async () => {
    const { clock, store, engine, run, mebibytes } = await startEngine();
    const after: number[] = [];
    for (let second = 0; second < 30; second++) {
      await run(500);
      await clock.advance(1_000);
      after.push(mebibytes());
    }
    const early = Math.max(...after.slice(0, 3));
    expect(Math.max(...after.slice(-5))).toBeLessThan(1.5 * early);
    await clock.advance(60_000);
    expect(store.count()).toMatchObject({ messages: 0, state: 0 });
    await clock.until(engine.close());
  });

  test("shrinks when little work follows much; commits go on meanwhile, and nothing is lost", async () => {
    const { clock, store, engine, run, mebibytes } = await startEngine();
    await run(8_000);
    const large = mebibytes();
    expect(large).toBeGreaterThan(20);
    // The thread does not follow the virtual clock.
    for (let second = 0; second < 300 && mebibytes() >= large / 4; second++) {
      await clock.advance(1_000);
      await run(20);
    }
    expect(mebibytes()).toBeLessThan(large / 4);
    await clock.advance(60_000);
    expect(store.count()).toMatchObject({ messages: 0, state: 0 });
    await clock.until(engine.close());
  });
});
