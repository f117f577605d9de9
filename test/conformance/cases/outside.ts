import type { FutureHandle, PromiseFuture } from "handback";
import { fn } from "handback";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";

type Promised = { readonly token: string; readonly handle: FutureHandle<number> };

/** Makes a promise, and gives both ways to it. */
const promise = fn("test/promise", (ctx): Promised => {
  const future: PromiseFuture<number> = ctx.promise<number>();
  return { token: future.token, handle: future.handle() };
});
const follow = fn("test/follow", (ctx, handle: FutureHandle<number>) => ctx.future(handle));
/** Waits for a promise whose token is its status. */
const wait = fn("test/wait", (ctx) => {
  const future = ctx.promise<number>();
  ctx.setStatus(future.token);
  return { got: future };
});
const two = fn("test/two", (ctx) => ctx.all([ctx.event("e"), ctx.event("e"), ctx.event("other")]));
const lateTwo = fn("test/late-two", (ctx) => ctx.onComplete(ctx.sleep(1000), two));
const PARTS = [promise, follow, wait, two, lateTwo];

export const outsideCases: readonly Case[] = [
  {
    title: "settles a promise by its token before anybody waits for it",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const { token, handle } = await client.call(promise);
      await clock.quiet();
      await client.settle(token, 5);
      expect(await client.call(follow, handle)).toBe(5);
    },
  },
  {
    title: "settles a promise as soon as its token is known",
    needs: ["promptOrder"],
    async run(start) {
      const { client } = await start(PARTS);
      const { token, handle } = await client.call(promise);
      await client.settle(token, 5);
      expect(await client.call(follow, handle)).toBe(5);
    },
  },
  {
    title: "settles a promise by its token after its flow has waited for it",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const handle = await client.start(wait, undefined, { id: "w" });
      await clock.advance(60_000);
      const { status, custom } = await handle.status();
      expect(status).toBe("pending");
      await client.settle(String(custom), 7);
      expect(await handle.result()).toEqual({ got: 7 });
    },
  },
  {
    title: "rejects a promise by its token, with an error or a reason",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const handle = await client.start(wait, undefined, { id: "w" });
      await clock.quiet();
      await client.reject(String((await handle.status()).custom), new RangeError("refused"));
      await expect(handle.result()).rejects.toMatchObject({ code: "FUNCTION_FAILED", failure: { name: "RangeError", message: "refused" } });
      const other = await client.call(promise);
      await clock.quiet();
      await client.reject(other.token, "a reason");
      await expect(client.call(follow, other.handle)).rejects.toMatchObject({ failure: { message: "a reason" } });
    },
  },
  {
    title: "takes a second settlement with the same outcome, and refuses another one",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const { token, handle } = await client.call(promise);
      await clock.quiet();
      await client.settle(token, 5);
      await client.settle(token, 5);
      await expect(client.settle(token, 6)).rejects.toMatchObject({ code: "ALREADY_COMPLETED", details: { outcome: "fulfilled" } });
      await expect(client.reject(token, "no")).rejects.toMatchObject({ code: "ALREADY_COMPLETED", details: { outcome: "fulfilled" } });
      expect(await client.call(follow, handle)).toBe(5);
    },
  },
  {
    title: "tells a token of nothing from a text that is no token",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const { token } = await client.call(promise);
      await clock.quiet();
      const [cell = "", secret = ""] = token.split(".");
      await expect(client.settle(`${cell}.${secret.replaceAll(/./g, "0")}`, 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(client.settle(`${cell.replaceAll(/./g, "0")}.${secret}`, 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
      for (const malformed of ["", "x", cell, `${token}.x`])
        await expect(client.settle(malformed, 1)).rejects.toMatchObject({ code: "INVALID_ID" });
    },
  },
  {
    title: "keeps events that come before the wait, first in, first out",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const handle = await client.start(lateTwo, undefined, { id: "f" });
      await client.signal(handle, "e", 1);
      await client.signal("f", "other", "o");
      await client.signal(handle, "e", { n: 2 });
      await clock.advance(999);
      expect((await handle.status()).status).toBe("pending");
      expect(await handle.result()).toEqual([1, { n: 2 }, "o"]);
    },
  },
  {
    title: "serves those who wait for an event before it comes, first in, first out",
    async run(start) {
      const { client, clock } = await start(PARTS);
      const handle = await client.start(two, undefined, { id: "f" });
      await clock.quiet();
      await client.signal("f", "other");
      await client.signal("f", "e", "a");
      await client.signal("f", "e", "b");
      expect(await handle.result()).toEqual(["a", "b", undefined]);
    },
  },
  {
    title: "keeps the events of different flows and of different names apart",
    async run(start) {
      const { client } = await start(PARTS);
      const handles = await Promise.all(["f", "g"].map((id) => client.start(two, undefined, { id })));
      for (const each of ["f", "g"])
        for (const [name, n] of [
          ["e", 1],
          ["other", 2],
          ["e", 3],
        ] as const)
          await client.signal(each, name, `${each}${n}`);
      expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual([
        ["f1", "f3", "f2"],
        ["g1", "g3", "g2"],
      ]);
    },
  },
  {
    title: "refuses events for a flow that is over, and for one that never was",
    async run(start) {
      const { client } = await start(PARTS);
      const handle = await client.start(promise, undefined, { id: "p" });
      await handle.result();
      await expect(client.signal("p", "e", 1)).rejects.toMatchObject({ code: "FLOW_OVER" });
      await expect(client.signal("none", "e", 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
  },
];
