import { fn, HandbackError, stateful, value } from "handback";
import type { Context } from "handback";
import { crashing, everyCrash, schedules, simulate } from "handback/testing";
import type { Machine, Simulated } from "handback/testing";
import fc from "fast-check";
import { expect } from "vitest";
import type { BuiltFlow, FlowWorld } from "../../../src/testing/flows/leaves.ts";
import { flows } from "../../../src/testing/flows/flows.ts";
import { naiveFlow } from "../../../src/testing/flows/naive.ts";
import type { FlowProgram } from "../../../src/testing/flows/program.ts";
import { referenceFlow } from "../../../src/testing/flows/reference.ts";
import { splitFlow } from "../../../src/testing/flows/split.ts";
import { law } from "../support/law.ts";

/** Programs whose outcome depends neither on time nor on failures. */
const timeless = flows({ without: ["race", "any", "timeout", "wait"], failures: false });

const byNumber = (one: number, other: number): number => one - other;

/** Throws the reason of a settlement, which is no error. */
function rethrow(reason: unknown): never {
  throw reason as Error;
}

/** Resumes what is paused until the flow has ended, and returns its result. */
async function resumeToEnd(t: Simulated, flow: string): Promise<unknown> {
  for (;;) {
    await t.idle("1d");
    const { settledAt, paused } = await t.client.status(flow);
    if (settledAt !== undefined) return t.client.flow(flow).result();
    for (const { call } of paused) await resume(t, flow, call);
  }
}

/** Resumes a call, unless it goes on already. */
async function resume({ client }: Simulated, flow: string, call: string): Promise<void> {
  await client.resume(flow, { call }).catch((error: unknown) => {
    if (!HandbackError.is(error, "NOT_PAUSED")) throw error;
  });
}

/** A world in which work fails as often as the list says. */
function failingWork({ work }: Machine, outages: readonly boolean[]): FlowWorld {
  const left = [...outages];
  return {
    work: async (ms, signal) => {
      await work(ms, signal);
      if (left.shift() === true) throw new Error("an outage");
    },
  };
}

async function assertSameAsUnpaused(
  build: (world: FlowWorld) => BuiltFlow,
  program: FlowProgram,
  given: { readonly schedule: object; readonly outages: readonly boolean[] },
): Promise<void> {
  const { outcome, journals } = referenceFlow(program, null);
  const { run: f } = build({ work: async () => undefined });
  const functions = (machine: Machine) => build(failingWork(machine, given.outages)).functions;
  const options = { schedule: given.schedule, whenFailed: "pause", functions } as const;
  const run = await simulate(options, async (t) => {
    await t.client.start(f, { program, input: null }, { key: "flow" });
    return resumeToEnd(t, "flow");
  });
  expect({ value: run.result }).toEqual(outcome);
  const notes = new Map<string, readonly number[]>();
  for (const { function: type, id, state } of await run.states())
    if (type === "flows/journal")
      notes.set(id, (state as { notes: number[] }).notes.toSorted(byNumber));
  expect(notes).toEqual(
    new Map(Object.entries(journals).map(([id, all]) => [id, all.toSorted(byNumber)])),
  );
  expect(await run.meter.flow("flow")).toMatchObject({ final: true });
}

const outages = fc.array(fc.boolean(), { maxLength: 30 });

law(
  "a flow whose calls pause and are resumed ends as if none had failed, and each step counts once",
  [timeless, schedules(), outages],
  (program, schedule, lost) =>
    assertSameAsUnpaused(splitFlow, program, { schedule, outages: lost }),
  { runs: 150 },
);

law(
  "a flow of blocking handlers ends as if no call had failed",
  [timeless, schedules(), outages],
  (program, schedule, lost) =>
    assertSameAsUnpaused(naiveFlow, program, { schedule, outages: lost }),
  { runs: 75 },
);

/** An account that a bank charges by idempotency keys, outside of the engine. */
function shop(isDown: () => boolean, charged: Map<string, number>) {
  const charge = fn("law/charge", { whenFailed: "pause" }, (ctx: Context, cents: number) => {
    if (isDown()) throw new Error("the bank is down");
    charged.set(ctx.idempotencyKey, cents);
    return cents;
  });
  const ledger = stateful("law/ledger", {
    state: { cents: value(0) },
    handlers: { add: (ctx, cents: number) => (ctx.state.cents += cents) },
  });
  const order = fn("law/order", { parts: [charge, ledger] }, (ctx, cents: number) =>
    ctx.invoke(ledger.add, ctx.invoke(charge, cents), { id: "all" }),
  );
  return { order, functions: [order] };
}

