import { create } from "@bufbuild/protobuf";
import { BoolValueSchema, Int32ValueSchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import type { Int32Value } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import { stateful, value } from "handback";
import type { Context } from "handback";
import { requestReply, typed } from "handback/statefun";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programs } from "../../../engines/statefun/sdk/program.ts";
import {
  BOOL,
  boolValue,
  BYTES,
  INT32,
  int32Value,
  runPlain,
  STRING,
  stringValue,
  withoutIdleChanges,
} from "./plain-effects.ts";
import type { PlainEffects, PlainRequest, PlainValue } from "./plain-effects.ts";
import { oursInPlain } from "./plain-runner.ts";
import type { PlainStep } from "./plain-runner.ts";
import { startPython } from "./python-process.ts";
import type { PythonProcess } from "./python-process.ts";

let python: PythonProcess;
beforeAll(() => {
  python = startPython("python_sdk_2.py", "STATEFUN_PYTHON_2");
});
afterAll(() => python.stop());

const INT = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const TEXT = fc.string({ unit: "grapheme", maxLength: 8 });
const NAME = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });

const KINESIS: fc.Arbitrary<PlainStep> = fc.record({
  do: fc.constant("kinesis" as const),
  stream: NAME,
  key: NAME,
  value: TEXT,
});

/** Makes the values of messages: programs as text or as bytes, and numbers. */
function values(replies: boolean): fc.Arbitrary<PlainValue> {
  const steps = fc
    .tuple(programs(replies), fc.array(KINESIS, { maxLength: 2 }))
    .map((parts) => JSON.stringify(parts.flat()));
  return fc.oneof(
    { weight: 3, arbitrary: steps.map((program): PlainValue => [STRING, program]) },
    steps.map((program): PlainValue => [BYTES, program]),
    INT.map((n): PlainValue => [INT32, n]),
  );
}

const REQUESTS: fc.Arbitrary<PlainRequest> = fc.record({
  target: NAME.filter((id) => !id.includes("/")).map((id) => `test/runner/${id}`),
  state: fc.record({
    count: fc.option(INT.map((n): PlainValue => [INT32, n])),
    note: fc.option(TEXT.map((text): PlainValue => [STRING, text])),
  }),
  invocations: fc.array(
    fc.oneof(
      values(true).map((argument) => ({ caller: "test/caller/7", argument })),
      values(false).map((argument) => ({ argument })),
    ),
    { minLength: 1, maxLength: 4 },
  ),
});

const askPython = async (request: PlainRequest): Promise<unknown> =>
  JSON.parse(await python.ask(JSON.stringify(request)));

/** JSON in an egress is compared as a value, because languages write it with other spaces. */
function comparable(effects: PlainEffects): unknown {
  const egress = effects.egress.map(([to, [type, value]]) =>
    to === "test/out" ? [to, [type, JSON.parse(String(value))]] : [to, [type, value]],
  );
  return { ...effects, egress };
}

test("a random batch means the same as with the Python SDK 2.0", { timeout: 120_000 }, async () => {
  let busy = 0;
  await fc.assert(
    fc.asyncProperty(REQUESTS, async (request) => {
      const mine = await runPlain(oursInPlain, request);
      const theirs = (await askPython(request)) as PlainEffects;
      expect(comparable(withoutIdleChanges(mine, request))).toEqual(
        comparable(withoutIdleChanges(theirs, request)),
      );
      if (mine.messages.length + mine.delayed.length > 1 && mine.egress.length > 0) busy++;
    }),
    { numRuns: 1_000 },
  );
  expect(busy).toBeGreaterThan(100);
});

/** Runs a trap with the Python SDK 2.0. */
const there = (type: string): Promise<unknown> => askPython(trapRequest(type));

const trapRequest = (type: string): PlainRequest => ({
  target: `trap/${type}/1`,
  state: { count: [INT32, 5] },
  invocations: [{ argument: [STRING, "go"] }],
});

interface State {
  count?: Int32Value | undefined;
}

/** Runs a handler of this library on the same request. */
function here(
  type: string,
  run: (ctx: Context<State>) => void | Promise<void>,
): Promise<PlainEffects> {
  const keeper = stateful(`trap/${type}`, {
    state: { count: value<Int32Value>(undefined, { type: int32Value }) },
    handlers: { receive: (ctx, _: unknown) => run(ctx) },
  });
  const { handle } = requestReply({
    functions: [keeper],
    types: [boolValue, stringValue],
    clock,
    remotes: ["other/*"],
    log: QUIET,
  });
  return runPlain(handle, trapRequest(type));
}

