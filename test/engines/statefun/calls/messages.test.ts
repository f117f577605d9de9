import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { fn, stateful, value } from "handback";
import type { MessageOf } from "handback";
import {
  bool,
  bytes,
  double,
  int,
  json,
  long,
  protobuf,
  requestReply,
  string,
  typed,
} from "handback/statefun";
import { expect, test } from "vitest";
import {
  AddressSchema,
  FromFunctionSchema,
  ToFunctionSchema,
} from "../../../../src/engines/statefun/wire/generated/request-reply_pb.ts";
import { encodeRequest, exchange } from "../support/exchange.ts";
import { DEAD, of, OPTIONS, runBatch, runWith } from "../support/run-batch.ts";

const STRING = string.typename;
const user = json<{ readonly name: string }>("shop/user");
const one = (argument = of(string, "x"), caller?: string) => ({
  invocations: [{ argument, ...(caller !== undefined && { caller }) }],
});

test("a function is bound to a type by its definition, and one type is bound once", () => {
  const hello = fn("shop/hello", () => undefined);
  const again = fn("shop/hello", () => undefined);
  expect(requestReply({ functions: [hello] }).functions).toContain("shop/hello");
  expect(() => requestReply({ functions: [hello, again] })).toThrow(/DUPLICATE_FUNCTION/);
  for (const name of ["hello", "a/b/c", "/hello", "shop/", ""])
    expect(() => fn(name, () => undefined)).toThrow(/INVALID_NAME/);
});

test("a function with any number of parameters is registered, and a method of an object", async () => {
  class Desk {
    readonly greeting = "hello";
    greet(ctx: { send(to: string, id: string, message: unknown): void }): void {
      ctx.send("mail/sender", "1", this.greeting);
    }
  }
  const desk = new Desk();
  const module = requestReply(OPTIONS);
  module.register("shop/desk", (ctx) => desk.greet(ctx));
  module.register("shop/none", () => undefined);
  const request = { target: "shop/desk/1", ...one() };
  expect((await runWith(module.handle, request)).messages).toEqual([
    ["mail/sender/1", STRING, "hello"],
  ]);
  expect(() => module.register("shop/desk", () => undefined)).toThrow(/DUPLICATE_FUNCTION/);
});

test("`accepts` unpacks each of several types, and the handler branches on the name of the type", async () => {
  const accepts = { "shop/user": user, "io.statefun.types/long": long } as const;
  const greeter = fn("shop/greeter", { accepts }, (ctx, message: MessageOf<typeof accepts>) => {
    const shown = message.type === "shop/user" ? message.value.name : message.value + 1n;
    ctx.send("mail/sender", "1", shown);
  });
  const invocations = [of(user, { name: "Ada" }), of(long, 2n ** 53n)];
  expect(
    await runBatch(greeter, { invocations: invocations.map((argument) => ({ argument })) }),
  ).toMatchObject({
    messages: [
      ["mail/sender/1", STRING, "Ada"],
      ["mail/sender/1", long.typename, 2n ** 53n + 1n],
    ],
    dead: [],
  });
});

test("a message of a type that `accepts` does not list is INVALID_INPUT, and the others count", async () => {
  const accepts = { "shop/user": user };
  const greeter = fn("shop/greeter", { accepts }, (ctx, message: MessageOf<typeof accepts>) =>
    ctx.send("mail/sender", "1", message.value.name),
  );
  const invocations = [of(int, 1), of(user, { name: "Ada" })];
  expect(
    await runBatch(greeter, { invocations: invocations.map((argument) => ({ argument })) }),
  ).toMatchObject({ messages: [["mail/sender/1", STRING, "Ada"]], dead: ["INVALID_INPUT"] });
});

test("the type `*` takes messages of all other types, with their bytes", async () => {
  const other = json<unknown>("*/*");
  const accepts = {
    "shop/user": user,
    "*": { "~standard": { ...other["~standard"], validate: (value: unknown) => ({ value }) } },
  };
  const any = fn(
    "shop/any",
    { accepts },
    (ctx, message: { readonly type: string; readonly value: unknown }) =>
      ctx.send("mail/sender", "1", `${message.type} ${message.value instanceof Uint8Array}`),
  );
  const picture = of(bytes("shop/picture"), Uint8Array.of(1));
  expect((await runBatch(any, one(picture))).messages).toEqual([
    ["mail/sender/1", STRING, "shop/picture true"],
  ]);
});

test("a function without `accepts` gets plain values of known types, and others with their type", async () => {
  const echo = fn("shop/echo", (ctx, message: unknown) => ctx.send("mail/sender", "1", message));
  const picture = of(bytes("shop/picture"), Uint8Array.of(1, 2));
  const arguments_ = [of(string, "x"), of(int, -1), of(bool, true), of(double, 0.5), picture];
  const invocations = arguments_.map((argument) => ({ argument }));
  const { handle } = requestReply({ ...OPTIONS, functions: [echo] });
  const { messages } = await exchange(handle, { target: "shop/echo/1", invocations });
  expect(messages.map(({ argument }) => argument)).toEqual(arguments_);
});

test("a message of a Protobuf type is unpacked and packed under its full name", async () => {
  const address = protobuf(AddressSchema);
  expect(address.typename).toBe("type.googleapis.com/io.statefun.sdk.reqreply.Address");
  const accepts = { [address.typename]: address };
  const move = fn("shop/move", { accepts }, (ctx, { value: { id } }: MessageOf<typeof accepts>) =>
    ctx.send("mail/sender", "1", id),
  );
  const argument = of(address, create(AddressSchema, { id: "seven" }));
  expect((await runBatch(move, one(argument))).messages).toEqual([
    ["mail/sender/1", STRING, "seven"],
  ]);
});

