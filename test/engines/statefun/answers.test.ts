import { fn, stateful, value } from "handback";
import { int, json, requestReply, string } from "handback/statefun";
import type { RequestReplyOptions } from "handback/statefun";
import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { fitLeftovers } from "../../../src/engines/statefun/request/leftovers.ts";
import { decodeAnswer, encodeRequest, exchange } from "./support/exchange.ts";
import type { Typed } from "./support/exchange.ts";
import { of, OPTIONS, runBatch, runWith } from "./support/run-batch.ts";
import { REQUESTS } from "./sdk/requests.ts";
import { ours } from "./sdk/ours.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const NAMES = ["count", "note"];

test("after any restart, a request that lacks a value runs no code and asks for exactly that value", async () => {
  await fc.assert(
    fc.asyncProperty(REQUESTS, fc.subarray(NAMES), async (request, missing) => {
      const kept = Object.entries(request.values ?? {}).filter(([name]) => !missing.includes(name));
      const partial = { ...request, values: Object.fromEntries(kept) };
      const answer = decodeAnswer(await ours(encodeRequest(partial)));
      const asked = answer.missing?.map(({ stateName }) => stateName) ?? [];
      expect(asked).toEqual(missing);
      if (missing.length === 0) return;
      expect({ ...answer, missing: undefined }).toEqual({
        missing: undefined,
        messages: [],
        delayed: [],
        egress: [],
        mutations: {},
      });
      // Each restart forgets the values again, and the batch then has the same effects.
      const again = await exchange(ours, partial);
      const values = Object.fromEntries(NAMES.map((name) => [name, undefined]));
      const whole = { ...request, values: { ...values, ...partial.values } };
      expect(again).toEqual(decodeAnswer(await ours(encodeRequest(whole))));
    }),
    { numRuns: 200 },
  );
});

test("a request may have values that the function does not know", async () => {
  await fc.assert(
    fc.asyncProperty(REQUESTS, fc.stringMatching(/^[a-z]{6,9}$/), async (request, name) => {
      const known = await ours(encodeRequest(request));
      const values = { [name]: of(int, 1), ...request.values, [`${name}s`]: undefined };
      expect(await ours(encodeRequest({ ...request, values }))).toEqual(known);
    }),
    { numRuns: 100 },
  );
});

interface Step {
  readonly kind:
    | "add"
    | "send"
    | "throw"
    | "unknownTarget"
    | "negativeDelay"
    | "badState"
    | "bytes";
  readonly n: number;
}

const STEP = json<Step>("test/step");
const worker = stateful("shop/worker", {
  state: { total: value<number>(undefined, { type: int }) },
  accepts: { "test/step": STEP },
  handlers: {
    receive(ctx, { value: { kind, n } }: { readonly type: string; readonly value: Step }) {
      ctx.state.total = (ctx.state.total ?? 0) + n;
      ctx.send("mail/sender", "1", n);
      ctx.send("mail/sender", "1", n, { delay: n });
      if (kind === "throw") throw new Error("no");
      if (kind === "unknownTarget") ctx.send("else/where", "1", n);
      if (kind === "negativeDelay") ctx.send("mail/sender", "1", n, { delay: -1 });
      if (kind === "badState") ctx.state.total = 0.5;
    },
  },
});
const argumentOf = (step: Step): Typed =>
  step.kind === "bytes" ? { typename: "test/step", bytes: Uint8Array.of(255) } : of(STEP, step);
const isGood = ({ kind }: Step): boolean => kind === "add" || kind === "send";
const clock = { now: () => 0, monotonicNs: () => 0, setTimer: () => () => undefined };

test("a batch in which messages fail has the effects of the batch without them, and their dead letters", async () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom<Step["kind"]>(
        "add",
        "send",
        "throw",
        "unknownTarget",
        "negativeDelay",
        "badState",
        "bytes",
      ),
      n: fc.nat(1_000),
    }),
    { maxLength: 8 },
  );
  const options = { ...OPTIONS, clock, log: quiet };
  const run = (batch: readonly Step[]) =>
    runBatch(
      worker,
      { invocations: batch.map((step) => ({ argument: argumentOf(step) })) },
      options,
    );
  await fc.assert(
    fc.asyncProperty(steps, async (batch) => {
      const { dead, ...effects } = await run(batch);
      const { dead: none, ...good } = await run(batch.filter(isGood));
      expect(effects).toEqual(good);
      expect(none).toEqual([]);
      expect(dead).toHaveLength(batch.filter((step) => !isGood(step)).length);
    }),
    { numRuns: 100 },
  );
});

interface Load {
  /** Size of the messages that the handler sends. */
  readonly out: number;
  /** Size of the message itself. */
  readonly in: number;
  readonly fails: boolean;
}