const clock = { now: () => 0, monotonicNs: () => 0, setTimer: () => () => undefined };
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const NOTHING = { messages: [], delayed: [], egress: [], state: {} };
const x = typed(stringValue, create(StringValueSchema, { value: "x" }));
const X: PlainValue = [STRING, "x"];
const seven = (): Int32Value => create(Int32ValueSchema, { value: 7 });
const SEVEN: PlainValue = [INT32, 7];
const send = (ctx: Context<State>, options = {}): void =>
  ctx.send("other/receiver", "1", x, options);

/** What the SDK 2.0 does, and what this library does. */
const TRAPS: readonly (readonly [
  trap: string,
  type: string,
  theirs: unknown,
  run: (ctx: Context<State>) => void | Promise<void>,
  ours: unknown,
])[] = [
  [
    "a value that is changed in place is lost there",
    "in-place",
    NOTHING,
    ({ state }) => void Object.assign(state.count ?? {}, { value: 7 }),
    { ...NOTHING, state: { count: SEVEN } },
  ],
  [
    "an async function has no effects there",
    "async",
    NOTHING,
    async (ctx) => {
      await Promise.resolve();
      send(ctx);
    },
    { ...NOTHING, messages: [["other/receiver/1", X]] },
  ],
  [
    "no value, assigned to a state, fails the batch there",
    "none",
    { error: "AttributeError" },
    ({ state }) => void (state.count = undefined),
    { ...NOTHING, state: { count: null } },
  ],
  [
    "a message from an ingress has a caller there",
    "caller",
    { ...NOTHING, messages: [["other/receiver/1", [BOOL, false]]] },
    (ctx) =>
      ctx.send(
        "other/receiver",
        "1",
        typed(boolValue, create(BoolValueSchema, { value: ctx.caller === undefined })),
      ),
    { ...NOTHING, messages: [["other/receiver/1", [BOOL, true]]] },
  ],
  [
    "a reply without a caller fails the batch there",
    "reply",
    { error: "ValueError" },
    (ctx) => ctx.reply(x),
    NOTHING,
  ],
  [
    "a delay of 0 fails the batch there",
    "now",
    { error: "ValueError" },
    (ctx) => send(ctx, { delay: 0 }),
    { ...NOTHING, delayed: [["other/receiver/1", X, 0]] },
  ],
  [
    "a negative delay leaves there, and restarts the job",
    "past",
    { ...NOTHING, delayed: [["other/receiver/1", X, -5]] },
    (ctx) => send(ctx, { delay: -5 }),
    NOTHING,
  ],
  [
    "a delay loses a millisecond there",
    "short",
    { ...NOTHING, delayed: [["other/receiver/1", X, 1_000]] },
    (ctx) => send(ctx, { delay: 1_001 }),
    { ...NOTHING, delayed: [["other/receiver/1", X, 1_001]] },
  ],
  [
    "a misspelt state fails the batch there",
    "misspelt",
    { error: "KeyError" },
    (ctx) => void Object.assign(ctx.state, { cuont: seven() }),
    NOTHING,
  ],
  [
    "a message that is stored without its type damages the state there",
    "raw-state",
    { ...NOTHING, state: { count: ["record", { to: "", key: "", value: "" }] } },
    ({ state }) => void (state.count = seven()),
    { ...NOTHING, state: { count: SEVEN } },
  ],
  [
    "a target with two slashes leaves there, and restarts the job",
    "slashes",
    { ...NOTHING, messages: [["a/b/c/1", X]] },
    (ctx) => ctx.send("a/b/c", "1", x),
    NOTHING,
  ],
];

test.each(TRAPS)("%s, and not here", async (_, type, theirs, run, ours) => {
  expect(await there(type)).toEqual(theirs);
  expect(await here(type, run)).toEqual(ours);
});

test("a function that is not registered is a KeyError there, and its messages wait here", async () => {
  expect(await there("nobody")).toEqual({ error: "KeyError" });
  const { handle } = requestReply({ log: QUIET });
  expect((await runPlain(handle, trapRequest("nobody"))).delayed).toEqual([
    ["trap/nobody/1", [STRING, "go"], 60_000],
  ]);
});
