import fc from "fast-check";
import { embedded, fn, memory } from "handback";
import type { Context, Embedded, Future } from "handback";
import { describe, expect, test } from "vitest";
import { CommitGate, HeldStore } from "../../durability/support/held-store.ts";

/** Lets all work run that takes no time. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const last = fn("reads/last", () => "done");
const chain = fn("reads/chain", (ctx: Context, left: number): Future<string> =>
  left === 0 ? ctx.invoke(last) : ctx.onComplete(ctx.resolved(left - 1), chain),
);
const parked = fn("reads/parked", (ctx: Context) =>
  ctx.all([ctx.promise<string>(), ctx.invoke(last)]),
);

/** Opens an engine whose store shows each commit before the engine learns of it. */
async function openAhead(queues: boolean): Promise<{ engine: Embedded; gate: CommitGate }> {
  const gate = new CommitGate();
  const store = new HeldStore(memory(), gate.hold, "at once", queues);
  return { engine: await embedded({ functions: [chain, parked, last], store }), gate };
}

describe("client.waits while the store is ahead of the engine", () => {
  test("never shows a pending flow that waits for nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.integer({ min: 0, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 12 }),
        async (queues, left, passes) => {
          const { engine, gate } = await openAhead(queues);
          const flow = await engine.client.start(chain, left);
          gate.shut();
          const seen: ReturnType<typeof engine.client.waits>[] = [];
          for (const count of passes) {
            seen.push(engine.client.waits(flow));
            for (let pass = 0; pass < count; pass++) gate.passOne();
            await settled();
          }
          gate.open();
          for (const { nodes, waits } of await Promise.all(seen)) {
            const isPending = nodes[0]?.status.endsWith("pending") === true;
            expect([isPending, waits.length > 0]).toEqual([isPending, isPending]);
          }
          expect(await flow.result()).toBe("done");
          await engine.close();
        },
      ),
    );
  });

  test("ends when the engine closes or its store fails", async () => {
    for (const end of ["close", "fail"] as const) {
      const { engine, gate } = await openAhead(false);
      const flow = await engine.client.start(parked);
      gate.shut();
      await settled();
      const waits = engine.client.waits(flow);
      waits.catch(() => undefined);
      if (end === "fail") gate.failOne(new Error("the disk is gone"));
      gate.open();
      if (end === "fail") await expect(waits).rejects.toMatchObject({ code: "STORE_FAILED" });
      else expect((await waits).nodes.length).toBeGreaterThan(1);
      await engine.close();
    }
  });
});

test("a read that waits for a commit does not hold up the commits after it", async () => {
  const { engine, gate } = await openAhead(true);
  const flow = await engine.client.start(parked);
  gate.shut();
  const calls = [1, 2, 3].map((left) => engine.client.call(chain, left));
  await settled();
  const waits = engine.client.waits(flow);
  gate.open();
  expect(await Promise.all(calls)).toEqual(["done", "done", "done"]);
  expect((await waits).nodes[0]?.status).toBe("reads/parked, pending");
  await engine.close();
});
