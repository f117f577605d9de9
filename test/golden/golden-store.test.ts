import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { embedded, sqlite } from "handback";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { holding } from "../support/holding.ts";
import { functions, keeper } from "./flows.ts";

const GOLDEN = import.meta.dirname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "handback-golden-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each(readdirSync(GOLDEN).filter((name) => name.startsWith("store-") && name.endsWith(".db")))(
  "what was parked in %s goes on as if it had never been closed",
  async (name) => {
    const file = join(folder, name);
    copyFileSync(join(GOLDEN, name), file);
    const clock = new VirtualClock();
    const engine = await embedded({ functions, store: holding(clock, sqlite(file)), clock });
    const { client, meter } = engine;

    const { custom } = await clock.until(client.status("parked"));
    const recalled = client.call(keeper.recall, undefined, { id: "k" });
    await clock.until(client.settle((custom as { token: string }).token, "Ada"));

    const leaves = Array.from({ length: 20 }, (_, index) => index * 2);
    expect(await clock.until(client.flow("parked").result())).toEqual({
      leaves,
      person: "Ada",
      go: "went",
      sum: 42,
    });
    expect(await clock.until(recalled)).toBe("Ada");
    expect(await clock.until(meter.flow("parked"))).toMatchObject({
      runs: 24,
      beta: 1,
      final: true,
    });

    const waited = await clock.until(
      client.flow<{ ready: unknown[]; pending: { index: number }[] }>("waiting").result(),
    );
    // Both timers are long due; the one of the timeout was due first.
    expect(waited.ready).toEqual([{ index: 0, status: "fulfilled", value: 8 }]);
    expect(waited.pending.map(({ index }) => index)).toEqual([1, 2]);

    expect(await client.readState(keeper, "k")).toMatchObject({
      when: new Date(1_700_000_000_000),
      seen: new Map([["keep", 1]]),
    });
    await engine.close();
  },
);
