import fc from "fast-check";
import { embedded, fn, memory, stateful, value } from "handback";
import type { Future } from "handback";
import { crashing, everyCrash, record, simulate } from "handback/testing";
import type { Machine, Simulated } from "handback/testing";
import { describe, expect, test } from "vitest";
import { simulationOf } from "../../../src/testing/test-doubles/call-record.ts";

const poison = fn("poison/eat", (_, dose: number) => `survived ${dose}`);
const count = stateful("poison/count", {
  state: { n: value(0) },
  handlers: { add: (ctx, by: number) => (ctx.state.n += by) },
});

/** Crashes the process while its handler waits. */
const die = (ctx: object): Promise<never> => {
  simulationOf(ctx, "die()").crash();
  return Promise.withResolvers<never>().promise;
};

/** Crashes the process after so many ms. */
const makeSlowly = ({ work }: Machine) =>
  fn("poison/slowly", async (ctx, ms: number) =>
    ms > 0 ? work(ms).then(() => die(ctx)) : die(ctx),
  );

/** Innocent functions that run for so many ms each, and count their runs. */
const innocents = ({ work }: Machine) =>
  fn(
    "poison/innocent",
    async (ctx, { id, ms }: { id: string; ms: number }): Promise<Future<number>> => {
      if (ms > 0) await work(ms);
      return ctx.invoke(count.add, 1, { id });
    },
  );

/** Starts innocent flows and returns a function that waits for all of them. */
async function startInnocents(
  t: Simulated,
  works: readonly number[],
  name = "i",
): Promise<() => Promise<readonly unknown[]>> {
  const f = innocents({ work: () => Promise.resolve() });
  const flows = await Promise.all(
    works.map((ms, n) => t.client.start(f, { id: `${name}${n}`, ms }, { id: `${name}-${n}` })),
  );
  return () => Promise.all(flows.map((flow) => flow.result()));
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "fulfilled",
    (error: { code: unknown }) => error.code,
  );

/** Waits until so many messages are given up, discards them, and returns their crashes. */
async function discardPoison(t: Simulated, count = 1): Promise<readonly unknown[]> {
  const crashes = new Map<string, unknown>();
  const isGone = async (): Promise<boolean> => (await t.deadLetters()).length === 0;
  while (crashes.size < count || !(await isGone())) {
    await t.advance("1s");
    for (const { id, failure, isHeld } of await t.deadLetters()) {
      expect([failure.code, isHeld]).toEqual(["POISONED", true]);
      crashes.set(id, failure.details?.["crashes"]);
      await t.discard(id).catch(toleratesCrash);
    }
  }
  return [...crashes.values()];
}

/** Another message may kill the process while it discards one. Then one looks again. */
function toleratesCrash(error: unknown): void {
  expect(error).toMatchObject({ code: "STORE_FAILED" });
}

/** The second message kills the process while the discarding of the first is committed. */
const SECOND_KILLS_DISCARD = {
  poisons: [1027, 0, 0],
  works: [4842, 0, 0, 0, 1010, 0, 2011, 3036],
  concurrency: 64 as const,
  crashLimit: 1,
  seed: 27_583,
  faults: { reorder: true, slowCommit: true } as const,
};

/** The number of processes that die of a message: of an unknown one, of a group, and of it alone. */
const deathsOf = (crashLimit: number): number => (crashLimit === 1 ? 1 + 2 : 2 + crashLimit);

