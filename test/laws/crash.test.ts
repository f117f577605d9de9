import { fn, stateful, value } from "handback";
import { everyCrash, schedules, simulate } from "handback/testing";
import type { Schedule, Simulated } from "handback/testing";
import fc from "fast-check";
import { expect } from "vitest";
import type { BuiltFlow, FlowWorld } from "../../src/testing/flows/leaves.ts";
import { naiveFlow } from "../../src/testing/flows/naive.ts";
import { flowOutcomeOf } from "../../src/testing/flows/outcome.ts";
import type { FlowProgram } from "../../src/testing/flows/program.ts";
import { splitFlow } from "../../src/testing/flows/split.ts";
import { flows } from "../../src/testing/flows/flows.ts";
import { referenceFlow } from "../../src/testing/flows/reference.ts";
import { law } from "./support/law.ts";
import { possibleOutcomes, textOf, TooMany } from "./support/possible.ts";

/** Kinds of steps whose outcome depends on time: crashes make work take longer. */
const TIMED = ["race", "any", "timeout", "wait"] as const;
const FAILING_FAST = ["parallel", "value", "depends"] as const;
/** Programs whose outcome does not depend on time. */
const timeless = fc.oneof(
  flows({ without: TIMED, failures: false }),
  flows({ without: [...TIMED, ...FAILING_FAST] }),
);

function runIn(build: (world: FlowWorld) => BuiltFlow, program: FlowProgram) {
  const { run } = build({ work: async () => undefined });
  return async (t: Simulated) => {
    const outcome = await flowOutcomeOf(
      t.client.call(run, { program, input: null }, { key: "flow" }),
    );
    await t.idle("1d");
    return outcome;
  };
}

async function assertSurvives(
  build: (world: FlowWorld) => BuiltFlow,
  program: FlowProgram,
  schedule: Schedule,
): Promise<void> {
  const { outcome, journals } = referenceFlow(program, null);
  const run = await simulate(
    { schedule, functions: (machine) => build(machine).functions },
    runIn(build, program),
  );
  expect(run.result).toEqual(outcome);
  const states = (await run.states()).filter((state) => state.function === "flows/journal");
  const kept = Object.fromEntries(
    states.map(({ id, state }) => [
      id,
      (state as { notes: number[] }).notes.toSorted((a, b) => a - b),
    ]),
  );
  expect(kept).toEqual(
    Object.fromEntries(
      Object.entries(journals).map(([id, notes]) => [id, notes.toSorted((a, b) => a - b)]),
    ),
  );
  expect(await run.meter.flow("flow")).toMatchObject({ final: true });
}

law(
  "every crash schedule's outcome is a crash-free outcome: results and states of split flows",
  [timeless, schedules()],
  (program, schedule) => assertSurvives(splitFlow, program, schedule),
);

law(
  "every crash schedule's outcome is a crash-free outcome: results and states of naive flows",
  [timeless, schedules()],
  (program, schedule) => assertSurvives(naiveFlow, program, schedule),
);

law(
  "every crash schedule's outcome is a crash-free outcome, in programs with races",
  [flows({ without: ["wait"], maxDepth: 3 }), schedules()],
  async (program, schedule) => {
    let possible: ReadonlySet<string>;
    try {
      possible = new Set(possibleOutcomes(program, null).map(textOf));
    } catch (error) {
      if (error instanceof TooMany) return fc.pre(false);
      throw error;
    }
    const run = await simulate(
      { schedule, functions: (machine) => splitFlow(machine).functions },
      runIn(splitFlow, program),
    );
    expect([...possible]).toContain(textOf(run.result));
    expect(await run.meter.flow("flow")).toMatchObject({ blockedMs: 0, beta: 1, final: true });
  },
);

law(
  "a crash at any commit, of any kind, changes nothing",
  [timeless, fc.constantFrom("before", "after", "lost", "kept", "refused", "unsure")],
  async (program, how) => {
    const { points } = await everyCrash(
      { functions: (machine) => splitFlow(machine).functions, how: [how], compare: inAnyOrder },
      runIn(splitFlow, program),
    );
    expect(points).toBeGreaterThan(0);
  },
  { runs: 15 },
);

/** Parallel steps are logged in another order if one of them runs again. */
function inAnyOrder({
  result,
  states,
  flows,
}: {
  result: unknown;
  states: Readonly<Record<string, unknown>>;
  flows: unknown;
}): unknown {
  return {
    result,
    flows,
    states: Object.entries(states).map(([id, state]) => [
      id,
      (state as { notes: number[] }).notes.toSorted((a, b) => a - b),
    ]),
  };
}