const LOAD = json<readonly [n: number, load: Load, padding: string]>("test/load");
const loader = fn(
  "shop/loader",
  { accepts: { "test/load": LOAD } },
  (ctx, { value: [n, { out, fails }] }: { readonly type: string; readonly value: LoadValue }) => {
    ctx.send("mail/sender", String(n), "x".repeat(out));
    if (fails) throw new Error("no");
  },
);
type LoadValue = readonly [n: number, load: Load, padding: string];

const LOADS = fc.array(
  fc.record({
    out: fc.oneof(fc.constant(10), fc.integer({ min: 0, max: 20_000 })),
    in: fc.oneof(fc.constant(10), fc.integer({ min: 0, max: 15_000 })),
    fails: fc.boolean(),
  }),
  { minLength: 1, maxLength: 10 },
);

test.each<[string, RequestReplyOptions]>([
  ["a registered function", { functions: [loader] }],
  ["a function that is not registered", {}],
])(
  "no answer of %s is over the limit, and each message counts, waits or is a dead letter",
  async (_, functions) => {
    const responseLimit = 10_000;
    const { handle } = requestReply({ ...OPTIONS, ...functions, responseLimit, log: quiet });
    await fc.assert(
      fc.asyncProperty(LOADS, async (loads) => {
        const invocations = loads.map((load, n) => ({
          argument: of(LOAD, [n, load, "x".repeat(load.in)]),
        }));
        const request = { target: "shop/loader/1", values: { _: undefined }, invocations };
        expect((await handle(encodeRequest(request))).length).toBeLessThanOrEqual(responseLimit);
        const { messages, delayed, dead } = await runWith(handle, request);
        expect(messages.length + delayed.length + dead.length).toBe(loads.length);
        const total = invocations.reduce((sum, { argument }) => sum + argument.bytes.length, 0);
        // Only what cannot be in one answer in any form is lost.
        if (total < responseLimit / 2 && loads.every(({ out }) => out < 1_000))
          expect(dead).toHaveLength(
            "functions" in functions ? loads.filter((l) => l.fails).length : 0,
          );
      }),
      { numRuns: 100 },
    );
  },
);

test("a message that fails and is too large for a dead letter leaves one without its value", async () => {
  const fails = fn("shop/fails", () => {
    throw new Error("no");
  });
  const argument = of(string, "x".repeat(20_000));
  const options = { ...OPTIONS, responseLimit: 10_000, log: quiet };
  const { dead } = await runBatch(fails, { invocations: [{ argument }] }, options);
  expect(dead).toEqual(["PAYLOAD_TOO_LARGE"]);
});

test("the dead letter of a message without room says so, and has no stack", async () => {
  const argument = of(string, "x".repeat(20_000));
  const { handle } = requestReply({ ...OPTIONS, responseLimit: 10_000, log: quiet });
  const request = { target: "shop/none/1", invocations: [{ argument }] };
  const { egress } = await exchange(handle, request);
  const letters = egress.map(({ argument: letter }) => json(letter.typename).decode(letter.bytes));
  const size = argument.bytes.length;
  const message = `a message of ${size} bytes has no room in an answer of at most 10000 bytes`;
  const details = { size, limit: 10_000 };
  expect(letters).toEqual([
    {
      target: { type: "shop/none", id: "1" },
      failure: { name: "HandbackError", message, code: "PAYLOAD_TOO_LARGE", details },
      at: expect.any(Number),
    },
  ]);
});

test("messages that fit into an answer make no dead letters", () => {
  const target = { type: "shop/none", id: "1" };
  const again = of(string, "x");
  const leftovers = [{ invocation: { argument: again }, again, delayMs: 1 }];
  const nothing = { messages: [], delayed: [], egress: [], mutations: [] };
  const made = vi.fn<() => undefined>();
  const frame = { target, limit: 1_000, encodeDeadLetter: made, describe: () => null };
  const { bytes, shed } = fitLeftovers(nothing, leftovers, frame);
  expect(decodeAnswer(bytes).delayed).toHaveLength(1);
  expect([shed, made.mock.calls.length]).toEqual([[], 0]);
});

test("messages after one whose effects are over the limit still count", async () => {
  const big = fn("shop/big", (ctx, n: number) => ctx.send("mail/sender", "1", "x".repeat(n)));
  const invocations = [20_000, 1, 2, 3].map((n) => ({ argument: of(int, n) }));
  const options = { ...OPTIONS, responseLimit: 10_000 };
  expect(await runBatch(big, { invocations }, options)).toMatchObject({
    dead: ["PAYLOAD_TOO_LARGE"],
    messages: ["x", "xx", "xxx"].map((text) => ["mail/sender/1", string.typename, text]),
    delayed: [],
  });
});

