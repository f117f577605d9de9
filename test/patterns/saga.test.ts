import fc from "fast-check";
import { embedded, fn, HandbackError, memory, stateful, value } from "handback";
import type { Context, Fn } from "handback";
import { chain, retry, saga, withTimeout } from "handback/patterns";
import { everyCrash, schedules, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { HeldStore } from "../durability/support/held-store.ts";
import { endOf, measure } from "./laws/compare.ts";

/** The record of the outside world: done and undone steps, in order. */
const log = stateful("saga/log", {
  state: { lines: value<string[]>([]) },
  handlers: { add: (ctx, line: string) => void ctx.state.lines.push(line) },
});
const say = (ctx: Context, line: string): void => ctx.send(log.add, line, { id: "log" });

interface Options {
  readonly fails?: boolean;
  readonly undoFails?: boolean;
  readonly ms?: number;
}

/** A slow step that records its work and may fail, and its compensation. */
function step(name: string, { fails = false, undoFails = false, ms = 0 }: Options = {}) {
  const done = fn(`saga/${name}-done`, (ctx, { args: input }: { result: void; args: string }) => {
    if (fails) throw new Error(`no ${name}`);
    say(ctx, name);
    return `${input}${name}`;
  });
  const act = fn(`saga/${name}`, { parts: [log, done] }, (ctx, input: string) =>
    ctx.onComplete(ctx.sleep(ms), done, input),
  );
  const undo = fn(`saga/un-${name}`, { parts: [log] }, (ctx, result: string) => {
    if (undoFails) throw new Error(`cannot undo ${name}`);
    say(ctx, `-${name}(${result})`);
  });
  return { do: act, undo };
}

const lines = async (f: Fn<string, unknown>, input = "") => {
  const { ended, run, beta } = await measure(f, input);
  expect(beta).toBe(1);
  const state = await run.state(log, "log").catch(() => ({ lines: [] }));
  return { ended, lines: state.lines, run };
};

describe("a saga", () => {
  test("gives each step the output before it, and undoes nothing on success", async () => {
    const f = saga("saga/fine", step("a"), step("b"), (text) => text.toUpperCase(), step("c").do);
    expect(await lines(f)).toMatchObject({ ended: { value: "ABc" }, lines: ["a", "b", "c"] });
  });

  test.each([0, 1, 2, 3])(
    "undoes the steps before step %d, the last one first, each with the output of its step",
    async (at) => {
      const [a, b, c, d] = ["a", "b", "c", "d"].map((name, index) =>
        step(name, { fails: index === at }),
      ) as [
        ReturnType<typeof step>,
        ReturnType<typeof step>,
        ReturnType<typeof step>,
        ReturnType<typeof step>,
      ];
      const got = await lines(saga("saga/undoes", a, b, c, d));
      const done = ["a", "b", "c", "d"].slice(0, at);
      const undone = done
        .map((name, index) => `-${name}(${done.slice(0, index + 1).join("")})`)
        .reverse();
      expect(got.lines).toEqual([...done, ...undone]);
      expect(got.ended).toMatchObject({
        code: "STEP_FAILED",
        details: {
          step: at + 1,
          function: `saga/${"abcd"[at]}`,
          undone: done.map((name) => `saga/${name}`).reverse(),
        },
      });
    },
  );

  test("skips steps without an undo, and undoes when a mapping fails", async () => {
    const f = saga("saga/some", step("a"), step("b").do, (text) => JSON.parse(text) as string);
    const got = await lines(f);
    expect(got.lines).toEqual(["a", "b", "-a(a)"]);
    expect(got.ended).toMatchObject({
      code: "STEP_FAILED",
      details: { step: 3, function: "a mapping", undone: ["saga/a"] },
    });
  });

  test("undoes when the value of its last mapping cannot be encoded", async () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    const got = await lines(saga("saga/cyclic", step("a"), () => cyclic));
    expect(got.lines).toEqual(["a", "-a(a)"]);
    expect(got.ended).toMatchObject({
      code: "STEP_FAILED",
      details: { step: 2, function: "a mapping", undone: ["saga/a"] },
    });
  });

  test("undoes when an output is too large, and calls ifUnsure for its step", async () => {
    const big = fn("saga/big", (_, input: string) => input + "x".repeat(1500));
    const ifUnsure = fn("saga/big-unsure", { parts: [log] }, (ctx, input: string) =>
      say(ctx, `?${input.length}`),
    );
    const undo = fn("saga/un-big", { parts: [log] }, (ctx, input: string) =>
      say(ctx, `-${input.length}`),
    );
    const f = saga(
      "saga/full",
      { do: big, undo },
      { do: big, undo, ifUnsure },
      { do: big, undo, ifUnsure },
    );
    const { ended, run } = await measure(f, "", { payloadLimit: 4000 });
    expect((await run.state(log, "log")).lines).toEqual(["?1500", "-1500"]);
    expect(ended).toMatchObject({
      code: "STEP_FAILED",
      details: { step: 2, undone: ["saga/big", "saga/big"] },
    });
  });

  test("goes on when a compensation fails, and lists what was undone", async () => {
    const f = saga(
      "saga/torn",
      step("a"),
      step("b", { undoFails: true }),
      step("c"),
      step("d", { fails: true }),
    );
    const { ended, lines: said, run } = await lines(f);
    expect(said).toEqual(["a", "b", "c", "-c(abc)", "-a(a)"]);
    expect(ended).toMatchObject({
      code: "COMPENSATION_FAILED",
      message: expect.stringContaining(
        "step 4 of saga/torn (saga/d) failed, and so did the compensation of step 2 (saga/b)",
      ) as unknown,
      details: {
        step: 4,
        function: "saga/d",
        undone: ["saga/c", "saga/a"],
        notUndone: [{ step: 2, function: "saga/b", message: "cannot undo b" }],
      },
    });
    const [flow] = await run.meter.flows();
    expect(flow?.failure).toMatchObject({ cause: { message: "no d", function: "saga/d-done" } });
  });

  test("can be a step of a chain and of another saga, which undoes its own steps", async () => {
    const inner = saga("saga/inner", step("b"), step("c", { fails: true }));
    const f = saga("saga/outer", step("a"), chain("saga/mid", inner));
    const got = await lines(f);
    expect(got.lines).toEqual(["a", "b", "-b(ab)", "-a(a)"]);
    expect(got.ended).toMatchObject({
      code: "STEP_FAILED",
      details: { step: 2, function: "saga/mid" },
    });
  });

  test("retries a compensation made by retry", async () => {
    let failures = 0;
    const a = step("a");
    const flaky = fn("saga/flaky", { parts: [a.undo] }, (ctx, result: string) => {
      if (failures++ < 2) throw new Error("not yet");
      return ctx.invoke(a.undo, result);
    });
    const f = saga(
      "saga/patient",
      { do: a.do, undo: retry("saga/steady", flaky) },
      step("b", { fails: true }),
    );
    expect((await lines(f)).lines).toEqual(["a", "-a(a)"]);
  });

  test("calls ifUnsure for a step that may have been done", async () => {
    const ifUnsure = fn("saga/look-up", { parts: [log] }, (ctx, input: string) =>
      say(ctx, `?b(${input})`),
    );
    const { do: act, undo } = step("b", { ms: 1000 });
    const slow = withTimeout("saga/limited", act, 100);
    const f = (unsure: boolean) =>
      saga("saga/unsure", step("a"), unsure ? { do: slow, undo, ifUnsure } : { do: slow, undo });
    expect((await lines(f(true))).lines).toEqual(["a", "?b(a)", "-a(a)"]);
    expect((await lines(f(false))).lines).toEqual(["a", "-a(a)"]);
    const torn = saga(
      "saga/torn-inside",
      step("x", { undoFails: true }),
      step("y", { fails: true }).do,
    );
    expect((await lines(saga("saga/half", step("a"), { do: torn, undo, ifUnsure }))).lines).toEqual(
      ["a", "x", "?b(a)", "-a(a)"],
    );
    const failed = { do: step("b", { fails: true }).do, undo, ifUnsure };
    expect((await lines(saga("saga/sure", step("a"), failed))).lines).toEqual(["a", "-a(a)"]);
  });

  test("undoes each step once, at whichever commit the process crashes", async () => {
    for (const undoFails of [false, true]) {
      const f = saga("saga/crash", step("a"), step("b", { undoFails }), step("c", { fails: true }));
      const { run, points } = await everyCrash({ functions: [f] }, (t) =>
        endOf(t.client.call(f, "")),
      );
      expect(run.result).toMatchObject({ code: undoFails ? "COMPENSATION_FAILED" : "STEP_FAILED" });
      expect((await run.state(log, "log")).lines).toEqual([
        "a",
        "b",
        ...(undoFails ? [] : ["-b(ab)"]),
        "-a(a)",
      ]);
      expect(points).toBeGreaterThan(10);
    }
  });

  test("undoes each step once under every schedule", () =>
    fc.assert(
      fc.asyncProperty(schedules(), fc.integer({ min: 0, max: 3 }), async (schedule, at) => {
        const names = ["a", "b", "c"];
        const [a, b, c] = names.map((name, index) =>
          step(name, { fails: index === at, ms: 5 }),
        ) as [never, never, never];
        const f: Fn<string, string> = saga("saga/any", a, b, c);
        const run = await simulate({ functions: [f], schedule }, async (t) => {
          const ended = await endOf(t.client.call(f, ""));
          await t.idle();
          return ended;
        });
        const done = names.slice(0, at);
        const undone = done
          .map((name, index) => `-${name}(${done.slice(0, index + 1).join("")})`)
          .reverse();
        const state = await run.state(log, "log").catch(() => ({ lines: [] }));
        // Messages of different senders may arrive in another order.
        expect(state.lines).toHaveLength(done.length + (at < 3 ? undone.length : 0));
        expect(new Set(state.lines)).toEqual(new Set([...done, ...(at < 3 ? undone : [])]));
      }),
      { numRuns: 30 },
    ));

  test("undoes its steps when it is canceled at any moment, even without a caller", async () => {
    for (let at = 5; at < 60; at += 10) {
      const f = saga(
        "saga/cancelled",
        step("a", { ms: 20 }),
        step("b", { ms: 20 }),
        step("c", { ms: 20 }),
      );
      const run = await simulate({ functions: [f] }, async (t) => {
        const flow = await t.client.start(f, "", { id: "flow" });
        await t.advance(at);
        expect(await t.client.cancel(flow)).toBe(true);
        const ended = await endOf(flow.result());
        await t.idle();
        return { ended, unhandled: (await flow.status()).unhandled };
      });
      expect(run.result).toMatchObject({ ended: { code: "CANCELLED" }, unhandled: [] });
      const state = await run.state(log, "log").catch(() => ({ lines: [] }));
      const done = ["a", "b"].slice(0, Math.floor(at / 20));
      expect(state.lines).toEqual([
        ...done,
        ...done
          .map((_, index) => `-${done[index]}(${done.slice(0, index + 1).join("")})`)
          .reverse(),
      ]);
    }
  });

  test("undoes each completed step once, even if its result is on its way", async () => {
    for (let at = 0; at < 60; at++) {
      const clock = new VirtualClock();
      const said: string[] = [];
      const steps = ["a", "b", "c"].map((name) => ({
        do: fn(`saga/ended-${name}`, (_, input: string) => {
          said.push(name);
          if (name === "c") throw new Error("no c");
          return `${input}${name}`;
        }),
        undo: fn(`saga/un-ended-${name}`, (_, result: string) => void said.push(`-${result}`)),
      }));
      const f: Fn<string, string> = saga("saga/ended", ...(steps as [never, never, never]));
      const store = new HeldStore(memory(), () => clock.work(5));
      const engine = await embedded({ functions: [f], store, clock });
      const flow = await clock.until(engine.client.start(f, "", { id: "flow" }));
      await clock.advance(at);
      await clock.until(engine.client.cancel(flow));
      await clock.advance(1000);
      const done = said.filter((line) => line === "a" || line === "b");
      const undone = ["-a", "-ab"].slice(0, done.length).reverse();
      expect([at, ...said.filter((line) => line.startsWith("-"))]).toEqual([at, ...undone]);
      await clock.until(engine.close());
    }
  });

  test("goes on when it is canceled while undoing, and records failures", async () => {
    const slowUndo = (name: string, fails: boolean) => {
      const { do: act, undo } = step(name, { undoFails: fails });
      const later = fn(
        `saga/later-${name}`,
        { parts: [undo] },
        (ctx, { args }: { result: void; args: string }) => ctx.invoke(undo, args),
      );
      return {
        do: act,
        undo: fn(`saga/slow-${name}`, { parts: [later] }, (ctx, r: string) =>
          ctx.onComplete(ctx.sleep(20), later, r),
        ),
      };
    };
    for (const fails of [false, true]) {
      const f = saga(
        "saga/meanwhile",
        slowUndo("a", false),
        slowUndo("b", fails),
        step("c", { fails: true }),
      );
      const run = await simulate({ functions: [f] }, async (t) => {
        const flow = await t.client.start(f, "", { id: "flow" });
        await t.advance(10);
        expect(await t.client.cancel(flow)).toBe(true);
        await t.idle();
        return (await flow.status()).unhandled;
      });
      expect((await run.state(log, "log")).lines).toEqual([
        "a",
        "b",
        ...(fails ? [] : ["-b(ab)"]),
        "-a(a)",
      ]);
      expect(run.result).toMatchObject(
        fails ? [{ code: "COMPENSATION_FAILED", details: { undone: ["saga/a"] } }] : [],
      );
    }
  });

  test("has the same result and calls as a function that blocks on each step", () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3 }), fc.nat(500), async (at, ms) => {
        const steps = ["a", "b", "c"].map((name, index) => step(name, { fails: index === at, ms }));
        const split: Fn<string, string> = saga("saga/split", ...(steps as [never, never, never]));
        const parts = steps.flatMap((each) => [each.do, each.undo]);
        const naive = fn("saga/naive", { parts }, async (ctx, input: string) => {
          let result = input;
          const done: (() => Promise<void>)[] = [];
          try {
            for (const { do: act, undo } of steps) {
              const given = (result = await ctx.get(ctx.invoke(act, result)));
              done.push(() => ctx.get(ctx.invoke(undo, given)));
            }
            return result;
          } catch (error) {
            for (const undo of done.reverse()) await undo();
            throw error;
          }
        });
        const [one, other] = [await lines(split), await measure(naive, "")];
        expect((await other.run.state(log, "log").catch(() => ({ lines: [] }))).lines).toEqual(
          one.lines,
        );
        if ("value" in other.ended) expect(one.ended).toEqual(other.ended);
        else expect(one.ended).toMatchObject({ code: "STEP_FAILED" });
        expect(other.billedMs).toBe(ms * Math.min(3, at + 1));
      }),
      { numRuns: 15 },
    ));

  test("is rejected with an invalid step", () => {
    const { do: act, undo } = step("a");
    const wrong = (...steps: readonly unknown[]) => saga("saga/wrong", ...(steps as [never]));
    expect(() => wrong()).toThrow(/INVALID_OPTIONS: saga saga\/wrong: expected at least one step/);
    expect(() => wrong(5)).toThrow(/INVALID_OPTIONS: step 1 of saga\/wrong: expected/);
    expect(() => wrong(act, { do: act })).toThrow(/INVALID_OPTIONS: undo of step 2 of saga\/wrong/);
    expect(() => wrong({ do: 5, undo })).toThrow(/INVALID_OPTIONS: do of step 1 of saga\/wrong/);
    expect(() => wrong({ do: act, undo, ifUnsure: 5 })).toThrow(
      /INVALID_OPTIONS: ifUnsure of step 1 of saga\/wrong/,
    );
    expect(() => wrong({ do: act, undo, redo: act })).toThrow(/unknown option "redo"/);
    expect(HandbackError.is(new HandbackError("STEP_FAILED", ""))).toBe(true);
  });
});