test("a Protobuf message whose type the module does not know is UNSERIALIZABLE, and never JSON", async () => {
  const address = protobuf(AddressSchema);
  const tell = fn("shop/tell", (ctx) =>
    ctx.send("mail/sender", "1", typed(address, create(AddressSchema, { id: "7" }))),
  );
  expect(await runBatch(tell, one())).toMatchObject({ messages: [], dead: ["UNSERIALIZABLE"] });
  const { handle } = requestReply({ ...OPTIONS, functions: [tell], types: [address] });
  const { messages } = await exchange(handle, { target: "shop/tell/1", ...one() });
  expect(messages[0]?.argument).toEqual(of(address, create(AddressSchema, { id: "7" })));
});

const who = fn("shop/who", (ctx) => {
  ctx.send("mail/sender", ctx.self.id, ctx.caller === undefined ? "nobody" : ctx.caller.type);
});

test("`ctx.self` is the type and id of the function, whatever the id", async () => {
  const me = fn("shop/me", (ctx) => ctx.send("mail/sender", "1", ctx.self));
  for (const id of ["1", "a/b", " ", "\n", "ünï 🙂"])
    expect((await runBatch(me, { target: `shop/me/${id}`, ...one() })).messages).toEqual([
      ["mail/sender/1", "handback/json", { type: "shop/me", id }],
    ]);
});

test("`ctx.caller` is the address of the sender, and undefined for a message from an ingress", async () => {
  const invocations = [{ argument: of(string, "x"), caller: "desk/front/7" }, ...one().invocations];
  expect((await runBatch(who, { invocations })).messages).toEqual([
    ["mail/sender/1", STRING, "desk/front"],
    ["mail/sender/1", STRING, "nobody"],
  ]);
});

test("a caller that is set and blank, as the Python SDK 2.0 sees every ingress, is undefined", async () => {
  const blank = { argument: of(string, "x"), caller: "//" };
  expect((await runBatch(who, { invocations: [blank] })).messages).toEqual([
    ["mail/sender/1", STRING, "nobody"],
  ]);
});

const answers = fn("shop/answers", (ctx) => ctx.reply(typed(int, 5)));

test("`ctx.reply` sends to the caller, also to one whose namespace has slashes", async () => {
  const callers = ["desk/front/7", "desk/front/"];
  for (const caller of callers)
    expect((await runBatch(answers, one(of(string, "x"), caller))).messages).toEqual([
      [caller, int.typename, 5],
    ]);
  const target = { namespace: "com/example", type: "front", id: "7" };
  expect(await replyTargets(target)).toMatchObject([target]);
});

/** Sends a message from a caller, and returns the targets of the answers to it. */
async function replyTargets(caller: WireAddress): Promise<readonly unknown[]> {
  const { handle } = requestReply({ ...OPTIONS, functions: [answers] });
  const values = { _: undefined };
  const request = encodeRequest({ target: "shop/answers/1", values, invocations: [{}] });
  const message = fromBinary(ToFunctionSchema, request);
  if (message.request.case !== "invocation") throw new Error("expected a request");
  for (const invocation of message.request.value.invocations)
    invocation.caller = create(AddressSchema, caller);
  const { response } = fromBinary(
    FromFunctionSchema,
    await handle(toBinary(ToFunctionSchema, message)),
  );
  if (response.case !== "invocationResult") throw new Error("expected a result");
  return response.value.outgoingMessages.map(({ target }) => target);
}

interface WireAddress {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
}

test("`ctx.reply` without a caller is NO_CALLER", async () => {
  expect(await runBatch(answers, one())).toMatchObject({ messages: [], dead: ["NO_CALLER"] });
});

test("an async handler counts like any other, one message after the other", async () => {
  const slow = stateful("shop/slow", {
    state: { n: value<number>(undefined, { type: int }) },
    handlers: {
      async receive(ctx, _: unknown) {
        const n = (ctx.state.n ?? 0) + 1;
        await Promise.resolve();
        ctx.state.n = n;
        await Promise.resolve();
        ctx.send("mail/sender", "1", `message ${n}`);
      },
    },
  });
  const invocations = [...one().invocations, ...one().invocations];
  expect(await runBatch(slow, { invocations })).toMatchObject({
    messages: [
      ["mail/sender/1", STRING, "message 1"],
      ["mail/sender/1", STRING, "message 2"],
    ],
    state: { n: 2 },
    dead: [],
  });
});

test("work that a handler did not await is CONTEXT_CLOSED and changes nothing", async () => {
  const late: unknown[] = [];
  const detached = fn("shop/detached", (ctx) => {
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => ctx.send("mail/sender", "1", "late"))
      .catch((error: unknown) => late.push(error));
  });
  expect((await runBatch(detached, one())).messages).toEqual([]);
  await expect.poll(() => late).toMatchObject([{ code: "CONTEXT_CLOSED" }]);
});

test("an error is logged, and reaches the egress of dead letters with its message", async () => {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const log = { debug: keep, info: keep, warn: keep, error: keep };
  const throws = fn("shop/throws", () => {
    throw new TypeError("no tea");
  });
  expect(await runBatch(throws, one())).toMatchObject({ dead: ["TypeError"] });
  const { dead } = await runBatch(throws, one(), { log, egresses: [DEAD] });
  expect(dead).toEqual([]);
  expect(lines).toContain("1 message for shop/throws dropped: no egress for dead letters");
});
