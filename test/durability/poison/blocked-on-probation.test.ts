import fc from "fast-check";
import { fn, stateful } from "handback";
import type { Context, Future } from "handback";
import { simulate } from "handback/testing";
import type { Machine as Simulation } from "handback/testing";
import { describe, expect, test } from "vitest";
import { simulationOf } from "../../../src/testing/test-doubles/call-record.ts";
import { Machine } from "../support/machine.ts";

/**
 * Time until a process has started and messages that are held back longest get their turns, with the
 * time of the commits.
 */
const LIFE_MS = 62_000;

/** The steps of a handler. It counts its own steps and those that others performed for it. */
type Step =
  | { readonly work: number }
  | { readonly sleep: number }
  | { readonly child: Program }
  | { readonly both: readonly [Program, Program] };
type Program = readonly Step[];

/** Handlers that block until the work they have called is over. */
const makeBlocking = ({ work }: Pick<Simulation, "work">) => {
  const step = async (ctx: Context, next: Step): Promise<number> => {
    if ("work" in next) return work(next.work).then(() => 1);
    if ("sleep" in next) return ctx.get(ctx.sleep(next.sleep)).then(() => 1);
    if ("child" in next) return 1 + (await ctx.get(ctx.invoke(block, next.child)));
    const [first, second] = await Promise.all(
      next.both.map((program) => ctx.get(ctx.invoke(block, program))),
    );
    return 1 + (first ?? 0) + (second ?? 0);
  };
  const block = fn("probation/block", async (ctx, program: Program): Promise<number> => {
    let done = 0;
    for (const next of program) done += await step(ctx, next);
    return done;
  });
  return block;
};

/** Crashes the process each time it continues after it has blocked. */
const poison = fn("probation/poison", async (ctx, ms: number): Promise<number> => {
  await ctx.get(ctx.sleep(ms));
  simulationOf(ctx, "die()").crash();
  return Promise.withResolvers<never>().promise;
});

const programsOf = (step: Step): readonly Program[] =>
  "child" in step ? [step.child] : "both" in step ? step.both : [];
const countSteps = (program: Program): number =>
  program.reduce(
    (sum, step) => programsOf(step).reduce((inner, child) => inner + countSteps(child), sum + 1),
    0,
  );
const countHandlers = (programs: readonly Program[]): number =>
  programs.reduce((sum, program) => sum + 1 + countHandlers(program.flatMap(programsOf)), 0);
/** The duration of a program without concurrency. */
const msOf = (program: Program): number =>
  program.reduce((sum, step) => {
    const own = "work" in step ? step.work : "sleep" in step ? step.sleep : 0;
    // A handler that waits for the second of two replies appears to be running.
    const waits = "both" in step ? 5_000 : 0;
    return programsOf(step).reduce((inner, child) => inner + msOf(child), sum + own + waits);
  }, 0);

const outcomeOf = (result: Promise<number>): Promise<unknown> =>
  result.catch((error: { code: unknown }) => error.code);

