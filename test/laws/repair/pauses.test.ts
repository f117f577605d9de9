import { fn, HandbackError, stateful, value } from "handback";
import { everyCrash, schedules, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import fc from "fast-check";
import { expect } from "vitest";
import { flows } from "../../../src/testing/flows/flows.ts";
import type { BuiltFlow, FlowWorld } from "../../../src/testing/flows/leaves.ts";
import { naiveFlow } from "../../../src/testing/flows/naive.ts";
import type { FlowProgram } from "../../../src/testing/flows/program.ts";
import { referenceFlow } from "../../../src/testing/flows/reference.ts";
import { splitFlow } from "../../../src/testing/flows/split.ts";
import { law } from "../support/law.ts";

/** Programs whose outcome depends neither on time nor on failures. */
const timeless = flows({ without: ["race", "any", "timeout", "wait"], failures: false });

const byNumber = (one: number, other: number): number => one - other;

/** Ignores that a flow has ended, or is not paused. */
function unlessRefused(error: unknown): void {
  if (!HandbackError.is(error, "FLOW_OVER", "NOT_PAUSED")) throw error;
}

/** What an operator does, after a while: to the flow, or to one of its functions. */
const acts = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 400 }),
    name: fc.constantFrom("pause", "resume"),
    about: fc.option(fc.nat(20)),
  }),
  { maxLength: 12 },
);
type Acts = typeof acts extends fc.Arbitrary<infer Each> ? Each : never;

async function operate(t: Simulated, done: Acts, functions: readonly object[]): Promise<void> {
  for (const { afterMs, name, about } of done) {
    await t.advance(afterMs);
    const f = about === null ? undefined : functions[about % functions.length];
    await (f === undefined ? t.client[name]("flow") : t.client[name]({ function: f })).catch(
      unlessRefused,
    );
  }
  for (const type of await t.client.pausedFunctions()) await t.client.resume({ function: type });
  await t.client.resume("flow").catch(unlessRefused);
}

async function assertSameAsUnpaused(
  build: (world: FlowWorld) => BuiltFlow,
  program: FlowProgram,
  given: { readonly schedule: object; readonly done: Acts },
): Promise<void> {
  const { outcome, journals } = referenceFlow(program, null);
  const { run: f } = build({ work: async () => undefined });
  let functions: readonly object[] = [];
  const run = await simulate(
    {
      schedule: given.schedule,
      functions: ({ work }) => (functions = build({ work }).functions),
    },
    async (t) => {
      const flow = await t.client.start(f, { program, input: null }, { key: "flow" });
      await operate(t, given.done, functions);
      return flow.result();
    },
  );
  expect({ value: run.result }).toEqual(outcome);
  const notes = new Map<string, readonly number[]>();
  const states = await run.states();
  for (const { function: type, id, state } of states)
    if (type === "flows/journal")
      notes.set(id, (state as { notes: number[] }).notes.toSorted(byNumber));
  expect(notes).toEqual(
    new Map(Object.entries(journals).map(([id, all]) => [id, all.toSorted(byNumber)])),
  );
}

law(
  "a flow that is paused and resumed, or whose functions are, ends as if it had not been",
  [timeless, schedules(), acts],
  (program, schedule, done) => assertSameAsUnpaused(splitFlow, program, { schedule, done }),
  { runs: 150 },
);

law(
  "a flow of blocking handlers that is paused and resumed ends as if it had not been",
  [timeless, schedules(), acts],
  (program, schedule, done) => assertSameAsUnpaused(naiveFlow, program, { schedule, done }),
  { runs: 75 },
);

/** Several flows, each of which sends numbers to one list, one after the other. */
function makeSenders() {
  const list = stateful("law/list", {
    state: { all: value<readonly string[]>([]) },
    handlers: { add: (ctx, item: string) => void (ctx.state.all = [...ctx.state.all, item]) },
  });
  const sender = fn("law/sender", { parts: [list] }, (ctx, name: string) =>
    ctx.all(
      Array.from({ length: 4 }, (_, at) => ctx.invoke(list.add, `${name}${at}`, { id: "list" })),
    ),
  );
  return { list, sender, functions: [sender, list] };
}

const NAMES = ["a", "b", "c"] as const;

law(
  "messages of one flow to one address keep their order, whatever is paused meanwhile",
  [
    fc.array(
      fc.tuple(
        fc.constantFrom("start", "pause", "resume"),
        fc.constantFrom(...NAMES, "list"),
        fc.boolean(),
      ),
      { maxLength: 30 },
    ),
    schedules(),
  ],
  async (steps, schedule) => {
    const { list, sender, functions } = makeSenders();
    const run = await simulate({ schedule, functions: () => functions }, async (t) => {
      const start = async (name: string) => t.client.start(sender, name, { key: name });
      for (const [step, name, waits] of steps) {
        if (step === "start" && name !== "list") await start(name);
        else if (step !== "start" && name === "list")
          await t.client[step]({ function: list }).catch(unlessRefused);
        else if (step !== "start")
          await t.client[step](name).catch((error: unknown) => {
            if (!HandbackError.is(error, "NOT_FOUND")) unlessRefused(error);
          });
        if (waits) await t.advance(1);
      }
      for (const name of NAMES) {
        const flow = await start(name);
        await t.client.resume(name).catch(unlessRefused);
        await t.client.resume({ function: list }).catch(unlessRefused);
        await flow.result();
      }
      return (await t.client.readState(list, "list")).all;
    });
    for (const name of NAMES)
      expect(run.result.filter((item) => item.startsWith(name))).toEqual(
        [0, 1, 2, 3].map((at) => `${name}${at}`),
      );
  },
  { runs: 150 },
);

law(
  "a crash at any commit of a pause or its end changes nothing, and nothing paused runs",
  [
    fc.constantFrom("flow", "function", "both"),
    fc.constantFrom("resume", "cancel"),
    fc.constantFrom("before", "after", "lost", "kept", "refused", "unsure"),
  ],
  async (what, end, how) => {
    let began: string[] = [];
    const step = fn("law/step", (_, item: string) => {
      began.push(item);
      return item;
    });
    const later = fn("law/later", { parts: [step] }, (ctx, item: string) =>
      ctx.invoke(step, item, { after: [ctx.sleep("1m")] }),
    );
    const report = await everyCrash({ functions: () => [later], how: [how] }, async (t) => {
      began = [];
      await t.client.start(later, "a", { key: "flow" });
      if (what !== "function") await t.client.pause("flow");
      if (what !== "flow") await t.client.pause({ function: step });
      await t.idle("1h");
      const before = began.length;
      if (end === "cancel") await t.client.cancel("flow");
      else if (what !== "function") await t.client.resume("flow");
      if (what !== "flow") await t.client.resume({ function: step });
      await t.idle("1h");
      const { status, pausedAt } = await t.client.status("flow");
      return { before, status, pausedAt, isDone: began.length > 0, left: await leftOf(t) };
    });
    expect(report.run.result).toEqual({
      before: 0,
      status: end === "cancel" ? "cancelled" : "completed",
      pausedAt: undefined,
      isDone: end === "resume",
      left: [],
    });
    expect(report.points).toBeGreaterThan(0);
  },
  { runs: 20 },
);

async function leftOf(t: Simulated): Promise<readonly unknown[]> {
  return t.client.pausedFunctions();
}
