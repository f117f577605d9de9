import { fn, stateful, value } from "handback";
import type { Context, MessageOf } from "handback";
import { describe, expect, test } from "vitest";
import { bool, int, json, kafkaRecord, requestReply, string, typed } from "handback/statefun";
import type { RequestReply } from "handback/statefun";
import { decodeAnswer, encodeRequest, exchange } from "./support/exchange.ts";
import type { Typed } from "./support/exchange.ts";

interface User {
  readonly name: string;
}

const user = json<User>("shop/user");
const text = (value: string): Typed => ({ typename: string.typename, bytes: string.encode(value) });
const number = (value: number): Typed => ({ typename: int.typename, bytes: int.encode(value) });
const asUser = (value: User): Typed => ({ typename: "shop/user", bytes: user.encode(value) });

const accepts = { "shop/user": user, "io.statefun.types/string": string } as const;
const greeter = stateful("shop/greeter", {
  state: { seen: value(0) },
  accepts,
  handlers: {
    receive(ctx, message: MessageOf<typeof accepts>) {
      const name = message.type === "shop/user" ? message.value.name : message.value;
      ctx.state.seen++;
      ctx.send("mail/sender", name, typed(string, `hello ${name}, visit ${ctx.state.seen}`));
      if (ctx.caller !== undefined) ctx.reply(typed(bool, true));
    },
  },
});

/** Time stands still, so that delays are the ones that handlers ask for. */
const clock = { now: () => 0, monotonicNs: () => 0, setTimer: () => () => undefined };

const module = (functions: readonly object[] = [greeter]): RequestReply =>
  requestReply({
    functions,
    clock,
    remotes: ["mail/*"],
    egresses: ["shop/mails", "shop/dead"],
    deadLetters: "shop/dead",
  });

describe("a function on an existing cluster", () => {
  test("takes messages of several types, keeps state, sends and replies", async () => {
    const answer = await exchange(module().handle, {
      target: "shop/greeter/1",
      invocations: [
        { argument: text("Ada") },
        { caller: "desk/front/7", argument: asUser({ name: "Bob" }) },
      ],
    });
    expect(answer.messages).toEqual([
      { to: "mail/sender/Ada", argument: text("hello Ada, visit 1") },
      { to: "mail/sender/Bob", argument: text("hello Bob, visit 2") },
      { to: "desk/front/7", argument: { typename: bool.typename, bytes: bool.encode(true) } },
    ]);
    expect(Object.keys(answer.mutations)).toEqual(["seen"]);
  });

  test("sees the state of earlier requests", async () => {
    const { handle } = module();
    const first = await exchange(handle, {
      target: "shop/greeter/1",
      invocations: [{ argument: text("Ada") }],
    });
    const values = {
      "@life": undefined,
      "@version": undefined,
      seen: first.mutations["seen"] ?? undefined,
    };
    const second = decodeAnswer(
      await handle(
        encodeRequest({
          target: "shop/greeter/1",
          values,
          invocations: [{ argument: text("Ada") }],
        }),
      ),
    );
    expect(second.messages[0]?.argument).toEqual(text("hello Ada, visit 2"));
  });

  test("takes plain values without `accepts`", async () => {
    const double = fn("shop/double", (ctx, n: number) => ctx.send("mail/sender", "1", 2 * n));
    const answer = await exchange(module([double]).handle, {
      target: "shop/double/1",
      invocations: [{ argument: number(21) }],
    });
    expect(answer.messages).toEqual([{ to: "mail/sender/1", argument: number(42) }]);
  });

  test("sends records to a Kafka egress", async () => {
    const record = { topic: "out", key: "abc", value: Uint8Array.of(0, 20, 104, 76) };
    const log = fn("shop/log", (ctx) => ctx.egress("shop/mails", typed(kafkaRecord, record)));
    const { egress } = await exchange(module([log]).handle, {
      target: "shop/log/1",
      invocations: [{}],
    });
    expect(egress).toEqual([
      {
        to: "shop/mails",
        argument: {
          typename: "type.googleapis.com/io.statefun.sdk.egress.KafkaProducerRecord",
          bytes: kafkaRecord.encode(record),
        },
      },
    ]);
  });

  test("cancels a delay token before it uses it, and names it after the function's type", async () => {
    const remind = fn("shop/remind", (ctx, _: unknown) => {
      ctx.send("mail/sender", "1", "later", { delay: "1.5s", token: "t" });
    });
    const { delayed } = await exchange(module([remind]).handle, {
      target: "shop/remind/1",
      invocations: [{ argument: text("x") }],
    });
    expect(delayed).toEqual([
      { cancel: "shop/remind\nt" },
      { to: "mail/sender/1", argument: text("later"), delayMs: 1_500, token: "shop/remind\nt" },
    ]);
  });

  test("can be added later, by its type and handler", async () => {
    const served = module([]);
    const request = { target: "shop/late/1", invocations: [{ argument: text("Ada") }] };
    expect((await exchange(served.handle, request)).delayed).toHaveLength(1);
    served.register("shop/late", (ctx, name: string) => ctx.send("mail/sender", "1", name));
    expect((await exchange(served.handle, request)).messages).toEqual([
      { to: "mail/sender/1", argument: text("Ada") },
    ]);
  });
});

