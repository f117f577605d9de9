import { create } from "@bufbuild/protobuf";
import { stateful, value } from "handback";
import type { Context } from "handback";
import {
  bool,
  bytes,
  double,
  float,
  int,
  json,
  long,
  protobuf,
  requestReply,
  string,
} from "handback/statefun";
import type { MessageType } from "handback/statefun";
import { expect, test } from "vitest";
import { AddressSchema } from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import { decodeAnswer, encodeRequest } from "../support/exchange.ts";
import type { Typed } from "../support/exchange.ts";
import { of, OPTIONS, runBatch } from "../support/run-batch.ts";

interface Cart {
  readonly items: string[];
}

const cart = json<Cart | null>("shop/cart");
const keeper = (run: (ctx: Context<State>) => void | Promise<void>) =>
  stateful("shop/keeper", {
    state: {
      n: value<number>(undefined, { type: int }),
      text: value<string>(undefined, { type: string }),
      cart: value<Cart | null>(undefined, { type: cart }),
    },
    handlers: { receive: (ctx, _: unknown) => run(ctx) },
  });

interface State {
  n?: number | undefined;
  text?: string | undefined;
  cart?: Cart | null | undefined;
}

/** Runs handlers one after the other on stored values, as a batch of as many messages. */
function keep(
  values: Readonly<Record<string, Typed>>,
  ...handlers: readonly ((ctx: Context<State>) => void)[]
) {
  const left = [...handlers];
  return runBatch(
    keeper((ctx) => left.shift()?.(ctx)),
    {
      values: { n: undefined, text: undefined, cart: undefined, ...values },
      invocations: handlers.map(() => ({ argument: of(string, "go") })),
    },
  );
}

test("a value that is not set reads as undefined", async () => {
  const seen: unknown[] = [];
  const look = (ctx: Context<State>): void => void seen.push(ctx.state.n, ctx.state.cart);
  expect((await keep({}, look)).state).toEqual({});
  expect(seen).toEqual([undefined, undefined]);
});

test("a value that is read and not changed is not written", async () => {
  const read = (ctx: Context<State>): void => void [ctx.state.n, ctx.state.cart?.items.length];
  const values = { n: of(int, 7), cart: of(cart, { items: ["a"] }) };
  expect((await keep(values, read)).state).toEqual({});
});

test("a value that is changed in place is stored", async () => {
  const values = { cart: of(cart, { items: ["tea"] }) };
  expect((await keep(values, (ctx) => void ctx.state.cart?.items.push("milk"))).state).toEqual({
    cart: { items: ["tea", "milk"] },
  });
});

test("each message of a batch sees the values that the one before it left", async () => {
  const add = (ctx: Context<State>): void => void (ctx.state.n = (ctx.state.n ?? 0) + 1);
  expect((await keep({ n: of(int, 40) }, add, add)).state).toEqual({ n: 42 });
});

test("`delete` removes a value, an absent one stays absent, and both can be set again", async () => {
  const remove = (ctx: Context<State>): void => void delete ctx.state.n;
  const seen: unknown[] = [];
  const setAgain = (ctx: Context<State>): void => {
    delete ctx.state.n;
    seen.push(ctx.state.n);
    ctx.state.n = 5;
  };
  expect((await keep({ n: of(int, 1) }, remove)).state).toEqual({ n: null });
  expect((await keep({}, remove)).state).toEqual({});
  expect((await keep({ n: of(int, 1) }, setAgain)).state).toEqual({ n: 5 });
  expect(seen).toEqual([undefined]);
});

test("assigning undefined removes a value, and null is a value where its type has it", async () => {
  const clear = (ctx: Context<State>): void => void (ctx.state.n = undefined);
  expect(await keep({ n: of(int, 1) }, clear)).toMatchObject({ state: { n: null }, dead: [] });
  const setNull = (ctx: Context<State>): void => void (ctx.state.cart = null);
  const seen: unknown[] = [];
  const look = (ctx: Context<State>): void => void seen.push(ctx.state.cart);
  const nothing = keeper((ctx) => setNull(ctx));
  const { handle } = requestReply({ ...OPTIONS, functions: [nothing] });
  const values = { n: undefined, text: undefined, cart: undefined };
  const request = { target: "shop/keeper/1", values, invocations: [{}] };
  const { mutations } = decodeAnswer(await handle(encodeRequest(request)));
  expect(mutations).toEqual({ cart: of(cart, null) });
  await keep({ cart: of(cart, null) }, look);
  expect(seen).toEqual([null]);
});

test("a value that is set to 0, false or an empty text is set, and stays apart from an absent one", async () => {
  const seen: unknown[] = [];
  const set = (ctx: Context<State>): void => {
    seen.push(ctx.state.text);
    ctx.state.text = "";
    ctx.state.n = 0;
  };
  expect((await keep({}, set)).state).toEqual({ n: 0, text: "" });
  expect((await keep({ text: of(string, ""), n: of(int, 0) }, set)).state).toEqual({});
  expect(seen).toEqual([undefined, ""]);
});

