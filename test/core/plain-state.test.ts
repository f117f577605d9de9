import { inspect } from "node:util";
import { embedded, HandbackError, memory, stateful, value } from "handback";
import { expect, test } from "vitest";

type Item = { id: string; at: Date; tags: string[] };

const item = (id: string): Item => ({ id, at: new Date(0), tags: ["a"] });

/** A state with a part of each kind. */
const STATE = {
  item: value(item("one")),
  list: value([item("two")]),
  map: value(new Map([["k", item("three")]])),
  set: value(new Set(["x"])),
  count: value(0),
};
const PLAIN = {
  item: item("one"),
  list: [item("two")],
  map: new Map([["k", item("three")]]),
  set: new Set(["x"]),
  count: 0,
};
type State = typeof PLAIN;

/** Uses of a part of a state as a value. */
const USES: readonly (readonly [string, (state: State) => unknown])[] = [
  ["a part", ({ item: part }) => part],
  ["the whole state", (state) => state],
  ["a copy of the whole state", (state) => ({ ...state })],
  ["a part in a list", ({ list: [part] }) => [part, part]],
  ["a part in a Set", ({ item: part, list }) => new Set([part, ...list])],
  ["a part as a key of a Map", ({ item: part, map }) => new Map([[part, map]])],
  ["parts deep in new objects", ({ map, set }) => ({ deep: [new Map([["m", { map, set }]])] })],
  ["a Map and a Set", ({ map, set }) => [map, set]],
];

/** Makes a function that uses its state as a value wherever a value leaves it. */
function newKeeper(use: (state: State) => unknown) {
  return stateful("plain/keeper", {
    state: { ...STATE, kept: value<unknown>() },
    handlers: {
      give: (ctx) => use(ctx.state),
      keep: (ctx) => void (ctx.state.kept = use(ctx.state)),
      pass: (ctx) => ctx.invoke(echo.call, use(ctx.state)),
      continue: (ctx) => ctx.onComplete(ctx.invoke(echo.call, 1), echo.args, use(ctx.state)),
      resolve: (ctx) => ctx.resolved(use(ctx.state)),
      send: (ctx) => ctx.send(echo.store, use(ctx.state), { id: "sent" }),
      status: (ctx) => ctx.setStatus(use(ctx.state)),
      out: (ctx) => ctx.egress("plain/out", use(ctx.state)),
      change(ctx) {
        ctx.state.item.tags.push("b");
        ctx.state.map.get("k")?.tags.push("b");
        return use(ctx.state);
      },
    },
    queries: { read: (ctx) => use(ctx.state as State), kept: (ctx) => ctx.state.kept },
  });
}

const echo = stateful("plain/echo", {
  state: { stored: value<unknown>() },
  handlers: {
    call: (_, input: unknown) => input,
    args: (_, { args }: { result: unknown; args: unknown }) => args,
    store: (ctx, input: unknown) => void (ctx.state.stored = input),
    stored: (ctx) => ctx.state.stored,
  },
});

test.each(USES)("%s can leave a handler in every way, like any other value", async (name, use) => {
  const keeper = newKeeper(use);
  const out: unknown[] = [];
  const engine = await embedded({
    functions: [keeper, echo],
    store: memory(),
    egress: { "plain/out": (sent: unknown) => void out.push(sent) },
  });
  const { client } = engine;
  const expected: unknown = structuredClone(use(structuredClone(PLAIN)));
  const at = { id: "a" };
  for (const operation of [keeper.give, keeper.pass, keeper.continue, keeper.resolve, keeper.read])
    expect(withoutKept(await client.call(operation, undefined, at))).toEqual(expected);
  await client.call(keeper.send, undefined, at);
  expect(withoutKept(await client.call(echo.stored, undefined, { id: "sent" }))).toEqual(expected);
  const flow = await client.start(keeper.status, undefined, at);
  await flow.result();
  expect(withoutKept((await flow.status()).custom)).toEqual(expected);
  await client.call(keeper.out, undefined, at);
  await expect.poll(() => out.map(withoutKept)).toEqual([expected]);
  // A state that holds itself is a cycle.
  if (name !== "the whole state") {
    await client.call(keeper.keep, undefined, at);
    expect(withoutKept(await client.call(keeper.kept, undefined, at))).toEqual(expected);
  }
  await engine.close();
});

/** The whole state holds one value more. */
function withoutKept(got: unknown): unknown {
  if (typeof got !== "object" || got === null || !("kept" in got)) return got;
  const { kept: _, ...rest } = got;
  return rest;
}

