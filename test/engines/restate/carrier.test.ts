import { fn, stateful, value } from "handback";
import type { Future } from "handback";
import { describe, expect, test } from "vitest";
import { Carrier } from "../../../src/engines/restate/delivery/carrier.ts";
import { printDelivery } from "../../../src/engines/restate/wire/delivery.ts";
import { defineAll } from "../../../src/futures/run/registry.ts";
import { rootId } from "../../../src/core/message/message-id.ts";
import { codec } from "../../../src/futures/protocol/codec.ts";
import { hosted } from "./support/hosted.ts";
import { RecordedJournal } from "./support/recorded-journal.ts";

const NUMBER = "00000000000000ff";

const branch = fn("test/branch", (_, n: number) => n + 1);
const sum = fn("test/sum", (_, all: readonly number[]) => all.reduce((a, b) => a + b, 0));
const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const fan = fn("test/fan", (ctx, width: number) =>
  ctx.onComplete(ctx.all(Array.from({ length: width }, (_, n) => ctx.invoke(branch, n))), sum),
);
const mixed = fn("test/mixed", (ctx) =>
  ctx.onComplete(ctx.all([ctx.invoke(branch, 1), ctx.invoke(counter.add, 1, { id: "c" })]), sum),
);

const longer = fn("test/longer", (ctx, text: string): string | Future<string> =>
  text.length > 700_000 ? text : ctx.invoke(longer, text + text),
);

/** Begins a flow of a function, and returns the answer and what the invocation did. */
async function begin(type: string, input: unknown, carriedCalls = 32) {
  const journal = new RecordedJournal();
  const functions = hosted(defineAll([fan, mixed, branch, sum, counter, longer]), carriedCalls);
  const control = { type, name: "call", number: NUMBER, key: "asked", awaits: true };
  const target = { type: "_sys/flow", id: NUMBER };
  const payload = codec.encode(input);
  const envelope = { id: rootId(NUMBER), target, name: "start", payload, control };
  const delivery = printDelivery({ envelope, at: 1_000 });
  const question = { delivery, reply: "asked", outcome: `flow/${NUMBER}` };
  const { reply } = await new Carrier(functions, journal).begin(question);
  return { reply, done: journal.done };
}

describe("an invocation that begins a flow", () => {
  test("answers with the outcome, and nothing leaves it", async () => {
    const { reply, done } = await begin("test/fan", 3);
    expect(reply).toMatchObject({ key: `flow/${NUMBER}`, payload: "6", control: { ok: true } });
    expect(done.map(({ what }) => what)).toEqual(["run", "run", "run", "run", "run"]);
  });

  test("hands over all that a message could lead back to before the message leaves", async () => {
    const { reply, done } = await begin("test/mixed", undefined);
    expect(reply).toMatchObject({ key: "asked", isReceipt: true });
    const adopted = done.findIndex(({ what, to }) => what === "call" && to.endsWith(" adopt"));
    const joined = done.findIndex(({ to }) => to.includes("_sys/all"));
    const left = done.findIndex(({ to }) => to.startsWith("app.address test/counter/c"));
    expect(adopted).toBeGreaterThan(-1);
    expect(joined).toBeGreaterThan(-1);
    expect(left).toBeGreaterThan(Math.max(adopted, joined));
  });

  test("sends all branches of a fan-out that is too wide for it, and none twice", async () => {
    const { reply, done } = await begin("test/fan", 10, 4);
    expect(reply).toMatchObject({ isReceipt: true });
    expect(done.filter(({ what }) => what === "run")).toHaveLength(1);
    const sent = done.filter(({ to }) => to === "app.call deliver").map(({ input }) => input);
    expect(new Set(sent).size).toBe(10);
  });

  test("sends the next call once its results are large together", async () => {
    // 100,000 + 200,000 + 400,000 + 800,000 characters, each in the message to the next call.
    const { reply, done } = await begin("test/longer", "x".repeat(50_000));
    expect(reply).toMatchObject({ isReceipt: true });
    expect(done.filter(({ what }) => what === "run")).toHaveLength(4);
    expect(done.filter(({ to }) => to === "app.call deliver")).toHaveLength(1);
  });
});