const counter = stateful("law/counter", {
  state: { count: value(0) },
  handlers: {
    add: (ctx, n: number) => (ctx.state.count += n),
  },
});

law(
  "counters equal the number of distinct requests, however often each is repeated",
  [
    fc.array(fc.record({ key: fc.nat(5), atMs: fc.nat(20), id: fc.constantFrom("a", "b") }), {
      maxLength: 12,
    }),
    schedules(),
    fc.double({ min: 0, max: 0.5, noNaN: true }),
    fc.nat(999),
  ],
  async (requests, schedule, redeliver, seed) => {
    const how =
      redeliver > 0.25
        ? { seed, faults: { redeliver, crash: 0.05, reorder: true, slowCommit: true } }
        : { schedule };
    const run = await simulate({ ...how, functions: [counter] }, async (t) => {
      await Promise.all(
        requests.map(async ({ key, atMs, id }) => {
          await t.advance(atMs);
          await t.client.call(counter.add, 1, { id, key: `${id}/${key}` });
        }),
      );
    });
    for (const id of ["a", "b"]) {
      const distinct = new Set(requests.filter((each) => each.id === id).map(({ key }) => key))
        .size;
      const { count } = distinct === 0 ? { count: 0 } : await run.state(counter, id);
      expect(count).toBe(distinct);
    }
  },
);

law(
  "effects are atomic: a handler's writes, sends and egress count together or not at all",
  [
    fc.array(fc.record({ ms: fc.nat(5), fails: fc.boolean() }), { minLength: 1, maxLength: 6 }),
    schedules(),
  ],
  async (orders, schedule) => {
    const book = (work: (ms: number) => Promise<void>) =>
      stateful("law/book", {
        state: { booked: value<number[]>([]) },
        handlers: {
          async order(ctx, { n, ms, fails }: { n: number; ms: number; fails: boolean }) {
            ctx.state.booked.push(n);
            ctx.send(counter.add, 1, { id: `sent ${n}` });
            ctx.send(counter.add, 1, { id: `later ${n}`, delay: 10 });
            ctx.egress("law/out", n);
            await work(ms);
            if (fails) throw new Error("no");
            return ctx.invoke(counter.add, 1, { id: `called ${n}` });
          },
        },
      });
    const run = await simulate(
      {
        schedule,
        functions: ({ work }) => [counter, book(work)],
        egress: { "law/out": () => undefined },
      },
      async (t) => {
        const { order } = book(async () => undefined);
        await Promise.allSettled(
          orders.map((each, n) =>
            t.client.call(order, { n, ...each }, { id: "b", key: `order ${n}` }),
          ),
        );
        await t.idle("1h");
      },
    );
    const booked = orders.flatMap(({ fails }, n) => (fails ? [] : [n]));
    const states = Object.fromEntries((await run.states()).map(({ id, state }) => [id, state]));
    const { b, ...counters } = states as Record<string, { booked?: number[]; count?: number }>;
    expect((b?.booked ?? []).toSorted((x, y) => x - y)).toEqual(booked);
    expect(counters).toEqual(
      Object.fromEntries(
        booked.flatMap((n) =>
          ["sent", "later", "called"].map((kind) => [`${kind} ${n}`, { count: 1 }]),
        ),
      ),
    );
    expect(run.egress.map(({ value }) => Number(value)).toSorted((x, y) => x - y)).toEqual(booked);
  },
);

law(
  "ids of children are stable across attempts: a handler that runs again after a crash makes the same ones",
  [fc.integer({ min: 1, max: 5 }), schedules()],
  async (children, schedule) => {
    const keys = new Map<string, Set<string>>();
    const cast = (work: (ms: number) => Promise<void>) => {
      const child = fn("law/child", async (ctx, name: string) => {
        keys.set(name, (keys.get(name) ?? new Set()).add(ctx.idempotencyKey));
        await work(1);
      });
      const parent = fn("law/parent", async (ctx) => {
        await work(1);
        return ctx.all(Array.from({ length: children }, (_, n) => ctx.invoke(child, `child ${n}`)));
      });
      return { child, parent };
    };
    await simulate({ schedule, functions: ({ work }) => Object.values(cast(work)) }, (t) =>
      t.client.call(cast(async () => undefined).parent, undefined, { key: "p" }),
    );
    const all = [...keys.values()].flatMap((each) => [...each]);
    expect([keys.size, all.length, new Set(all).size]).toEqual([children, children, children]);
  },
);

