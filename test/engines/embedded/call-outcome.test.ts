import { embedded, fn } from "handback";
import type { Context } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { FillableStore } from "../../durability/support/fillable-store.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

/** Lets all work run that takes no time. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("a call whose start is durable outlives an outage, and one whose start is not is told", async () => {
  const store = new FillableStore();
  const clock = new VirtualClock();
  const release = Promise.withResolvers<string>();
  const held = fn("outcome/held", () => release.promise);
  const quick = fn("outcome/quick", () => "done");
  const engine = await embedded({ functions: [held, quick], store: store.store, clock, log });
  const durable = engine.client.call(held);
  while (store.content.count().messages === 0) await settled();
  await settled();
  store.isFull = true;
  await expect(engine.client.call(quick)).rejects.toMatchObject({
    code: "STORE_FULL",
    details: { definite: false },
  });
  release.resolve("late");
  store.isFull = false;
  await clock.advance(60_000);
  expect(await durable).toBe("late");
  await engine.close();
});

test("a call in a handler blocks it, and gets its answer", async () => {
  const store = new FillableStore();
  const inner = fn("outcome/inner", (_, n: number) => n + 1);
  const outer = fn("outcome/outer", async (_: Context, n: number) => engine.client.call(inner, n));
  const options = { functions: [inner, outer], store: store.store, concurrency: 1, log };
  const engine = await embedded(options);
  expect(await engine.client.call(outer, 1)).toBe(2);
  expect(engine.meter.function("outcome/outer").runs).toBe(1);
  await engine.close();
});

test("a call is rejected when the engine closes before its flow ends", async () => {
  const store = new FillableStore();
  const parked = fn("outcome/parked", (ctx: Context) => ctx.event<string>("never"));
  const engine = await embedded({ functions: [parked], store: store.store, log });
  const call = engine.client.call(parked);
  call.catch(() => undefined);
  while (store.content.count().watches === 0) await settled();
  await engine.close();
  await expect(call).rejects.toMatchObject({ code: "CLOSED" });
});
