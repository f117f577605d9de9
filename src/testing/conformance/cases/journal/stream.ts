import { fn } from "../../../../futures/define/fn.ts";
import type { FlowHandle } from "../../../../futures/client/client.ts";
import type { StreamItem } from "../../../../futures/client/journal/stream-item.ts";
import { CaseFailure, equal, ok, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

/** Emits the numbers of a range, and does not wait until they are durable. */
const count = fn("test/count", (ctx, [from, to]: readonly [number, number]) => {
  for (let n = from; n <= to; n++) void ctx.emit("n", n);
});

/** Emits, waits for an event, and emits again in another run. */
const held = fn("test/held", async (ctx) => {
  await ctx.emit("n", 1);
  return ctx.onComplete(ctx.event("go"), goesOn);
});
const goesOn = fn("test/goes-on", (ctx) => void ctx.emit("n", 2));

const NEEDS = ["streams"] as const;

export const streamCases: readonly Case[] = [
  {
    title: "a reader gets all items of a channel in order, and ends with the flow",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([count]);
      const handle = await client.start(count, [1, 2_000], { key: "f" });
      const expected = Array.from({ length: 2_000 }, (_, index) => index + 1);
      equal(await readValuesOf(handle), expected);
      equal(await readValuesOf(handle), expected);
      equal(await readValuesOf(handle, "other"), []);
    },
  },
  {
    title: "an item can be read while its handler still runs",
    needs: NEEDS,
    async run({ start }) {
      const gate = Promise.withResolvers<void>();
      const waits = fn("test/waits", async (ctx) => {
        void ctx.emit("n", "early");
        await gate.promise;
        void ctx.emit("n", "late");
      });
      const { client } = await start([waits]);
      const handle = await client.start(waits, undefined, { key: "f" });
      const values: unknown[] = [];
      for await (const { value } of handle.stream("n")) {
        values.push(value);
        gate.resolve();
      }
      equal(values, ["early", "late"]);
    },
  },
  {
    title: "a reader goes on after the cursor of any item",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([count]);
      const handle = await client.start(count, [1, 5], { key: "f" });
      const items = await readItems(handle.stream<number>("n"));
      for (const [index, { cursor }] of items.entries()) {
        const rest = await readItems(handle.stream("n", { after: cursor }));
        equal(rest, items.slice(index + 1));
      }
    },
  },
  {
    title: "items of several runs of a flow are in one stream",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([held, goesOn]);
      const handle = await client.start(held, undefined, { key: "f" });
      const reading = handle.stream<number>("n");
      const first = await readNext(reading);
      equal(first.value, 1);
      await client.signal("f", "go", null);
      const rest = await readItems(reading);
      equal(
        rest.map(({ value }) => value),
        [2],
      );
      ok(rest[0]?.run !== first.run, "two calls have two runs");
    },
  },
  {
    title: "an attempt that failed keeps its items, and the next one has a larger epoch",
    needs: NEEDS,
    async run({ start, time }) {
      const flaky = fn(
        "test/flaky",
        { retry: { maxAttempts: 2, initialDelay: 10 } },
        async (ctx) => {
          await ctx.emit("n", ctx.attempt);
          await ctx.emit("n", ctx.attempt);
          if (ctx.attempt === 1) throw new Error("once");
        },
      );
      const { client } = await start([flaky]);
      const handle = await client.start(flaky, undefined, { key: "f" });
      await time.advance(1_000);
      await handle.result();
      const items = await readItems(handle.stream<number>("n"));
      equal(
        items.map(({ value }) => value),
        [1, 1, 2, 2],
      );
      equal(new Set(items.map(({ run }) => run)).size, 1);
      const [one = 0, again, two = 0] = items.map(({ epoch }) => epoch);
      equal(again, one);
      ok(two > one, "a later run has a larger epoch");
    },
  },
  {
    title: "emit rejects values and channels that no stream can have, and changes nothing",
    needs: NEEDS,
    async run({ start }) {
      const bad = fn("test/bad", (ctx, which: "channel" | "value") => {
        if (which === "channel") void ctx.emit("", 1);
        else void ctx.emit("n", () => 1);
      });
      const { client } = await start([bad]);
      for (const [which, code] of [
        ["channel", "INVALID_NAME"],
        ["value", "UNSERIALIZABLE"],
      ] as const) {
        const handle = await client.start(bad, which, { key: which });
        await rejects(handle.result(), { code });
        equal(await readValuesOf(handle), []);
      }
    },
  },
  {
    title: "a reader rejects wrong channels, cursors and options, and a missing flow",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([count]);
      const handle = await client.start(count, [1, 1], { key: "f" });
      await handle.result();
      const read = async (...args: Parameters<typeof handle.stream>): Promise<unknown> =>
        readItems(handle.stream(...args));
      await rejects(read(""), { code: "INVALID_NAME" });
      for (const after of ["", "x", "0", "-1", `${"0".repeat(16)}-zzzzzzzzzzzz`])
        await rejects(read("n", { after }), { code: "INVALID_CURSOR" });
      await rejects(read("n", { after: `${"0".repeat(16)}-1` }), { code: "INVALID_CURSOR" });
      await rejects(readItems(client.flow("missing").stream("n")), { code: "NOT_FOUND" });
    },
  },
  {
    title: "an aborted reader rejects with the reason, and holds nothing",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([held, goesOn]);
      const handle = await client.start(held, undefined, { key: "f" });
      const controller = new AbortController();
      const reading = handle.stream<number>("n", { signal: controller.signal });
      equal((await readNext(reading)).value, 1);
      const next = reading.next();
      controller.abort(new Error("enough"));
      await rejects(next, { message: "enough" });
      await client.signal("f", "go", null);
      equal(await readValuesOf(handle), [1, 2]);
    },
  },
  {
    title: "a purged flow has no stream",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([count]);
      const handle = await client.start(count, [1, 3], { key: "f" });
      await handle.result();
      await client.purge("f");
      await rejects(readValuesOf(handle), { code: "NOT_FOUND" });
      const again = await client.start(count, [7, 8], { key: "f" });
      equal(await readValuesOf(again), [7, 8]);
    },
  },
];

async function readValuesOf(
  handle: FlowHandle<unknown>,
  channel = "n",
): Promise<readonly unknown[]> {
  return (await readItems(handle.stream(channel))).map(({ value }) => value);
}

async function readItems<T>(
  reading: AsyncIterable<StreamItem<T>>,
): Promise<readonly StreamItem<T>[]> {
  const items: StreamItem<T>[] = [];
  for await (const item of reading) items.push(item);
  return items;
}

async function readNext<T>(
  reading: AsyncIterator<StreamItem<T>, void, void>,
): Promise<StreamItem<T>> {
  const { value } = await reading.next();
  if (value === undefined) throw new CaseFailure("the stream has ended");
  return value;
}
