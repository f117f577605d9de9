import { join } from "node:path";
import { embedded, fn, memory, sqlite, stateful, value } from "handback";
import type { EmbeddedOptions } from "handback";
import { chain } from "handback/patterns";
import { simulate } from "handback/testing";
import type { Machine } from "handback/testing";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../stores/support/temporary-directory.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
const open = (options: Partial<EmbeddedOptions>) =>
  embedded({ functions: [], store: memory(), log, ...options });

const list = stateful("pause/list", {
  state: { all: value<readonly string[]>([]) },
  handlers: { add: (ctx, item: string) => (ctx.state.all = [...ctx.state.all, item]) },
});

test.each([
  ["memory", () => memory()],
  ["a file", () => sqlite(join(temporaryDirectory(), "pause.db"))],
])(
  "the pause of a function holds its messages under all names, and the stages of a pattern, with a store in %s",
  async (_, makeStore) => {
    const store = makeStore();
    const began: string[] = [];
    const note = (name: string) => (_: unknown, item: string) => {
      began.push(name);
      return item;
    };
    const old = fn("pause/old", note("old"));
    const made = (label: string) =>
      chain(
        "pause/chain",
        (item: string) => {
          began.push(`${label} stage`);
          return item;
        },
        fn("pause/step", note("step")),
      );
    const first = await open({ store, functions: [old, made("first")] });
    await first.client.pause({ function: old });
    await first.client.pause({ function: made("first") });
    const keys = { old: { key: "old" }, chain: { key: "chain" } };
    await first.client.start(old, "a", keys.old);
    await first.client.start(made("first"), "b", keys.chain);
    await first.close();

    const other = fn("pause/other", (_, item: string) => item);
    const renamed = fn("pause/new", { aliases: ["pause/old"] }, note("new"));
    const second = await open({ store, functions: [renamed, made("second"), other] });
    // What is not held runs before this call ends.
    await second.client.call(other, "c");
    expect(await second.client.pausedFunctions()).toEqual(["pause/chain", "pause/old"]);
    expect(began).toEqual([]);
    await second.client.resume({ function: renamed });
    await second.client.resume({ function: "pause/chain" });
    expect(await second.client.flow("old").result()).toBe("a");
    expect(await second.client.flow("chain").result()).toBe("b");
    expect(began.toSorted()).toEqual(["new", "second stage", "step"]);
    await second.close();
  },
);

test("messages that a pause holds count for the limit of their address", async () => {
  const engine = await open({ functions: [list], mailboxLimit: 3 });
  await engine.client.pause({ function: list });
  for (const item of ["a", "b", "c"]) await engine.client.start(list.add, item, { id: "l" });
  await expect(engine.client.start(list.add, "d", { id: "l" })).rejects.toMatchObject({
    code: "OVERLOADED",
  });
  await engine.client.start(list.add, "d", { id: "other" });
  await engine.client.resume({ function: list });
  expect(await engine.client.call(list.add, "e", { id: "other" })).toEqual(["d", "e"]);
  await engine.close();
});

test("a message that is held, let go and held again stays before the later ones of its flow", async () => {
  const both = fn("pause/both", { parts: [list] }, (ctx) =>
    ctx.all([
      ctx.invoke(list.add, "first", { id: "l" }),
      ctx.invoke(list.add, "second", { id: "l", after: [ctx.sleep("1m")] }),
    ]),
  );
  const run = await simulate({ functions: [both] }, async (t) => {
    await t.client.pause({ function: list });
    const flow = await t.client.start(both, undefined, { key: "f" });
    await t.advance("1s");
    await t.client.pause(flow);
    await t.advance("2m");
    await t.client.resume({ function: list });
    await t.advance("1s");
    await t.client.pause({ function: list });
    await t.client.resume(flow);
    await t.advance("1s");
    await t.client.resume({ function: list });
    await flow.result();
    return (await t.client.readState(list, "l")).all;
  });
  expect(run.result).toEqual(["first", "second"]);
});

test("a held message comes back before those of its flow that queue behind another handler", async () => {
  let pass: (ms: number) => Promise<void> = async () => undefined;
  const slow = stateful("pause/slow", {
    state: { all: value<readonly string[]>([]) },
    handlers: {
      add: async (ctx, item: string) => {
        await pass(item === "other" ? 300_000 : 0);
        return (ctx.state.all = [...ctx.state.all, item]);
      },
    },
  });
  const twice = fn("pause/twice", { parts: [slow] }, (ctx) =>
    ctx.all([
      ctx.invoke(slow.add, "first", { id: "l" }),
      ctx.invoke(slow.add, "second", { id: "l", after: [ctx.sleep("1m")] }),
    ]),
  );
  const functions = ({ work }: Machine): readonly object[] => {
    pass = work;
    return [twice];
  };
  const run = await simulate({ functions }, async (t) => {
    await t.client.pause({ function: slow });
    const flow = await t.client.start(twice, undefined, { key: "f" });
    await t.advance("1s");
    await t.client.pause(flow);
    await t.client.start(slow.add, "other", { id: "l" });
    await t.client.resume({ function: slow });
    await t.advance("2m");
    await t.client.resume(flow);
    return flow.result();
  });
  expect(run.result[1]).toEqual(["other", "first", "second"]);
});

test("a paused flow whose message may have crashed the process waits, and then ends", async () => {
  const step = fn("pause/step", (_, item: string) => item);
  const other = fn("pause/other", (_, item: string) => item);
  const run = await simulate({ functions: [step, other] }, async (t) => {
    await t.client.pause({ function: step });
    const flow = await t.client.start(step, "a", { key: "f" });
    await t.client.start(other, "b", { key: "g" });
    await t.crash();
    expect(await t.client.flow("g").result()).toBe("b");
    await t.advance("10m");
    expect((await flow.status()).status).toBe("pending");
    await t.client.resume({ function: step });
    return flow.result();
  });
  expect(run.result).toBe("a");
});

test("an engine waits neither for held messages nor for a resumption when it closes", async () => {
  const engine = await open({ functions: [list] });
  await engine.client.pause({ function: list });
  const flow = await engine.client.start(list.add, "a", { id: "l" });
  const result = flow.result();
  result.catch(() => undefined);
  await engine.close();
  await expect(result).rejects.toMatchObject({ code: "CLOSED" });
});

describe("bad input of pause and resume", () => {
  const wrong = (target: unknown) => target as string;

  test.each([
    ["no target", undefined, "INVALID_IDEMPOTENCY_KEY"],
    ["null", null, "INVALID_IDEMPOTENCY_KEY"],
    ["a number", 7, "INVALID_IDEMPOTENCY_KEY"],
    ["an empty key", "", "INVALID_IDEMPOTENCY_KEY"],
    ["an unknown condition", { keyPrefx: "a" }, "INVALID_OPTIONS"],
    ["a function that is none", { function: 7 }, "INVALID_OPTIONS"],
    ["an operation", { function: list.add }, "INVALID_OPTIONS"],
    ["a name that is none", { function: "list" }, "INVALID_NAME"],
    ["a status that is none", { status: "held" }, "INVALID_OPTIONS"],
  ])("%s", async (_, target, code) => {
    const engine = await open({ functions: [list] });
    await expect(engine.client.pause(wrong(target))).rejects.toMatchObject({ code });
    await expect(engine.client.resume(wrong(target))).rejects.toMatchObject({ code });
    expect(await engine.client.pausedFunctions()).toEqual([]);
    await engine.close();
  });
});