describe("a message that crashes the process each time it is handled", () => {
  test("is held after so many crashes in which it ran alone, and its caller gets the error once it is discarded", async () => {
    for (const crashLimit of [1, 2, 3, 5]) {
      const run = await simulate({ functions: [crashing(poison)], crashLimit }, async (t) => {
        const handle = await t.client.start(poison, 7, { id: "p" });
        const outcome = handle.result().catch((reason: unknown) => reason);
        while ((await t.deadLetters()).length === 0) await t.advance("1s");
        await t.advance("7d");
        expect((await handle.status()).status).toBe("pending");
        const crashes = await discardPoison(t);
        const [error, status] = [await outcome, await handle.status()];
        return { crashes, error, status, bill: await t.meter.flow("p") };
      });
      const crashes = Math.max(2, crashLimit);
      const details = { function: "poison/eat", crashes };
      expect(run.result.crashes).toEqual([crashes]);
      const message = expect.stringContaining(
        `the process died ${crashes} times in a row soon after poison/eat[`,
      ) as unknown;
      expect(run.result.error).toMatchObject({
        code: "POISONED",
        retryable: false,
        message,
        details,
      });
      expect(run.result.status).toMatchObject({
        status: "failed",
        failure: { code: "POISONED", details },
      });
      expect(run.result.bill).toMatchObject({ runs: crashes, billedMs: 0, final: true });
      expect(run.crashes.map(({ how }) => how)).toEqual(
        Array.from({ length: deathsOf(crashLimit) }, () => "handler"),
      );
    }
  });

  test("is not given up below the crash limit", async () => {
    for (const times of [1, 2, 3, 4]) {
      const run = await simulate({ functions: [crashing(poison, times)], crashLimit: 3 }, (t) =>
        t.client.call(poison, 7),
      );
      expect([run.result, run.crashes.length]).toEqual(["survived 7", times]);
    }
  });

  test("is found among a thousand innocent messages, each handled to its end once", async () => {
    const works = Array.from({ length: 1_000 }, (_, n) => (n % 10 === 0 ? 40 : 0));
    const functions = (machine: Machine) => [crashing(poison), innocents(machine), count];
    const run = await simulate({ functions, crashLimit: 3 }, async (t) => {
      const [first, second] = [works.slice(0, 500), works.slice(500)];
      const results = await startInnocents(t, first);
      const bad = await t.client.start(poison, 1);
      const others = await startInnocents(t, second, "j");
      await discardPoison(t);
      return [await codeOf(bad.result()), await results(), await others()];
    });
    expect(run.result[0]).toBe("POISONED");
    expect(run.crashes).toHaveLength(deathsOf(3));
    const states = await run.states();
    expect(states).toHaveLength(1_000);
    expect(states.filter(({ state }) => (state as { n: number }).n !== 1)).toEqual([]);
  });

  test("delays no other work: new messages are handled at once, and its address is free when it is given up", async () => {
    const box = stateful("poison/box", {
      state: { n: value(0) },
      handlers: { add: (ctx) => ++ctx.state.n, kill: (ctx) => die(ctx) },
    });
    const run = await simulate({ functions: [box], crashLimit: 3 }, async (t) => {
      const bad = await t.client.start(box.kill, undefined, { id: "a", key: "bad" });
      const behind = await t.client.start(box.add, undefined, { id: "a", key: "behind" });
      const took: number[] = [];
      const outcome = codeOf(bad.result());
      for (let n = 0; n < 200; n++) {
        const before = t.clock.now();
        await t.client.call(box.add, undefined, { id: "b" });
        took.push(t.clock.now() - before);
        await t.advance(20);
      }
      await discardPoison(t);
      return {
        took,
        outcome: await outcome,
        behind: await behind.result(),
        after: await t.client.call(box.add, undefined, { id: "a" }),
      };
    });
    expect(run.result).toMatchObject({ outcome: "POISONED", behind: 1, after: 2 });
    // Only the messages in progress at the crash were delayed.
    expect(run.result.took.filter((ms) => ms > 0).length).toBeLessThanOrEqual(run.crashes.length);
  });

  test("may be canceled while it waits for its turn, and messages behind it at its address continue at once", async () => {
    const box = stateful("poison/box", {
      state: { n: value(0) },
      handlers: { add: (ctx) => ++ctx.state.n, kill: (ctx) => die(ctx) },
    });
    const seen = { starts: 0 };
    const onEvent = ({ event }: { event: string }): void =>
      void (seen.starts += Number(event === "start"));
    const run = await simulate({ functions: [box], crashLimit: 3, onEvent }, async (t) => {
      const bad = await t.client.start(box.kill, undefined, { id: "a", key: "bad" });
      const behind = await t.client.start(box.add, undefined, { id: "a", key: "behind" });
      const outcome = codeOf(bad.result());
      while (seen.starts < 3) await t.advance(1);
      await t.client.cancel("bad");
      const before = t.clock.now();
      return [await outcome, await behind.result(), t.clock.now() - before];
    });
    expect(run.result).toEqual(["CANCELLED", 1, 0]);
    expect(run.crashes).toHaveLength(2);
  });

  test("rejects its dependents like any other failure once it is discarded, so that clean-ups run", async () => {
    const tidy = fn("poison/tidy", (_, end: { status: string; reason?: { code?: string } }) => [
      end.status,
      end.reason?.code,
    ]);
    const parent = fn("poison/parent", (ctx) =>
      ctx.onSettled(ctx.all([ctx.invoke(poison, 1), ctx.invoke(count.add, 1, { id: "c" })]), tidy),
    );
    const run = await simulate(
      { functions: [crashing(poison), parent, tidy, count], crashLimit: 2 },
      async (t) => {
        const result = t.client.call(parent, undefined, { id: "p" });
        await discardPoison(t);
        await t.advance("1m");
        return result;
      },
    );
    expect(run.result).toEqual(["rejected", "POISONED"]);
    expect(await run.meter.flow("p")).toMatchObject({ final: true, beta: 1 });
  });

  test("is found even if it crashes the process after a while, or after a wait", async () => {
    const blocking = fn("poison/blocking", async (ctx, _: number) => {
      await ctx.get(ctx.invoke(count.add, 1, { id: "c" }));
      return die(ctx);
    });
    for (const f of [makeSlowly, () => blocking]) {
      const run = await simulate(
        { functions: (machine) => [f(machine), count], crashLimit: 3 },
        async (t) => {
          const code = codeOf(t.client.call(f({ work: () => Promise.resolve() }), 4_900));
          await discardPoison(t);
          return code;
        },
      );
      expect(run.result).toBe("POISONED");
      // In the first turn, other suspects might have run beside it after a second.
      expect(run.crashes.length - deathsOf(3)).toBeOneOf([0, 1]);
    }
  });

  test("is found whichever other commit fails and in whichever way, and each effect of the others counts once", async () => {
    const functions = (machine: Machine) => [crashing(poison), innocents(machine), count];
    const report = await everyCrash(
      {
        functions,
        crashLimit: 3,
        how: ["before", "after", "lost", "kept", "refused", "unsure"],
        // A crash in between counts only if the message was running at that moment.
        compare: ({ result, states, egress }) => ({ result, states, egress }),
      },
      async (t) => {
        const results = await startInnocents(t, [0, 30, 0]);
        const bad = codeOf(t.client.call(poison, 1));
        const end = { isHere: false };
        void bad.then(() => (end.isHere = true));
        while (!end.isHere) {
          await t.advance("1s");
          // A crash may lose any answer.
          const letters = await t.deadLetters().catch(() => []);
          for (const { id } of letters) await t.discard(id).catch(() => undefined);
        }
        return [await bad, await results()];
      },
    );
    expect(report.run.result).toEqual(["POISONED", [1, 1, 1]]);
    expect(report.points).toBeGreaterThan(50);
  });

  test("is found with any number of others like it, however long they take, and no innocent message is given up", async () => {
    const work = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 20_000 }));
    const options = fc.record({
      poisons: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4_900 })), {
        minLength: 1,
        maxLength: 3,
      }),
      works: fc.array(work, { maxLength: 12 }),
      concurrency: fc.constantFrom(1, 2, 64),
      crashLimit: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(0xffff),
      faults: fc.constantFrom({}, { reorder: true }, { reorder: true, slowCommit: true }),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ poisons, works, ...rest }) => {
        const slowly = makeSlowly({ work: () => Promise.resolve() });
        const functions = (machine: Machine) => [makeSlowly(machine), innocents(machine), count];
        const run = await simulate({ functions, ...rest }, async (t) => {
          const bad = await Promise.all(
            poisons.map((ms, n) => t.client.start(slowly, ms, { id: `bad-${n}` })),
          );
          const results = await startInnocents(t, works);
          await discardPoison(t, poisons.length);
          return {
            bad: await Promise.all(bad.map((flow) => codeOf(flow.result()))),
            good: await results(),
          };
        });
        expect(run.result).toEqual({
          bad: poisons.map(() => "POISONED"),
          good: works.map(() => 1),
        });
        expect((await run.meter.flows()).every(({ final }) => final)).toBe(true);
        expect(run.crashes.length).toBeLessThanOrEqual(poisons.length * (rest.crashLimit + 3));
      }),
      { examples: [[SECOND_KILLS_DISCARD]] },
    );
  });
});

