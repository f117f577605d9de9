import { fn } from "../../../../futures/define/fn.ts";
import type { FlowStatus } from "../../../../futures/types/flow-status.ts";
import { equal, matches, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

/** Orders that fail after they were charged, until there is something in stock. */
function makeOrders() {
  const shop = { inStock: false, keys: new Set<string>() };
  const charge = fn("test/charge", (ctx, cents: number) => {
    shop.keys.add(ctx.idempotencyKey);
    return cents;
  });
  const pack = fn("test/pack", (ctx, cents: number) => {
    if (!shop.inStock) throw new Error("sold out");
    ctx.setStatus("packed");
    return `packed for ${cents}`;
  });
  const order = fn("test/order", { parts: [charge, pack] }, (ctx, cents: number) =>
    ctx.onComplete(ctx.invoke(charge, cents), pack),
  );
  return { shop, order };
}

const ends = fn("test/ends", () => "done");
const waits = fn("test/waits", (ctx) => ctx.event("go"));

export const restartCases: readonly Case[] = [
  {
    title: "a flow that has failed runs again with its input and, if asked, its keys",
    async run({ start }) {
      const { shop, order } = makeOrders();
      const { client } = await start([order]);
      const handle = await client.start(order, 5, { key: "o" });
      await rejects(handle.result(), { code: "FUNCTION_FAILED" });
      await client.restart(handle, { keys: "same" });
      await rejects(handle.result(), { code: "FUNCTION_FAILED" });
      equal(shop.keys.size, 1);
      shop.inStock = true;
      await client.restart("o", { keys: "new" });
      equal(await handle.result(), "packed for 5");
      equal(shop.keys.size, 2);
      matches(await handle.status(), { status: "completed", custom: "packed", run: 3 });
      const attached = await client.start(order, 5, { key: "o" });
      equal(await attached.result(), "packed for 5");
    },
  },
  {
    title: "a canceled flow runs again, and what is left of its first run does not settle it",
    async run({ start, time }) {
      const runs: string[] = [];
      let isFirst = true;
      const late = fn("test/late", (_, run: string) => run);
      const slow = fn("test/slow", { parts: [late] }, (ctx) => {
        const [run, ms] = isFirst ? ["first", 1500] : ["second", 3000];
        runs.push(run);
        return ctx.invoke(late, run, { after: [ctx.sleep(ms)] });
      });
      const { client } = await start([slow]);
      const handle = await client.start(slow, undefined, { key: "s" });
      while (runs.length === 0) await time.advance(10);
      await client.cancel(handle);
      isFirst = false;
      await client.restart(handle, { keys: "same" });
      matches(await handle.status(), { status: "pending", run: 2 });
      await rejects(client.restart(handle, { keys: "new" }), { code: "NOT_RESTARTABLE" });
      equal(await handle.result(), "second");
    },
  },
  {
    title: "a restart is refused with how the flow stands, and changes nothing",
    async run({ start }) {
      const { client } = await start([ends, waits]);
      await client.call(ends, undefined, { key: "e" });
      await client.start(waits, undefined, { key: "w" });
      const [completed, running] = [
        { flow: "e", status: "completed", reason: "completed" },
        { flow: "w", status: "pending", reason: "running" },
      ];
      for (const keys of ["same", "new"] as const) {
        const asked = client.restart("e", { keys });
        await rejects(asked, { code: "NOT_RESTARTABLE", details: completed });
        const other = client.restart("w", { keys });
        await rejects(other, { code: "NOT_RESTARTABLE", details: running });
      }
      await rejects(client.restart("none", { keys: "new" }), { code: "NOT_FOUND" });
      equal(await client.flow("e").result(), "done");
      await client.signal("w", "go", 7);
      equal(await client.flow("w").result(), 7);
    },
  },
  {
    title: "a handler asks how another flow stands, and gets what a client gets",
    async run({ start }) {
      const told: FlowStatus[] = [];
      const tell = fn("test/tell", (_, status: FlowStatus) => void told.push(status));
      const look = fn("test/look", { parts: [tell] }, (ctx, id: string) =>
        ctx.onComplete(ctx.status(id), tell),
      );
      const { order } = makeOrders();
      const { client } = await start([look, order, ends, waits]);
      const failed = await client.start(order, 5, { key: "f" });
      await rejects(failed.result(), { code: "FUNCTION_FAILED" });
      await client.call(ends, undefined, { key: "e" });
      await client.start(waits, undefined, { key: "w" });
      for (const id of ["f", "e", "w"]) await client.call(look, id);
      for (const [at, id] of ["f", "e", "w"].entries()) {
        const { failure: _, ...status } = await client.status(id);
        matches(told.find(({ function: type }) => type === status.function) ?? told[at], status);
      }
      await rejects(client.call(look, "none"), { code: "NOT_FOUND" });
    },
  },
];