describe("a request that would restart the job", () => {
  test("for a function that is not registered waits for a later try", async () => {
    const answer = await exchange(module().handle, {
      target: "shop/nobody/1",
      invocations: [{ argument: text("a") }, { argument: text("b") }],
    });
    expect(answer.delayed).toEqual([
      { to: "shop/nobody/1", argument: text("a"), delayMs: 60_000 },
      { to: "shop/nobody/1", argument: text("b"), delayMs: 60_000 },
    ]);
  });

  interface Refusal {
    readonly failure: { readonly code: string; readonly message: string };
  }

  /** Runs one message through a function, and returns the dead letters. */
  async function refusals(face: object, argument: Typed): Promise<readonly Refusal["failure"][]> {
    const { type } = face as { readonly type: string };
    const answer = await exchange(module([face]).handle, {
      target: `${type}/1`,
      invocations: [{ argument }],
    });
    expect(answer.messages).toEqual([]);
    expect(answer.mutations).toEqual({});
    return answer.egress.map(({ argument: letter }) => {
      const { value } = { value: json<Refusal>("handback/dead-letter").decode(letter.bytes) };
      return value.failure;
    });
  }

  test.each([
    ["an unknown target", "UNKNOWN_FUNCTION", (ctx: Context) => ctx.send("else/where", "1", "x")],
    ["a target without a slash", "INVALID_NAME", (ctx: Context) => ctx.send("where", "1", "x")],
    ["a target with two slashes", "INVALID_NAME", (ctx: Context) => ctx.send("mail/a/b", "1", "x")],
    ["an unknown egress", "UNKNOWN_EGRESS", (ctx: Context) => ctx.egress("shop/none", "x")],
    [
      "a negative delay",
      "INVALID_DELAY",
      (ctx: Context) => ctx.send("mail/sender", "1", "x", { delay: -1 }),
    ],
    [
      "a value that has no form on the wire",
      "UNSERIALIZABLE",
      (ctx: Context) => ctx.send("mail/sender", "1", new Map([[1, 2]])),
    ],
    [
      "a value that is not of its type",
      "UNSERIALIZABLE",
      (ctx: Context) => ctx.send("mail/sender", "1", { type: "io.statefun.types/int", value: 2.5 }),
    ],
    ["nobody to reply to", "NO_CALLER", (ctx: Context) => ctx.reply("x")],
  ])("because of %s is a dead letter with the code %s", async (_, code, handler) => {
    const fails = fn("shop/fails", (ctx, _: unknown) => handler(ctx));
    expect(await refusals(fails, text("x"))).toMatchObject([{ code }]);
  });

  test("because a handler throws is a dead letter with its error", async () => {
    const throws = fn("shop/throws", (_, name: string) => {
      throw new Error(`no ${name}`);
    });
    expect(await refusals(throws, text("tea"))).toMatchObject([{ message: "no tea" }]);
  });

  test("because of a message of an unknown type is a dead letter with the code INVALID_INPUT", async () => {
    expect(await refusals(greeter, number(1))).toMatchObject([{ code: "INVALID_INPUT" }]);
  });

  test("because of bytes that are not of their type is a dead letter", async () => {
    const argument = { typename: int.typename, bytes: Uint8Array.of(1, 2, 3) };
    const any = fn("shop/any", (_, n: number) => void n);
    expect(await refusals(any, argument)).toMatchObject([{ code: "UNSERIALIZABLE" }]);
  });

  test("because of state that is not of its type is a dead letter", async () => {
    const count = stateful("shop/count", {
      state: { n: value<number>(undefined, { type: int }) },
      handlers: { receive: (ctx, _: unknown) => void (ctx.state.n = 2 ** 31) },
    });
    expect(await refusals(count, text("x"))).toMatchObject([{ code: "UNSERIALIZABLE" }]);
  });

  test("does not stop the other messages of its batch", async () => {
    const some = fn("shop/some", (ctx, name: string) => {
      if (name === "bad") throw new Error("bad");
      ctx.send("mail/sender", "1", name);
    });
    const answer = await exchange(module([some]).handle, {
      target: "shop/some/1",
      invocations: ["a", "bad", "b"].map((name) => ({ argument: text(name) })),
    });
    expect(answer.messages.map(({ argument }) => string.decode(argument.bytes))).toEqual([
      "a",
      "b",
    ]);
    expect(answer.egress).toHaveLength(1);
  });

  test("because of an answer over the limit is answered in part", async () => {
    const big = fn("shop/big", (ctx, n: number) => ctx.send("mail/sender", "1", "x".repeat(n)));
    const { handle } = requestReply({
      functions: [big],
      remotes: ["mail/sender"],
      egresses: ["shop/dead"],
      deadLetters: "shop/dead",
      responseLimit: 2_000,
    });
    const send = (...sizes: readonly number[]) =>
      exchange(handle, {
        target: "shop/big/1",
        invocations: sizes.map((n) => ({ argument: number(n) })),
      });
    const part = await send(800, 800, 800, 800);
    expect(part.messages).toHaveLength(2);
    expect(part.delayed).toMatchObject([
      { to: "shop/big/1", delayMs: 0 },
      { to: "shop/big/1", delayMs: 0 },
    ]);
    const alone = await send(3_000);
    expect(alone.messages).toEqual([]);
    expect(alone.egress).toHaveLength(1);
  });
});