describe("an innocent message", () => {
  test("is not given up however often the process crashes at its start, and runs once the process survives", async () => {
    const functions = (machine: Machine) => [innocents(machine), count];
    const run = await simulate({ functions, crashLimit: 1 }, async (t) => {
      const results = await startInnocents(t, [10_000, 10_000]);
      for (let n = 0; n < 20; n++) {
        await t.crash();
        await t.advance(900);
      }
      return results();
    });
    expect([run.result, run.crashes.length]).toEqual([[1, 1], 20]);
  });

  test("is not given up however often the process is killed, if its handler runs for a while each time", async () => {
    const functions = (machine: Machine) => [record(innocents(machine)), count];
    const run = await simulate({ functions, crashLimit: 1 }, async (t) => {
      const results = await startInnocents(t, [60_000]);
      for (let n = 0; n < 20; n++) {
        await t.advance("7s");
        await t.crash();
      }
      return results();
    });
    expect([run.result, run.crashes.length]).toEqual([[1], 20]);
    const { length } = run.calls(innocents({ work: () => Promise.resolve() }));
    expect(length).toBe(21);
  });

  test("is not given up however often the process is killed while its handler is blocked", async () => {
    const waiting = fn("poison/waiting", async (ctx) => ctx.get(ctx.event<string>("go")));
    for (const crashLimit of [1, 3]) {
      const run = await simulate({ functions: [waiting], crashLimit }, async (t) => {
        const flow = await t.client.start(waiting);
        for (let n = 0; n < 10; n++) {
          await t.advance(n % 2 === 0 ? "1100ms" : "12h");
          await t.crash();
        }
        await t.client.signal(flow, "go", "went");
        return flow.result();
      });
      expect([run.result, run.crashes.length]).toEqual(["went", 10]);
    }
  });

  test("shares the blame for crashes with another cause, and the more messages share it, the longer none is given up", async () => {
    const functions = (machine: Machine) => [innocents(machine), count];
    const run = await simulate({ functions, crashLimit: 3 }, async (t) => {
      const results = await startInnocents(
        t,
        Array.from({ length: 8 }, () => 4_000),
      );
      // In about each second process one of them is running.
      for (let n = 0; n < 10; n++) {
        await t.crash();
        await t.advance("1500ms");
      }
      return results();
    });
    expect(run.result).toEqual(Array.from({ length: 8 }, () => 1));
  });

  test("on probation runs one at a time after the process has lived for a second, while all others run at once", async () => {
    const deadly = crashing(poison, 2);
    const functions = (machine: Machine) => [deadly, record(innocents(machine)), count];
    const seen = { starts: 0 };
    const onEvent = ({ event }: { event: string }): void =>
      void (seen.starts += Number(event === "start"));
    const run = await simulate({ functions, crashLimit: 3, onEvent }, async (t) => {
      const results = await startInnocents(
        t,
        Array.from({ length: 4 }, () => 2_000),
      );
      const ate = codeOf(t.client.call(poison, 1));
      while (seen.starts < 3) await t.advance(1);
      const late = await startInnocents(t, [2_000], "late");
      return [await results(), await late(), await ate];
    });
    expect(run.result).toEqual([[1, 1, 1, 1], [1], "fulfilled"]);
    const third = run.trace.findLast(({ event }) => event === "start")?.at ?? 0;
    const begun = run.trace.flatMap((event) =>
      event.event === "run" && event.function === "poison/innocent" ? [event.at] : [],
    );
    const [late = 0, ...onProbation] = begun.filter((at) => at >= third).map((at) => at - third);
    expect(late).toBeLessThan(10);
    expect(onProbation).toEqual([1_000, 2_000, 3_000, 4_000]);
  });
});