describe("messages on probation that block", () => {
  test("let each other continue, even with more messages than slots: those without a slot take no turn", async () => {
    const machine: Machine = new Machine({
      functions: [makeBlocking({ work: (ms) => machine.clock.work(ms) })],
      options: { concurrency: 2 },
    });
    const block = makeBlocking({ work: () => Promise.resolve() });
    const names = Array.from({ length: 30 }, (_, n) => `b${n}`);
    const first = await machine.boot();
    for (const id of names)
      await first.client.start(block, [{ sleep: 200 }, { child: [] }], { id });
    for (let life = 1; life <= 3; life++) {
      await machine.clock.advance(350);
      await machine.cut();
      await machine.boot();
    }
    const before = machine.clock.now();
    const results = names.map((id) => machine.engine.client.flow<number>(id).result());
    const outcomes = await machine.clock.until(Promise.all(results.map(outcomeOf)));
    expect(machine.clock.now() - before).toBeLessThan(1_000 + 30 * 200);
    expect(new Set(outcomes)).toEqual(new Set([2]));
    await machine.clock.quiet();
    expect(machine.engine.backlog).toBe(0);
    await machine.clock.until(machine.engine.close());
  });

  test("are not taken for a deadlock while the message they wait for is being marked to start in the last slot", async () => {
    const machine: Machine = new Machine({
      functions: [makeBlocking({ work: (ms) => machine.clock.work(ms) })],
      options: { concurrency: 2, crashLimit: 1 },
    });
    const block = makeBlocking({ work: () => Promise.resolve() });
    const first = await machine.boot();
    await first.client.start(block, [{ child: [{ work: 200 }] }], { id: "b" });
    await machine.clock.advance(100);
    await machine.cut();
    const { client } = await machine.boot();
    expect(await machine.clock.until(client.flow<number>("b").result())).toBe(2);
    await machine.clock.until(machine.engine.close());
  });

  test("count as blocked until they continue, also when their gets were rejected: closing waits only for the one that is running", async () => {
    const told: unknown[] = [];
    const ended: string[] = [];
    let life = 1;
    const works = fn("probation/works", async (ctx) => {
      const begun = life;
      await ctx.get(ctx.sleep(10));
      await machine.clock.work(300);
      ended.push(`works in ${begun}`);
    });
    const box = stateful("probation/box", {
      state: {},
      handlers: {
        async wait(ctx) {
          const begun = life;
          await ctx.get(ctx.onComplete(ctx.event("go"), hop)).catch((error: unknown) => {
            if (begun === 2) told.push(error);
            throw error;
          });
        },
        hop: () => undefined,
      },
    });
    // When the event arrives, the work that the handler waits for must wait for the handler.
    const hop = fn("probation/hop", (ctx): Future<unknown> =>
      ctx.invoke(box.hop, undefined, { id: "a" }),
    );
    const machine: Machine = new Machine({
      functions: [works, box, hop],
      options: { crashLimit: 1 },
    });
    const { client } = await machine.boot();
    await client.start(works, undefined, { id: "works" });
    await client.start(box.wait, undefined, { id: "a", key: "waits" });
    await machine.clock.quiet();
    await machine.cut();
    life = 2;
    await machine.boot();
    await machine.clock.advance(1_100);
    await machine.engine.client.signal("waits", "go", undefined);
    await machine.clock.quiet();
    const before = machine.clock.now();
    await machine.clock.until(machine.engine.close());
    expect([ended.at(-1), machine.clock.now() - before]).toEqual(["works in 2", 200]);
    expect(told).toEqual([expect.objectContaining({ code: "CLOSED" })]);
  });

  test("end with any number of slots and after any number of kills, and the message that kills them is found", async () => {
    const ms = fc.integer({ min: 0, max: 200 });
    const { program } = fc.letrec<{ program: Program; step: Step }>((tie) => ({
      program: fc.array(tie("step"), { maxLength: 3, depthIdentifier: "p" }),
      step: fc.oneof(
        { depthIdentifier: "p", maxDepth: 3, withCrossShrink: true },
        fc.record({ sleep: ms }),
        fc.record({ work: ms }),
        fc.record({ child: tie("program") }),
        fc.record({ both: fc.tuple(tie("program"), tie("program")) }),
      ),
    }));
    const options = fc.record({
      programs: fc.array(program, { minLength: 1, maxLength: 8 }),
      slots: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant("enough" as const)),
      crashLimit: fc.integer({ min: 3, max: 4 }),
      kills: fc.array(fc.oneof(ms, fc.integer({ min: 1_000, max: 2_000 })), { maxLength: 4 }),
      poisons: fc.array(ms, { maxLength: 2 }),
      seed: fc.nat(0xffff),
      faults: fc.constantFrom({}, { reorder: true }),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ programs, slots, kills, poisons, ...rest }) => {
        const concurrency = slots === "enough" ? countHandlers(programs) + poisons.length : slots;
        const block = makeBlocking({ work: () => Promise.resolve() });
        const longestMs =
          programs.reduce((sum, each) => sum + msOf(each), 0) +
          poisons.reduce((sum, each) => sum + each, 0);
        const functions = (simulation: Simulation) => [makeBlocking(simulation), poison];
        const run = await simulate({ functions, concurrency, ...rest }, async (t) => {
          const bad = await Promise.all(
            poisons.map((after, n) => t.client.start(poison, after, { id: `bad-${n}` })),
          );
          const flows = await Promise.all(
            programs.map((each, n) => t.client.start(block, each, { id: `b-${n}` })),
          );
          for (const after of kills) {
            await t.advance(after);
            await t.crash();
          }
          const before = t.clock.now();
          for (let left = poisons.length; left > 0;) {
            await t.advance("1s");
            for (const { id, target } of await t.deadLetters()) {
              expect(target.type).toBe("probation/poison");
              await t.discard(id);
              left--;
            }
          }
          const good = await Promise.all(flows.map((flow) => outcomeOf(flow.result())));
          const ends = {
            good,
            bad: await Promise.all(bad.map((flow) => outcomeOf(flow.result()))),
            tookMs: t.clock.now() - before,
          };
          // Work called by handlers that failed ends too.
          await t.advance(LIFE_MS + longestMs);
          return ends;
        });
        const { good, bad, tookMs } = run.result;
        for (const [n, outcome] of good.entries())
          expect(outcome).toBe(countSteps(programs[n] ?? []));
        for (const outcome of bad) expect(outcome).toBe("POISONED");
        const lives = 1 + poisons.length * (rest.crashLimit + 3);
        expect(tookMs).toBeLessThanOrEqual(lives * (LIFE_MS + longestMs));
        expect((await run.meter.flows()).every(({ final }) => final)).toBe(true);
      }),
    );
  });
});