/** Runs code that types would not let pass. */
const untyped = (run: (state: Record<string, unknown>) => void) => (ctx: Context<State>) =>
  run(ctx.state as Record<string, unknown>);

test("a name that the function does not declare is UNKNOWN_VALUE for that message alone", async () => {
  const misspelt = untyped((state) => (state["seeen"] = 1));
  const removed = untyped((state) => delete state["seeen"]);
  const good = (ctx: Context<State>): void => void (ctx.state.n = 1);
  expect(await keep({}, misspelt, removed, good)).toMatchObject({
    state: { n: 1 },
    dead: ["UNKNOWN_VALUE", "UNKNOWN_VALUE"],
  });
});

test("a value of another type than the declared one is UNSERIALIZABLE and changes nothing", async () => {
  const wrong = untyped((state) => (state["n"] = "seven"));
  const large = untyped((state) => (state["n"] = 2 ** 31));
  const good = (ctx: Context<State>): void => void (ctx.state.text = "kept");
  expect(await keep({ n: of(int, 1) }, wrong, large, good)).toMatchObject({
    state: { text: "kept" },
    dead: ["UNSERIALIZABLE", "UNSERIALIZABLE"],
  });
});

test("the state of a message that failed is as it was before", async () => {
  const fail = (ctx: Context<State>): void => {
    ctx.state.n = 9;
    ctx.state.cart?.items.push("never");
    throw new Error("no");
  };
  const add = (ctx: Context<State>): void => void (ctx.state.n = (ctx.state.n ?? 0) + 1);
  const values = { n: of(int, 1), cart: of(cart, { items: [] }) };
  expect(await keep(values, add, fail, add)).toMatchObject({ state: { n: 3 }, dead: ["Error"] });
});

test.each<[MessageType<unknown>, unknown]>([
  [bool, true],
  [int, -5],
  [long, 2n ** 40n],
  [float, 0.5],
  [double, 0.1],
  [string, "ünï"],
  [json<unknown>("shop/any"), { a: [1, null] }],
  [bytes("shop/picture"), Uint8Array.of(1, 2)],
  [protobuf(AddressSchema), create(AddressSchema, { id: "7" })],
])(
  "a value of the type $typename is stored in its bytes and read from them",
  async (type, sample) => {
    const seen: unknown[] = [];
    const copier = stateful("shop/copier", {
      state: { from: value<unknown>(undefined, { type }), to: value<unknown>(undefined, { type }) },
      handlers: {
        receive(ctx, _: unknown) {
          const { from } = ctx.state;
          seen.push(from);
          ctx.state.to = from;
        },
      },
    });
    const { handle } = requestReply({ ...OPTIONS, functions: [copier] });
    const from = of(type, sample);
    const values = { from, to: undefined };
    const request = { target: "shop/copier/1", values, invocations: [{ argument: of(int, 1) }] };
    const { mutations } = decodeAnswer(await handle(encodeRequest(request)));
    expect(mutations).toEqual({ to: from });
    expect(seen).toHaveLength(1);
  },
);

test("values expire after a write or after a call, as the cluster is told", async () => {
  const timed = stateful("shop/timed", {
    state: {
      written: value<number>(undefined, { type: int, expireAfterWrite: "1d" }),
      called: value<number>(undefined, { type: int, expireAfterCall: 5 }),
    },
    handlers: { receive: () => undefined },
  });
  const { handle } = requestReply({ functions: [timed] });
  const request = encodeRequest({ target: "shop/timed/1", invocations: [{}] });
  const { missing = [] } = decodeAnswer(await handle(request));
  expect(missing.map(({ stateName, expirationSpec: spec }) => [stateName, spec])).toMatchObject([
    ["written", { mode: 1, expireAfterMillis: 86_400_000n }],
    ["called", { mode: 2, expireAfterMillis: 5n }],
  ]);
  const both = { expireAfterWrite: "1d", expireAfterCall: "1d" } as const;
  expect(() => value<number>(undefined, both)).toThrow(/INVALID_OPTIONS/);
});

test("a value that was stored under another type makes its messages wait, and is not overwritten", async () => {
  const lines: unknown[] = [];
  const keepLine = (_: string, fields?: object): void => void lines.push(fields);
  const log = { debug: keepLine, info: keepLine, warn: keepLine, error: keepLine };
  const function_ = keeper((ctx) => void (ctx.state.n = 1));
  const stored = { n: { typename: "shop/int", bytes: int.encode(4) } };
  const effects = await runBatch(
    function_,
    {
      values: { text: undefined, cart: undefined, ...stored },
      invocations: [{ argument: of(string, "a"), caller: "desk/front/7" }],
    },
    { ...OPTIONS, log },
  );
  expect(effects).toEqual({
    messages: [],
    egress: [],
    state: {},
    dead: [],
    delayed: [
      {
        sent: ["shop/keeper/1", "handback/relayed", { from: "desk/front/7", value: "a" }],
        delayMs: 60_000,
      },
    ],
  });
  expect(lines).toMatchObject([{ type: "shop/keeper", code: "STATE_SCHEMA_MISMATCH" }]);
});