describe("whatever kills the process", () => {
  const functionsOf = (machine: Machine) => [makeSlowly(machine), innocents(machine), count];
  const slowly = makeSlowly({ work: () => Promise.resolve() });

  test(
    "again and again after the same time, no innocent message is given up, and all end once it stops",
    { timeout: 120_000 },
    async () => {
      const options = fc.record({
        works: fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 10 }),
        everyMs: fc.oneof(
          fc.integer({ min: 1, max: 10_000 }),
          fc.integer({ min: 10_000, max: 100_000 }),
        ),
        kills: fc.integer({ min: 1, max: 12 }),
        crashLimit: fc.integer({ min: 1, max: 3 }),
        concurrency: fc.constantFrom(1, 3, 64),
        seed: fc.nat(0xffff),
      });
      await fc.assert(
        fc.asyncProperty(options, async ({ works, everyMs, kills, ...rest }) => {
          const run = await simulate({ functions: functionsOf, ...rest }, async (t) => {
            const results = await startInnocents(t, works);
            for (let kill = 0; kill < kills; kill++) {
              await t.advance(everyMs);
              await t.crash();
            }
            const good = await results();
            return { good, letters: await t.deadLetters() };
          });
          expect(run.result).toEqual({ good: works.map(() => 1), letters: [] });
        }),
      );
    },
  );

  test(
    "at any times, the poison is found within a bounded number of starts afterwards, and no innocent message is given up",
    { timeout: 120_000 },
    async () => {
      const options = fc.record({
        works: fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 10 }),
        poisonMs: fc.integer({ min: 0, max: 4_900 }),
        kills: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 12 }),
        // With fewer, as many kills in just the wrong moments are taken for the poison.
        crashLimit: fc.integer({ min: 3, max: 5 }),
        concurrency: fc.constantFrom(1, 3, 64),
        seed: fc.nat(0xffff),
      });
      await fc.assert(
        fc.asyncProperty(options, async ({ works, poisonMs, kills, ...rest }) => {
          let crashes = 0;
          const onEvent = ({ event }: { event: string }): void =>
            void (crashes += Number(event === "crash"));
          const functions = functionsOf;
          const run = await simulate({ functions, onEvent, ...rest }, async (t) => {
            const results = await startInnocents(t, works);
            const bad = await t.client.start(slowly, poisonMs, { id: "bad" });
            for (const afterMs of kills) {
              await t.advance(afterMs);
              await t.crash();
            }
            const before = crashes;
            const letters = [];
            while (letters.length === 0) {
              await t.advance("10s");
              letters.push(...(await t.deadLetters()));
            }
            const starts = crashes - before;
            await t.discard(letters[0]?.id ?? "");
            const code = await codeOf(bad.result());
            return { starts, letters, code, good: await results(), left: await t.deadLetters() };
          });
          const { starts, letters, ...ends } = run.result;
          expect(ends).toEqual({ code: "POISONED", good: works.map(() => 1), left: [] });
          expect(letters.map(({ target }) => target.type)).toEqual(["poison/slowly"]);
          expect(starts).toBeLessThanOrEqual(rest.crashLimit + 3);
        }),
      );
    },
  );
});

describe("the limit of crashes", () => {
  test("is a whole number from 1, or infinite", async () => {
    const functions = [poison];
    for (const crashLimit of [
      0,
      -1,
      1.5,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      "3" as unknown as number,
    ]) {
      await expect(embedded({ functions, store: memory(), crashLimit })).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
      });
    }
    for (const crashLimit of [1, 1_000_000, Number.POSITIVE_INFINITY]) {
      const engine = await embedded({ functions, store: memory(), crashLimit });
      await engine.close();
    }
  });
});