test.each(USES)("%s that has been changed is taken with its changes", async (_, use) => {
  const keeper = newKeeper(use);
  const engine = await embedded({ functions: [keeper, echo], store: memory() });
  const changed = structuredClone(PLAIN);
  changed.item.tags.push("b");
  changed.map.get("k")?.tags.push("b");
  const got = await engine.client.call(keeper.change, undefined, { id: "a" });
  expect(withoutKept(got)).toEqual(structuredClone(use(changed)));
  expect(await engine.client.readState(keeper, "a")).toMatchObject(changed);
  await engine.close();
});

test("what is logged or cloned of a state is plain data, during the handler and after it", async () => {
  const taken: State[] = [];
  const views = (state: State): unknown => [
    inspect(state),
    inspect({ ...state }),
    JSON.stringify(state),
    ...Object.values(state).map((part): unknown[] => [inspect(part), structuredClone(part)]),
    { ...state.item },
  ];
  let during: unknown;
  const keeper = stateful("plain/logged", {
    state: STATE,
    handlers: {
      async go(ctx, fails: boolean) {
        ctx.state.count++;
        ctx.state.list.push(item("four"));
        taken.push({ ...ctx.state });
        during = views(ctx.state);
        await Promise.resolve();
        if (fails) throw new Error("no");
      },
    },
    queries: { look: (ctx) => inspect(ctx.state) },
  });
  const engine = await embedded({ functions: [keeper], store: memory() });
  const plain = { ...structuredClone(PLAIN), count: 1, list: [item("two"), item("four")] };
  const { client } = engine;
  await expect(client.call(keeper.go, true, { id: "a" })).rejects.toThrow("no");
  expect(during).toEqual(views(plain));
  await client.call(keeper.go, false, { id: "a" });
  expect(during).toEqual(views(plain));
  expect(taken.map(views)).toEqual([views(plain), views(plain)]);
  expect(await client.call(keeper.look, undefined, { id: "a" })).toBe(inspect(plain));
  await engine.close();
});

test("a logged context's state is plain data after its handler has ended, and closed to use", async () => {
  let kept: { readonly count: number } | undefined;
  const keeper = stateful("plain/late", {
    state: { count: value(0) },
    handlers: { go: (ctx) => void ((kept = ctx.state).count satisfies number) },
  });
  const engine = await embedded({ functions: [keeper], store: memory() });
  await engine.client.call(keeper.go, undefined, { id: "a" });
  expect(inspect(kept)).toBe("{ count: 0 }");
  expect(() => kept?.count).toThrow(HandbackError);
  await engine.close();
});

function throwValue(thrown: unknown): never {
  throw thrown;
}

test("a part of a state that is thrown, or is the cause of an error, reaches the caller", async () => {
  const bank = stateful("plain/bank", {
    state: { last: value({ message: "declined", code: "DECLINED", status: 402 }) },
    handlers: {
      thrown(ctx) {
        throwValue(ctx.state.last);
      },
      async later(ctx) {
        const { last } = ctx.state;
        await Promise.resolve();
        throwValue(last);
      },
      cause(ctx) {
        throw new Error("refused", { cause: ctx.state.last });
      },
      rejected: (ctx) => ctx.rejected(ctx.state.last),
      whole: (ctx) => throwValue(ctx.state),
      wholeAsCause(ctx) {
        throw new Error("refused", { cause: ctx.state });
      },
      part(ctx) {
        throw Object.assign(new Error("refused"), { last: ctx.state.last });
      },
    },
  });
  const engine = await embedded({ functions: [bank], store: memory() });
  const failures = [
    bank.thrown,
    bank.later,
    bank.rejected,
    bank.cause,
    bank.part,
    bank.whole,
    bank.wholeAsCause,
  ].map((operation) =>
    engine.client.call(operation, undefined, { id: "a" }).then(
      () => "no failure",
      (error: unknown) => HandbackError.is(error, "FUNCTION_FAILED") && error.failure,
    ),
  );
  const last = { message: "declined", code: "DECLINED", data: { status: 402 } };
  expect(await Promise.all(failures)).toMatchObject([
    last,
    last,
    last,
    { message: "refused", cause: last },
    { message: "refused", data: { last: { message: "declined", status: 402 } } },
    { data: { last: { message: "declined", status: 402 } } },
    { message: "refused", cause: { data: { last: { message: "declined", status: 402 } } } },
  ]);
  await engine.close();
});
