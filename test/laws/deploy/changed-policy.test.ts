import { fn } from "handback";
import { fanOut } from "handback/patterns";
import { expect, test } from "vitest";
import { inWorld } from "../support/world.ts";

const wait = fn("law/wait", (ctx, n: number) => ctx.onComplete(ctx.event(`go ${n}`), same, n));
const same = fn("law/same", (_, { args }: { result: unknown; args: number }) => args);
const joinFn = fn("law/join", (_, joined: unknown) => joined);
const joins = [
  ["a mapping", (joined: unknown) => joined],
  ["a function", joinFn],
] as const;
const windows = [1, 10];

test.each(joins.flatMap(([name, join]) => windows.map((size) => [name, size, join] as const)))(
  "a fan-out whose policy changes parks work for its join: %s, %i at a time",
  (_, concurrency, join) =>
    inWorld(async (world) => {
      const strict = fanOut("law/all", { each: wait, join, concurrency });
      const lenient = fanOut("law/all", { each: wait, join, concurrency, onFailure: "settle" });
      const before = await world.start([strict, same]);
      await before.start(strict, [1, 2], { id: "f" });
      await world.clock.advance(1);
      const between = await world.start([lenient, same]);
      for (const n of [1, 2]) {
        await between.signal("f", `go ${n}`);
        await world.clock.advance(1);
      }
      expect((await between.status("f")).status).toBe("pending");
      expect([...world.engine.unregistered.keys()].join(" ")).toMatch(/^law\/all\.(join|window)-/);
      const after = await world.start([strict, same]);
      expect(await after.flow("f").result()).toEqual([1, 2]);
    }),
);