law(
  "a crash at any commit of a pause, a resumption or a decision to fail changes nothing",
  [
    fc.array(fc.constantFrom("resume", "fail", "cancel"), { minLength: 1, maxLength: 3 }),
    fc.constantFrom("before", "after", "lost", "kept", "refused", "unsure"),
  ],
  async (decisions, how) => {
    const charged = new Map<string, number>();
    let isDown = true;
    const { order } = shop(() => isDown, charged);
    const report = await everyCrash(
      { functions: () => shop(() => isDown, charged).functions, how: [how] },
      async (t) => {
        charged.clear();
        isDown = true;
        for (const at of decisions.keys())
          await t.client.start(order, 10 ** at, { key: `order-${at}` });
        await t.idle("1h");
        isDown = false;
        for (const [at, decision] of decisions.entries()) await t.client[decision](`order-${at}`);
        await t.idle("1h");
        const ends = decisions.map(async (_, at) => (await t.client.status(`order-${at}`)).status);
        return { ends: await Promise.all(ends), charged: [...charged.values()].toSorted(byNumber) };
      },
    );
    const ends = { resume: "completed", fail: "failed", cancel: "cancelled" };
    expect(report.run.result.ends).toEqual(decisions.map((decision) => ends[decision]));
    const resumed = decisions.flatMap((each, at) => (each === "resume" ? [10 ** at] : []));
    expect(report.run.result.charged).toEqual(resumed);
    expect(report.points).toBeGreaterThan(0);
  },
  { runs: 15 },
);

law(
  "a call that crashes the process pauses, and is resumed as it was",
  [fc.integer({ min: 1, max: 4 }), fc.boolean()],
  async (crashLimit, isResumed) => {
    const keys = new Set<string>();
    const charge = fn("law/deadly", { whenFailed: "pause" }, (ctx, cents: number) => {
      keys.add(ctx.idempotencyKey);
      return cents;
    });
    // A crash without a mark, one before its first turn, and those that count.
    const functions = [crashing(charge, crashLimit + 2)];
    const run = await simulate({ functions, crashLimit }, async (t) => {
      const flow = await t.client.start(charge, 5, { key: "flow" });
      while ((await flow.status()).status === "pending") await t.advance("1m");
      const { status, paused } = await flow.status();
      const [call] = paused;
      const letters = await t.deadLetters();
      await t.client[isResumed ? "resume" : "fail"](flow);
      const result = await flow
        .result()
        .catch((error: unknown) => (HandbackError.is(error) ? error.code : error));
      return { status, letters, call: call?.call, code: call?.failure.code, result };
    });
    const { call = "", ...seen } = run.result;
    const result = isResumed ? 5 : "POISONED";
    expect(seen).toEqual({ status: "paused", letters: [], code: "POISONED", result });
    expect([...keys]).toEqual(isResumed ? [expect.stringContaining(call)] : []);
  },
  { runs: 10 },
);

law(
  "a blocking handler that passes on a failure fails with it",
  [fc.boolean()],
  async (isThrown) => {
    const charge = fn("law/failing", () => {
      throw new Error("the bank is down");
    });
    const order = fn("law/blocking", { parts: [charge] }, async (ctx) => {
      const charged = ctx.invoke(charge);
      if (!isThrown) return ctx.get(charged);
      const [settled] = await ctx.get(ctx.allSettled([charged]));
      return settled.status === "fulfilled" ? settled.value : rethrow(settled.reason);
    });
    const run = await simulate({ functions: [order], whenFailed: "pause" }, async (t) => {
      const flow = await t.client.start(order, undefined, { key: "flow" });
      await t.idle("1h");
      const { paused } = await flow.status();
      await t.client.fail(flow);
      await t.idle("1h");
      return [paused.map((each) => each.function), (await flow.status()).status];
    });
    expect(run.result).toEqual([["law/failing"], "failed"]);
  },
  { runs: 2 },
);
