import { embedded, fn, memory } from "handback";
import { expect, test } from "vitest";

const wait = fn("keys/wait", (ctx) => ctx.event("word"));

test("a page of keys is stored in format 1, under the flow's number", async () => {
  const store = memory();
  const engine = await embedded({ functions: [wait], store });
  const flow = await engine.client.start(wait);
  await engine.client.signal(flow, "other", { n: 1 }, { key: "payment-1" });
  const [page, ...others] = store.readState({ type: "_sys/signal-keys", id: `6b\n${flow.id}` });
  expect([page?.name, page?.value.content.json, others]).toEqual([
    "keys",
    { v: 1, keys: { e2017a666d2920deb181b0ef6a6207: "162eded14bb450a8fb596070dd2f8a1d" } },
    [],
  ]);
  await engine.close();
});
