import { stateful, value } from "handback";
import { simulate } from "handback/testing";
import { expect, test } from "vitest";

const account = stateful("app/account", {
  state: { euros: value(0) },
  handlers: {
    open: (ctx, euros: number) => (ctx.state.euros = euros),
    add: (ctx, euros: number) => (ctx.state.euros += euros),
  },
  flowPerId: ["open"],
});

test("an id is the flow's key for the operations in flowPerId, and for no other", async () => {
  const run = await simulate({ functions: [account] }, async (t) => {
    const opened = await t.client.start(account.open, 5, { id: "a" });
    const again = await t.client.start(account.open, 5, { id: "a" });
    const added = [
      await t.client.call(account.add, 1, { id: "a" }),
      await t.client.call(account.add, 1, { id: "a" }),
    ];
    return [opened.id, again.id, await t.client.flow("a").result(), added];
  });
  expect(run.result).toEqual(["a", "a", 5, [6, 7]]);
});

test("flowPerId names operations of the function", () => {
  const define = (names: never) =>
    stateful("app/wrong", {
      state: {},
      handlers: { open: () => undefined },
      flowPerId: names,
    });
  expect(() => define(["close"] as never)).toThrow(
    expect.objectContaining({
      code: "INVALID_OPTIONS",
      message: expect.stringContaining("flowPerId of app/wrong") as string,
    }),
  );
});