const answering = fn("shop/answering", (ctx) => {
  if (ctx.caller !== undefined) ctx.reply("done");
});

test("a message that had to wait keeps its caller, or its lack of one", async () => {
  const echo = fn("shop/answering", (ctx, n: number) => {
    if (ctx.caller !== undefined) ctx.reply("x".repeat(n));
  });
  const { handle } = requestReply({ ...OPTIONS, functions: [echo], responseLimit: 6_000 });
  const request = { target: "shop/answering/1", values: { _: undefined } };
  const argument = of(int, 3_000);
  const invocations = [
    { argument, caller: "desk/front/7" },
    { argument, caller: "desk/front/8" },
    { argument },
  ];
  const first = await exchange(handle, { ...request, invocations });
  expect(first.messages.map(({ to }) => to)).toEqual(["desk/front/7"]);
  const postponed = first.delayed.map(({ argument: again }) => ({
    // The cluster gives the function itself as the caller of a delayed message.
    caller: "shop/answering/1",
    ...(again !== undefined && { argument: again }),
  }));
  const second = await exchange(handle, { ...request, invocations: postponed });
  expect(second.messages.map(({ to }) => to)).toEqual(["desk/front/8"]);
});

test("a message from an ingress waits as it came until its function is registered, and has no caller then", async () => {
  const argument = of(string, "x");
  const module = requestReply({ ...OPTIONS, log: quiet });
  const request = {
    target: "shop/answering/1",
    invocations: [{ argument }],
  };
  const { delayed } = await exchange(module.handle, request);
  expect(delayed).toEqual([{ to: "shop/answering/1", argument, delayMs: 60_000 }]);
  // Once it is registered here, it replies to nobody, and not to itself for ever.
  const later = requestReply({ ...OPTIONS, functions: [answering] });
  const again = { ...request, invocations: [{ argument, caller: "shop/answering/1" }] };
  expect((await exchange(later.handle, again)).messages).toEqual([]);
});

test("bytes that claim to be a message that waited, and are not, are a dead letter", async () => {
  const argument = { typename: "handback/relayed", bytes: Uint8Array.of(255) };
  const accepts = { "test/load": LOAD };
  const functions = [
    fn("shop/strict", { accepts }, () => undefined),
    fn("shop/open", { accepts: { "*": LOAD } }, () => undefined),
    fn("shop/plain", () => undefined),
  ];
  const { handle } = requestReply({ ...OPTIONS, functions, log: quiet });
  for (const { type } of functions) {
    const request = { target: `${type}/1`, values: { _: undefined }, invocations: [{ argument }] };
    const { egress } = await exchange(handle, request);
    const letters = egress.map(({ argument: letter }) =>
      json<object>(letter.typename).decode(letter.bytes),
    );
    const message =
      "a message that was sent again cannot be read: it is damaged, or holds another one";
    const failure = { code: "INVALID_INPUT", message, cause: { name: expect.any(String) } };
    expect(letters).toMatchObject([{ failure }]);
  }
});

test("a message that had to wait several times until its function is registered keeps its caller", async () => {
  const argument = of(string, "x");
  const module = requestReply({ ...OPTIONS, log: quiet });
  const request = { target: "shop/answering/1", values: { _: undefined } };
  let invocation = { argument, caller: "desk/front/7" };
  for (let times = 0; times < 3; times++) {
    const { delayed } = await exchange(module.handle, { ...request, invocations: [invocation] });
    const again = delayed[0]?.argument ?? argument;
    invocation = { argument: again, caller: "shop/answering/1" };
  }
  const later = requestReply({ ...OPTIONS, functions: [answering], log: quiet });
  const { messages } = await exchange(later.handle, { ...request, invocations: [invocation] });
  expect(messages.map(({ to }) => to)).toEqual(["desk/front/7"]);
});

test("no bytes make a request fail with anything but INVALID_INPUT", async () => {
  const { handle } = requestReply({ ...OPTIONS, functions: [worker], log: quiet });
  const valid = encodeRequest({
    target: "shop/worker/1",
    values: { total: of(int, 1) },
    invocations: [{ argument: of(STEP, { kind: "add", n: 1 }), caller: "desk/front/7" }],
  });
  const damaged = fc
    .array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) => {
      const bytes = valid.slice();
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), async (bytes) => {
      const outcome = await handle(bytes).then(
        () => "answered",
        (error: unknown) => (error as { readonly code?: string }).code,
      );
      expect(["answered", "INVALID_INPUT"]).toContain(outcome);
    }),
    { numRuns: 1_000 },
  );
});