describe("a request over HTTP", () => {
  const body = encodeRequest({
    target: "shop/greeter/1",
    invocations: [{ argument: text("Ada") }],
  });
  const send = (init: RequestInit) =>
    module().fetch(new Request("http://localhost/statefun", { method: "POST", ...init }));
  const octets = { "content-type": "application/octet-stream" };

  test("is answered with bytes of exactly the content type that a cluster accepts", async () => {
    const response = await send({ body: body.slice(), headers: octets });
    expect([response.status, response.headers.get("content-type")]).toEqual([
      200,
      "application/octet-stream",
    ]);
    expect(decodeAnswer(new Uint8Array(await response.arrayBuffer())).missing).toHaveLength(3);
  });

  test.each([
    ["another method", { method: "PUT", body: "x", headers: octets }, 405],
    ["another content type", { body: "x", headers: { "content-type": "text/plain" } }, 415],
    ["no body", { headers: octets }, 400],
    ["a body that is no request", { body: Uint8Array.of(1, 2, 3), headers: octets }, 400],
  ])("with %s is refused", async (_, init, status) => {
    expect((await send(init)).status).toBe(status);
  });
});

describe("state with declared types", () => {
  const visits = stateful("shop/visits", {
    state: {
      seen: value<number>(undefined, { type: int }),
      last: value<User>(undefined, { type: user, expireAfterWrite: "2s" }),
    },
    handlers: {
      receive(ctx, message: { readonly type: string; readonly value: User | string }) {
        if (typeof message.value === "string") {
          delete ctx.state.seen;
          return;
        }
        ctx.state.seen = (ctx.state.seen ?? 0) + 1;
        ctx.state.last = message.value;
      },
    },
  });

  test("is registered with its types and expiry, and nothing else", async () => {
    const { handle } = module([visits]);
    const request = { target: "shop/visits/1", invocations: [{ argument: text("x") }] };
    const { missing = [] } = decodeAnswer(await handle(encodeRequest(request)));
    expect(
      missing.map(({ stateName, typeTypename, expirationSpec: expiration }) => [
        stateName,
        typeTypename,
        expiration?.mode,
        expiration?.expireAfterMillis,
      ]),
    ).toEqual([
      ["seen", "io.statefun.types/int", undefined, undefined],
      ["last", "shop/user", 1, 2_000n],
    ]);
  });

  test("is read and written as the bytes that other programs know", async () => {
    const served = requestReply({ functions: [visits], types: [user] });
    const { mutations } = await exchange(served.handle, {
      target: "shop/visits/1",
      values: { seen: number(41), last: undefined },
      invocations: [{ argument: asUser({ name: "Ada" }) }],
    });
    expect(mutations).toEqual({ seen: number(42), last: asUser({ name: "Ada" }) });
  });

  test("is deleted with `delete`, and absent and deleted are the same", async () => {
    const { handle } = module([visits]);
    const remove = (seen: Typed | undefined) =>
      exchange(handle, {
        target: "shop/visits/1",
        values: { seen, last: undefined },
        invocations: [{ argument: text("x") }],
      });
    expect((await remove(number(1))).mutations).toEqual({ seen: null });
    expect((await remove(undefined)).mutations).toEqual({});
  });

  test("that is damaged makes its messages wait, and is not overwritten", async () => {
    const answer = await exchange(module([visits]).handle, {
      target: "shop/visits/1",
      values: { seen: { typename: int.typename, bytes: Uint8Array.of(9) }, last: undefined },
      invocations: [{ argument: text("x") }],
    });
    expect(answer.mutations).toEqual({});
    expect(answer.delayed).toMatchObject([{ to: "shop/visits/1", delayMs: 60_000 }]);
  });
});
