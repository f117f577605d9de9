import type { FutureHandle } from "../../../futures/types/handle.ts";
import type { PromiseFuture } from "../../../futures/types/future.ts";
import { fn } from "../../../futures/define/fn.ts";
import type { FlowHandle } from "../../../futures/client/flow-handle.ts";
import { equal, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";
import type { Time } from "../case/time.ts";

type Promised = { readonly token: string; readonly handle: FutureHandle<number> };

/** Makes a promise, and returns both of its tokens. */
const promise = fn("test/promise", (ctx): Promised => {
  const future: PromiseFuture<number> = ctx.promise<number>();
  return { token: future.token, handle: future.handle() };
});
const follow = fn("test/follow", (ctx, handle: FutureHandle<number>) => ctx.future(handle));
/** Waits for a promise, and publishes the token as its status. */
const wait = fn("test/wait", (ctx) => {
  const future = ctx.promise<number>();
  ctx.setStatus(future.token);
  return { got: future };
});
const two = fn("test/two", (ctx) => ctx.all([ctx.event("e"), ctx.event("e"), ctx.event("other")]));
/** Time for a few calls before a wait begins. */
const LATE_MS = 3000;
const lateTwo = fn("test/late-two", (ctx) => ctx.onComplete(ctx.sleep(LATE_MS), two));
/** Returns the token that a flow of `wait` publishes, once it waits. */
async function publishedToken(handle: FlowHandle<unknown>, time: Time): Promise<string> {
  let token: unknown;
  await time.eventually(async () => {
    const { status, custom } = await handle.status();
    equal([status, typeof custom], ["pending", "string"]);
    token = custom;
  });
  return String(token);
}
const PARTS = [promise, follow, wait, two, lateTwo];

export const outsideCases: readonly Case[] = [
  {
    title: "a promise can be settled by its token before anything waits for it",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const { token, handle } = await client.call(promise);
      await time.eventually(() => client.settle(token, 5));
      equal(await client.call(follow, handle), 5);
    },
  },
  {
    title: "a promise can be settled as soon as its token is known",
    needs: ["promptOrder"],
    async run({ start }) {
      const { client } = await start(PARTS);
      const { token, handle } = await client.call(promise);
      await client.settle(token, 5);
      equal(await client.call(follow, handle), 5);
    },
  },
  {
    title: "a promise can be settled by its token after its flow has waited for it",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const handle = await client.start(wait, undefined, { id: "w" });
      await client.settle(await publishedToken(handle, time), 7);
      equal(await handle.result(), { got: 7 });
    },
  },
  {
    title: "a promise can be rejected by its token, with an error or a reason",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const handle = await client.start(wait, undefined, { id: "w" });
      await client.reject(await publishedToken(handle, time), new RangeError("refused"));
      await rejects(handle.result(), {
        code: "FUNCTION_FAILED",
        failure: { name: "RangeError", message: "refused" },
      });
      const other = await client.call(promise);
      await time.eventually(() => client.reject(other.token, "a reason"));
      await rejects(client.call(follow, other.handle), { failure: { message: "a reason" } });
    },
  },
  {
    title: "a second settlement with the same outcome succeeds, and another is rejected",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const { token, handle } = await client.call(promise);
      await time.eventually(() => client.settle(token, 5));
      await client.settle(token, 5);
      await rejects(client.settle(token, 6), {
        code: "ALREADY_COMPLETED",
        details: { outcome: "fulfilled" },
      });
      await rejects(client.reject(token, "no"), {
        code: "ALREADY_COMPLETED",
        details: { outcome: "fulfilled" },
      });
      equal(await client.call(follow, handle), 5);
    },
  },
  {
    title: "an unknown token and a text that is no token get different errors",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const { token } = await client.call(promise);
      await time.quiet();
      const [cell = "", secret = ""] = token.split(".");
      await rejects(client.settle(`${cell}.${secret.replaceAll(/./g, "0")}`, 1), {
        code: "NOT_FOUND",
      });
      await rejects(client.settle(`${cell.replaceAll(/./g, "0")}.${secret}`, 1), {
        code: "NOT_FOUND",
      });
      for (const malformed of ["", "x", cell, `${token}.x`])
        await rejects(client.settle(malformed, 1), { code: "INVALID_ID" });
    },
  },
  {
    title: "events that arrive before the wait are kept, first in, first out",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const handle = await client.start(lateTwo, undefined, { id: "f" });
      await client.signal(handle, "e", 1);
      await client.signal("f", "other", "o");
      await client.signal(handle, "e", { n: 2 });
      await time.advance(time.almost(LATE_MS));
      equal((await handle.status()).status, "pending");
      equal(await handle.result(), [1, { n: 2 }, "o"]);
    },
  },
  {
    title: "waits that come before their event are served first in, first out",
    async run({ start, time }) {
      const { client } = await start(PARTS);
      const handle = await client.start(two, undefined, { id: "f" });
      await time.quiet();
      await client.signal("f", "other");
      await client.signal("f", "e", "a");
      await client.signal("f", "e", "b");
      equal(await handle.result(), ["a", "b", undefined]);
    },
  },
  {
    title: "events of different flows and different names are separate",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handles = await Promise.all(
        ["f", "g"].map((id) => client.start(two, undefined, { id })),
      );
      for (const each of ["f", "g"])
        for (const [name, n] of [
          ["e", 1],
          ["other", 2],
          ["e", 3],
        ] as const)
          await client.signal(each, name, `${each}${n}`);
      equal(await Promise.all(handles.map((handle) => handle.result())), [
        ["f1", "f3", "f2"],
        ["g1", "g3", "g2"],
      ]);
    },
  },
  {
    title: "events for a finished flow or an unknown one are rejected",
    async run({ start }) {
      const { client } = await start(PARTS);
      const handle = await client.start(promise, undefined, { id: "p" });
      await handle.result();
      await rejects(client.signal("p", "e", 1), { code: "FLOW_OVER" });
      await rejects(client.signal("none", "e", 1), { code: "NOT_FOUND" });
    },
  },
];
