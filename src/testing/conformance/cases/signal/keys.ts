import { fn } from "../../../../futures/define/fn.ts";
import { equal, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

/** Waits for events one after the other, until it has this many of them. */
const collect = fn("test/collect", (ctx, count: number) =>
  ctx.all(Array.from({ length: count }, () => ctx.event("e"))),
);
const either = fn("test/either", (ctx) => ctx.all([ctx.event("e"), ctx.event("other")]));
const PARTS = [collect, either];
/** Long enough for the last requests of a flow. */
const RETENTION_MS = 3_000;

export const signalKeyCases: readonly Case[] = [
  {
    title: "a signal counts once under its key, in the order of the signals",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handle = await client.start(collect, 4, { key: "f" });
      await client.signal("f", "e", 1, { key: "a" });
      await client.signal("f", "e", 2, { key: "b" });
      await client.signal("f", "e", 1, { key: "a" });
      await client.signal("f", "e", 3);
      await client.signal("f", "e", 2, { key: "b" });
      await client.signal("f", "e", 4, { key: "c" });
      equal(await handle.result(), [1, 2, 3, 4]);
    },
  },
  {
    title: "a signal counts once for simultaneous requests with its key",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handle = await client.start(collect, 2, { key: "f" });
      const sent = Array.from({ length: 10 }, () => client.signal("f", "e", 1, { key: "a" }));
      await Promise.all(sent);
      await client.signal("f", "e", 2);
      equal(await handle.result(), [1, 2]);
    },
  },
  {
    title: "a key of another signal is a conflict, and changes nothing",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handle = await client.start(either, undefined, { key: "f" });
      await client.signal("f", "e", { n: 1 }, { key: "a" });
      await rejects(client.signal("f", "other", { n: 1 }, { key: "a" }), {
        code: "IDEMPOTENCY_CONFLICT",
      });
      await rejects(client.signal("f", "e", { n: 2 }, { key: "a" }), {
        code: "IDEMPOTENCY_CONFLICT",
      });
      await client.signal("f", "other", 3, { key: "b" });
      equal(await handle.result(), [{ n: 1 }, 3]);
    },
  },
  {
    title: "a known key is answered as before after the end of the flow, and a new one is refused",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handle = await client.start(collect, 1, { key: "f" });
      await client.signal("f", "e", 1, { key: "a" });
      await handle.result();
      await client.signal("f", "e", 1, { key: "a" });
      await rejects(client.signal("f", "e", 2, { key: "a" }), { code: "IDEMPOTENCY_CONFLICT" });
      await rejects(client.signal("f", "e", 1, { key: "b" }), { code: "FLOW_OVER" });
      await rejects(client.signal("f", "e", 1, { key: "b" }), { code: "FLOW_OVER" });
    },
  },
  {
    title:
      "keys belong to their flow, and are free again once it is purged or its retention is over",
    async run({ start, time }) {
      const { client } = await start(PARTS, { retentionMs: RETENTION_MS });
      const signal = () => client.signal("f", "e", 1, { key: "a" });
      for (const end of ["purge", "retention", "none"]) {
        const handle = await client.start(collect, 1, { key: "f" });
        const other = await client.start(collect, 1, { key: "g" });
        await signal();
        await client.signal("g", "e", 5, { key: "a" });
        equal([await handle.result(), await other.result()], [[1], [5]]);
        if (end === "retention") await time.advance(RETENTION_MS + 1);
        else for (const flow of ["f", "g"]) await client.purge(flow);
        await rejects(signal(), { code: "NOT_FOUND" });
      }
    },
  },
];
