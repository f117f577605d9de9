import { embedded, fn, memory, stateful, value } from "handback";
import type { Embedded, MessageOf } from "handback";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";

const user = z.object({ name: z.string() });
const guest = z.object({ seat: z.number().int() });

const greet = fn(
  "typed/greet",
  { accepts: { "typed/user": user, "typed/guest": guest } },
  (_, message) =>
    message.type === "typed/user" ? `hello ${message.value.name}` : `seat ${message.value.seat}`,
);

const accepts = { "typed/user": user, "typed/guest": guest };
const desk = stateful("typed/desk", {
  state: { seen: value<string[]>([]) },
  accepts,
  handlers: {
    receive(ctx, message: MessageOf<typeof accepts>) {
      ctx.state.seen.push(
        message.type === "typed/user" ? message.value.name : `guest ${message.value.seat}`,
      );
    },
  },
});

const tally = stateful("typed/tally", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => void (ctx.state.count += n) },
});

const anything = fn(
  "typed/anything",
  { accepts: { "typed/user": user, "*": z.unknown() } },
  (_, message) => `${message.type} ${JSON.stringify(message.value)}`,
);

const sender = fn("typed/sender", (ctx, [to, id, message]: [string, string, unknown]) => {
  ctx.send(to, id, message);
});

async function open(): Promise<Embedded> {
  const engine = await embedded({
    functions: [greet, desk, tally, anything, sender],
    store: memory(),
  });
  onTestFinished(() => engine.close());
  return engine;
}

test("a message's type chooses the schema of its value, and the handler's branch", async () => {
  const { client } = await open();
  expect(await client.call(greet, { type: "typed/user", value: { name: "Ada" } })).toBe(
    "hello Ada",
  );
  expect(await client.call(greet, { type: "typed/guest", value: { seat: 7 } })).toBe("seat 7");
});

test("a message of an unknown type, or with a wrong value, is refused with a reason", async () => {
  const { client } = await open();
  const send = (message: unknown) => client.call(greet, message as never);
  await expect(send({ type: "typed/other", value: 1 })).rejects.toThrow(
    /unknown type of message "typed\/other": expected typed\/user, typed\/guest/,
  );
  await expect(send({ type: "typed/guest", value: { seat: "A" } })).rejects.toThrow(/value\.seat/);
  await expect(send("Ada")).rejects.toThrow(/expected a message \{ type, value \}/);
});

test("a catch-all accepts the types that have no schema", async () => {
  const { client } = await open();
  expect(await client.call(anything, { type: "typed/else", value: [1] })).toBe("typed/else [1]");
});

const DELAYED = fn("typed/delayed", (ctx, _: void) => {
  ctx.send(
    "typed/desk",
    "late",
    { type: "typed/user", value: { name: "Ada" } },
    {
      delay: "1ms",
      token: "kept",
    },
  );
  ctx.send(
    "typed/desk",
    "never",
    { type: "typed/user", value: { name: "Bob" } },
    {
      delay: "1ms",
      token: "dropped",
    },
  );
  ctx.cancelSend("dropped");
});

test("a message to a function by its type reaches `receive`, with its type", async () => {
  const { client } = await open();
  await client.call(sender, ["typed/desk", "1", { type: "typed/user", value: { name: "Ada" } }]);
  await client.call(sender, ["typed/desk", "1", { type: "typed/guest", value: { seat: 7 } }]);
  await expect.poll(() => client.readState(desk, "1")).toEqual({ seen: ["Ada", "guest 7"] });
});

test("without `receive`, the type of a message names the operation", async () => {
  const { client } = await open();
  await client.call(sender, ["typed/tally", "1", { type: "add", value: 3 }]);
  await expect
    .poll(() => client.readState(tally, "1").catch(() => undefined))
    .toEqual({ count: 3 });
});

test("a message that the receiver refuses becomes a dead letter with the reason", async () => {
  const engine = await open();
  const { client } = engine;
  await client.call(sender, ["typed/desk", "1", { type: "typed/other", value: 1 }]);
  await expect
    .poll(() => engine.deadLetters().map(({ failure }) => failure.code))
    .toEqual(["INVALID_INPUT"]);
});

test.each<[string, [string, string, unknown], string]>([
  ["a type that no function has", ["typed/nobody", "1", 1], "UNKNOWN_FUNCTION"],
  ["a type without a slash", ["nobody", "1", 1], "INVALID_NAME"],
  ["an empty id", ["typed/desk", "", 1], "INVALID_KEY"],
  ["a value that cannot be kept", ["typed/desk", "1", /x/], "UNSERIALIZABLE"],
  [
    "an operation that the function does not have",
    ["typed/tally", "1", { type: "subtract", value: 1 }],
    "UNKNOWN_FUNCTION",
  ],
  ["a function without `receive`", ["typed/tally", "1", 1], "UNKNOWN_FUNCTION"],
])("a message to %s is refused at the call", async (_, args, code) => {
  const probe = fn("typed/probe", (ctx, _: void) => {
    const [type, id, message] = args;
    ctx.send(type, id, message);
  });
  const engine = await embedded({ functions: [probe, desk, tally], store: memory() });
  onTestFinished(() => engine.close());
  await expect(engine.client.call(probe)).rejects.toMatchObject({ code });
});

test("a message to a function by its type can be delayed, and canceled by its token", async () => {
  const engine = await embedded({ functions: [DELAYED, desk], store: memory() });
  onTestFinished(() => engine.close());
  await engine.client.call(DELAYED);
  await expect
    .poll(() => engine.client.readState(desk, "late").catch(() => undefined))
    .toEqual({ seen: ["Ada"] });
  await expect(engine.client.readState(desk, "never")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a receiver can reply to the function that sent it a message by its type", async () => {
  const log: unknown[] = [];
  const echo = stateful("typed/echo", {
    state: {},
    handlers: { receive: (ctx, message: { type: string; value: unknown }) => ctx.reply(message) },
  });
  const asker = stateful("typed/asker", {
    state: {},
    handlers: {
      ask: (ctx, _: void) =>
        ctx.send("typed/echo", "e", { type: "typed/ping", value: ctx.self.id }),
      receive: (ctx, answer: unknown) => void log.push([ctx.caller, answer]),
    },
  });
  const engine = await embedded({ functions: [echo, asker], store: memory() });
  onTestFinished(() => engine.close());
  await engine.client.call(asker.ask, undefined, { id: "a" });
  await expect
    .poll(() => log)
    .toEqual([
      [
        { type: "typed/echo", id: "e" },
        { type: "typed/ping", value: "a" },
      ],
    ]);
});
