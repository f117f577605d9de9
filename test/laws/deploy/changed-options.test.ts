import { stateful, value } from "handback";
import type { Client, Fn, StatefulFn } from "handback";
import { describe, expect, test } from "vitest";
import { inWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { aggregator } from "handback/patterns";
import { zero, helpers } from "./changes.ts";
import type { Change } from "./changes.ts";
import { APPLIED } from "./behavior-changes.ts";
import { CHANGED } from "./shape-changes.ts";

type Numbers = Fn<number, unknown>;

async function signalAll(client: Client, world: World): Promise<void> {
  for (const _ of [1, 2, 3]) {
    await world.clock.advance(1);
    if ((await client.status("f")).settledAt !== undefined) return;
    await client.signal("f", "go", 0);
  }
  await world.clock.advance(86_400_000);
}

/** Starts work under the former version and goes on under the new one. */
async function deploy(world: World, change: Change) {
  const { before, after, functions = helpers, input, act = signalAll } = change;
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = { debug: write, info: write, warn: write, error: write };
  const old = await world.start([before, ...helpers]);
  await old.start(before as Numbers | StatefulFn<number, unknown>, input as number, { id: "f" });
  await world.clock.advance(1);
  const client = await world.start([after, ...functions], { log });
  await act(client, world);
  return { client, lines };
}

describe("a deploy that changes what a stage is given holds its work", () => {
  test.each(Object.entries(CHANGED))("%s", (_, change) =>
    inWorld(async (world) => {
      const { client, lines } = await deploy(world, change);
      expect((await client.status("f")).status).toBe("pending");
      const shape = "SHAPE_CHANGED: law/p is registered with another shape";
      expect(lines.join("\n")).toContain(shape);
      expect(JSON.stringify(await client.waits("f"))).toContain(`"parked: ${shape}"`);
      const held = [...world.engine.unregistered.keys()].join(" ");
      expect(held).toMatch(/^law\/p\.[a-z]+-[0-9a-f]{8}$/);
      const back = await world.start([change.before, ...helpers]);
      await signalAll(back, world);
      expect(await back.flow("f").result()).toEqual(change.result);
    }),
  );
});

describe("a deploy that changes behavior applies to work under way", () => {
  test.each(Object.entries(APPLIED))("%s", (_, change) =>
    inWorld(async (world) => {
      const { client, lines } = await deploy(world, change);
      expect(await client.flow("f").result()).toEqual(change.result);
      expect(lines.join("\n")).not.toContain("SHAPE_CHANGED");
    }),
  );

  test("aggregator: its limits and destination", () =>
    inWorld(async (world) => {
      const received = stateful("law/received", {
        state: { batches: value<unknown[]>([]) },
        handlers: { take: (ctx, batch: unknown) => void ctx.state.batches.push(batch) },
      });
      const before = aggregator<number>("law/p", { flush: zero, maxWait: "1h" });
      const after = aggregator<number>("law/p", {
        flush: received.take,
        maxWait: "1h",
        maxCount: 2,
        gap: "2h",
        dedupeBy: String,
        dedupeMax: 5_000,
        timeOf: () => 0,
        onLate: zero,
      });
      const old = await world.start([before, zero]);
      await old.call(before.add, 1, { id: "k" });
      const client = await world.start([after, received, zero]);
      await world.clock.advance(3_600_001);
      const { batches } = await client.readState(received, "k");
      expect(batches).toEqual([expect.objectContaining({ events: [1], reason: "wait" })]);
    }));
});
