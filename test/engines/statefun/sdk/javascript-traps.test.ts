import { FunctionSpec } from "apache-flink-statefun/dist/core.js";
import type { Context } from "apache-flink-statefun/dist/context.js";
import { handle } from "apache-flink-statefun/dist/handler.js";
import { messageBuilder, StateFun } from "apache-flink-statefun";
import { stateful, value } from "handback";
import { int, json, long, requestReply, typed } from "handback/statefun";
import { expect, test } from "vitest";
import { decodeAnswer, encodeRequest } from "../support/exchange.ts";
import type { TestAnswer } from "../support/exchange.ts";
import { of } from "../support/run-batch.ts";

/** Traps of the frozen JavaScript SDK, each beside this library. */

interface Cart {
  readonly items: string[];
}

const CART = json<Cart>("shop/cart");
const request = encodeRequest({
  target: "shop/keeper/1",
  values: { cart: of(CART, { items: ["tea"] }), n: of(int, 1) },
  invocations: [{ argument: of(int, 1) }],
});

/** Runs a handler of the JavaScript SDK. */
async function theirs(fn: (context: Context) => void): Promise<TestAnswer> {
  const specs = [
    { name: "cart", type: StateFun.jsonType("shop/cart") },
    { name: "n", type: StateFun.intType() },
  ];
  const functions = {
    "shop/keeper": FunctionSpec.fromOpts({ typename: "shop/keeper", specs, fn }),
  };
  return decodeAnswer(new Uint8Array(await handle(request, functions)));
}

interface State {
  cart?: Cart | undefined;
  n?: number | undefined;
}

/** Runs a handler of this library. */
async function ours(run: (state: State, send: (message: unknown) => void) => void) {
  const keeper = stateful("shop/keeper", {
    state: {
      cart: value<Cart>(undefined, { type: CART }),
      n: value<number>(undefined, { type: int }),
    },
    handlers: {
      receive: (ctx, _: unknown) => run(ctx.state, (sent) => ctx.send("mail/sender", "1", sent)),
    },
  });
  const module = requestReply({ functions: [keeper], remotes: ["mail/*"] });
  return decodeAnswer(await module.handle(request));
}

test("a JSON value that is changed in place is lost there and stored here", async () => {
  const there = await theirs(({ storage }) => void (storage.cart as Cart).items.push("milk"));
  expect(there.mutations).toEqual({});
  const here = await ours(({ cart }) => void cart?.items.push("milk"));
  expect(here.mutations).toEqual({ cart: of(CART, { items: ["tea", "milk"] }) });
});

test("`delete` on a value throws there and removes it here", async () => {
  const remove = theirs(({ storage }) => void delete storage.n);
  await expect(remove).rejects.toThrow(/delete property/);
  expect((await ours((state) => void delete state.n)).mutations).toEqual({ n: null });
});

test("a whole number of more than 32 bits is an assertion there, and a double or a long here", async () => {
  const send = theirs((context) =>
    context.send(messageBuilder({ typename: "mail/sender", id: "1", value: 2 ** 31 })),
  );
  await expect(send).rejects.toThrow(/Assertion/);
  const here = await ours((_, send) => send(typed(long, 2n ** 31n)));
  expect(here.messages).toEqual([{ to: "mail/sender/1", argument: of(long, 2n ** 31n) }]);
});

test("a name of a value with a digit is refused there and taken here", async () => {
  const specs = [{ name: "seen2", type: StateFun.intType() }];
  expect(() => FunctionSpec.fromOpts({ typename: "a/b", specs, fn: () => undefined })).toThrow(
    /a name can only contain/,
  );
  const seen = stateful("a/b", {
    state: { seen2: value<number>(undefined, { type: int }) },
    handlers: { receive: (ctx, _: unknown) => void (ctx.state.seen2 = 2) },
  });
  const bytes = encodeRequest({ target: "a/b/1", values: { seen2: undefined }, invocations: [{}] });
  const { mutations } = decodeAnswer(await requestReply({ functions: [seen] }).handle(bytes));
  expect(mutations).toEqual({ seen2: of(int, 2) });
});

test("a request that asks for nothing is a TypeError there and nothing here", async () => {
  await expect(handle(new Uint8Array(), {})).rejects.toThrow(/getTarget/);
  expect(await requestReply().handle(new Uint8Array())).toEqual(new Uint8Array());
});