law(
  "timers over crashes: none early, none lost, none twice",
  [fc.array(fc.nat(200), { minLength: 1, maxLength: 6 }), schedules()],
  async (delays, schedule) => {
    const early: number[] = [];
    const ringer = fn("law/ringer", (ctx, { n, dueAt }: { n: number; dueAt: number }) => {
      if (ctx.now() < dueAt) early.push(n);
      return ctx.invoke(counter.add, 1, { id: `rung ${n}` });
    });
    const awake = fn(
      "law/awake",
      (ctx, { args }: { result: void; args: { n: number; dueAt: number } }) =>
        ctx.invoke(ringer, args),
    );
    const main = fn("law/main", (ctx) => {
      for (const [n, delay] of delays.entries()) {
        const args = { n, dueAt: ctx.now() + delay };
        if (n % 2 === 0) ctx.send(ringer, args, { delay });
        else ctx.onComplete(ctx.sleep(delay), awake, args);
      }
    });
    const run = await simulate(
      { schedule, functions: [main, awake, ringer, counter] },
      async (t) => {
        await t.client.call(main, undefined, { key: "m" });
        await t.idle("1d");
      },
    );
    expect(early).toEqual([]);
    expect(Object.fromEntries((await run.states()).map(({ id, state }) => [id, state]))).toEqual(
      Object.fromEntries(delays.map((_, n) => [`rung ${n}`, { count: 1 }])),
    );
  },
);

law(
  "acknowledged work is durable, and reads are committed: nothing goes back over crashes",
  [fc.integer({ min: 1, max: 8 }), schedules()],
  async (requests, schedule) => {
    await simulate({ schedule, functions: [counter] }, async (t) => {
      let [acknowledged, seen, asked] = [0, 0, 0];
      const look = async (): Promise<void> => {
        const before = acknowledged;
        const { count } = await t.client.readState(counter, "c").catch(() => ({ count: 0 }));
        expect(count).toBeGreaterThanOrEqual(Math.max(before, seen));
        expect(count).toBeLessThanOrEqual(asked);
        seen = count;
      };
      const asking = Array.from({ length: requests }, async (_, n) => {
        await t.advance(3 * n);
        asked++;
        await t.client.call(counter.add, 1, { id: "c", key: `add ${n}` });
        acknowledged++;
      });
      for (let looks = 0; looks < 20; looks++) {
        await look();
        await t.advance(2);
      }
      await Promise.all(asking);
      await look();
      expect(seen).toBe(requests);
    });
  },
);

law(
  "one handler at a time runs at an address under any schedule, and sees the effects of the previous one",
  [fc.integer({ min: 1, max: 8 }), schedules()],
  async (requests, schedule) => {
    const seen: { process: number; before: number; n: number }[] = [];
    let [process, inside, overlaps] = [0, 0, 0];
    const lists = (work: (ms: number) => Promise<void>, own: number) =>
      stateful("law/list", {
        state: { items: value<number[]>([]) },
        handlers: {
          async add(ctx, n: number) {
            // A handler whose process ends never leaves.
            if (own === process) inside++;
            if (own === process && inside > 1) overlaps++;
            seen.push({ process: own, before: ctx.state.items.length, n });
            await work(2);
            if (own === process) inside--;
            ctx.state.items.push(n);
          },
        },
      });
    const run = await simulate(
      {
        schedule,
        functions: ({ work }) => {
          inside = 0;
          return [lists(work, ++process)];
        },
      },
      (t) => {
        const { add } = lists(async () => undefined, -1);
        return Promise.all(
          Array.from({ length: requests }, (_, n) =>
            t.client.call(add, n, { id: "l", key: `add ${n}` }),
          ),
        );
      },
    );
    expect(overlaps).toBe(0);
    const { items } = await run.state(
      lists(async () => undefined, -1),
      "l",
    );
    expect(items.toSorted((a, b) => a - b)).toEqual(Array.from({ length: requests }, (_, n) => n));
    // The last run of each request counts: it saw all earlier requests, and no other.
    for (const [place, n] of items.entries())
      expect(seen.findLast((each) => each.n === n)?.before).toBe(place);
  },
);
