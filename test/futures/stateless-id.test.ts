import { fn, HandbackError } from "handback";
import { simulate } from "handback/testing";
import { expect, test } from "vitest";

test("calls of a stateless function under one id run one at a time, each of them, and are no flow", async () => {
  const gate = fn("id/gate", (ctx, n: number) => ctx.onComplete(ctx.event(`go ${n}`), settled, n));
  const settled = fn("id/settled", (_, { args: n }: { result: unknown; args: number }) => n);
  const running: number[] = [];
  const leaf = fn("id/leaf", async (ctx, n: number) => {
    running.push(n);
    await ctx.get(ctx.sleep("1s"));
    expect(running.splice(0)).toEqual([n]);
    return ctx.invoke(gate, n);
  });
  const parent = fn("id/parent", (ctx) =>
    ctx.all([1, 2].map((n) => ctx.invoke(leaf, n, { id: "child" }))),
  );
  const run = await simulate({ functions: [parent, leaf, gate, settled] }, async (t) => {
    const flow = await t.client.start(parent, undefined, { key: "parent" });
    const child = await t.client.status("child").catch((error: unknown) => error);
    for (const n of [1, 2]) await t.client.signal("parent", `go ${n}`);
    return { result: await flow.result(), isFlow: !HandbackError.is(child, "NOT_FOUND") };
  });
  expect(run.result).toEqual({ result: [1, 2], isFlow: false });
});
