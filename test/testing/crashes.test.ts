import fc from "fast-check";
import { fn, stateful, value } from "handback";
import { everyCrash, record, schedules, simulate, slow } from "handback/testing";
import type { CrashMode, Faults } from "handback/testing";
import { describe, expect, test } from "vitest";
import { charge, checkout, egress, ledger, ORDER, shop } from "./shop.ts";

const MODES: readonly CrashMode[] = ["before", "after", "lost", "kept", "refused", "unsure"];

describe("a crash", () => {
  test.each(MODES)(
    "%s a commit: the run continues with the next engine, and each effect counts once",
    async (how) => {
      for (let commit = 1; commit <= 6; commit++) {
        const run = await simulate(
          { functions: shop, egress, schedule: { crashes: [{ commit, how }] } },
          (t) => t.client.call(checkout, ORDER),
        );
        expect(run.crashes).toEqual([{ how, commit, at: expect.any(Number) }]);
        expect(run.result).toEqual({ charged: 1, notices: [1, 1] });
        expect(await run.state(ledger, "post")).toEqual({ requests: { mail: 1, sms: 1 } });
      }
    },
  );

  test.each([
    ["before", 2],
    ["after", 1],
    ["lost", 2],
    ["kept", 1],
    ["refused", 2],
    ["unsure", 1],
  ] as const)(
    "%s the commit of a handler's run makes it run %s times in total",
    async (how, runs) => {
      const schedule = { crashes: [{ commit: 2, how }] };
      const run = await simulate({ functions: [record(ledger)], schedule }, (t) =>
        t.client.call(ledger.book, "r", { id: "a" }),
      );
      expect(run.calls(ledger)).toHaveLength(runs);
      expect(new Set(run.calls(ledger).map(({ key }) => key)).size).toBe(1);
      expect(run.result).toBe(1);
    },
  );

  test("on request ends the process at once, and acknowledged work is kept", async () => {
    const run = await simulate({ functions: [ledger] }, async (t) => {
      const startedAt = t.clock.now();
      const { id } = await t.client.start(ledger.book, "r", { id: "a" });
      await t.crash({ downFor: "3s" });
      return [id, await t.client.flow(id).result(), t.clock.now() - startedAt];
    });
    expect(run.result).toEqual(["call-1", 1, 3_000]);
    expect(run.crashes).toEqual([{ how: "asked", commit: 1, at: 0 }]);
  });

  test("that is requested twice happens twice, one after the other", async () => {
    const run = await simulate({ functions: [ledger] }, async (t) => {
      const booked = t.client.call(ledger.book, "r", { id: "a" });
      await Promise.all([t.crash({ downFor: 5 }), t.crash({ downFor: 7 })]);
      return booked;
    });
    expect([run.result, run.crashes.map(({ at }) => at)]).toEqual([1, [0, 5]]);
  });

  test("during a commit keeps or loses it, and the client repeats its request", async () => {
    const outcomes = new Set<number>();
    for (let seed = 0; seed < 12; seed++) {
      const faults = { slowCommit: true };
      const run = await simulate({ functions: [record(ledger)], seed, faults }, async (t) => {
        const booked = t.client.call(ledger.book, "r", { id: "a" });
        await t.advance(5);
        await t.crash();
        return booked;
      });
      expect(run.result).toBe(1);
      outcomes.add(run.trace.filter(({ event }) => event === "commit").length);
    }
    expect(outcomes.size).toBeGreaterThan(1);
  });

  test("ends running handlers: they have no later effect, and their work is repeated", async () => {
    const ended: number[] = [];
    const functions = ({ work }: { work: (ms: number) => Promise<void> }) => [
      fn("test/long", async (ctx) => {
        await work(1_000);
        ended.push(ctx.now());
        return ctx.now();
      }),
    ];
    const long = fn("test/long", async (): Promise<number> => 0);
    const run = await simulate({ functions }, async (t) => {
      const startedAt = t.clock.now();
      const handle = await t.client.start(long);
      await t.advance(400);
      await t.crash({ downFor: 0 });
      return [(await handle.result()) - startedAt, ended.map((at) => at - startedAt)];
    });
    expect(run.result).toEqual([1_400, [1_400]]);
    expect(run.meter.function("test/long")).toMatchObject({ runs: 1, billedMs: 1_000 });
  });

  test("loses the variables of functions that are made anew at each start", async () => {
    const functions = () => {
      let seen = 0;
      return [fn("test/seen", () => ++seen)];
    };
    const seen = fn("test/seen", () => 0);
    const run = await simulate({ functions }, async (t) => {
      const before = [await t.client.call(seen), await t.client.call(seen)];
      await t.crash();
      return [...before, await t.client.call(seen)];
    });
    expect(run.result).toEqual([1, 2, 1]);
  });

  test("may happen again during recovery, a limited number of times", async () => {
    const run = await simulate(
      { functions: shop, egress, seed: 5, faults: { crash: 1, maxCrashes: 12 } },
      (t) => t.client.call(checkout, ORDER),
    );
    expect(run.crashes).toHaveLength(12);
    expect(run.crashes.map(({ how }) => how)).toContain("start");
    expect(run.result).toEqual({ charged: 1, notices: [1, 1] });
  });

  test("keeps timers: they fire once, and not early", async () => {
    const fired: number[] = [];
    const nap = fn("test/nap", (ctx) => ctx.onComplete(ctx.sleep("1h"), woken));
    const woken = fn("test/woken", (ctx) => ctx.now());
    await fc.assert(
      fc.asyncProperty(fc.nat(7_000_000), fc.nat(100_000), async (crashAt, downFor) => {
        const run = await simulate({ functions: [nap, woken] }, async (t) => {
          const startedAt = t.clock.now();
          const handle = await t.client.start(nap);
          await t.advance(crashAt);
          await t.crash({ downFor });
          fired.push(await handle.result());
          return (await handle.result()) - startedAt;
        });
        const due = 3_600_000;
        expect(run.result).toBe(crashAt < due && due < crashAt + downFor ? crashAt + downFor : due);
      }),
    );
  });
});

describe("redelivery", () => {
  test("of a client's request changes nothing", async () => {
    const run = await simulate(
      { functions: shop, egress, schedule: { repeats: [1, 2, 3] } },
      async (t) => {
        const first = await t.client.start(ledger.book, "a", { id: "x" });
        return [await first.result(), await t.client.call(ledger.book, "b", { id: "x" })];
      },
    );
    expect(
      run.trace.filter((event) => event.event === "request" && event.why === "repeated").length,
    ).toBeGreaterThan(1);
    expect(run.result).toEqual([1, 1]);
    expect(await run.state(ledger, "x")).toEqual({ requests: { a: 1, b: 1 } });
  });

  test("of settlements changes nothing", async () => {
    const ask = fn("test/ask", (ctx) => {
      const answer = ctx.promise<string>();
      ctx.setStatus(answer.token);
      return { answer };
    });
    const run = await simulate(
      { functions: [ask], seed: 2, faults: { redeliver: 1, maxCrashes: 4 } },
      async (t) => {
        const flow = await t.client.start(ask);
        await t.idle();
        await t.client.settle((await flow.status()).custom as string, "yes");
        return flow.result();
      },
    );
    expect(run.result).toEqual({ answer: "yes" });
  });

  test("of messages whose commit was lost runs handlers again, and counts them once", async () => {
    const run = await simulate(
      { functions: [record(ledger)], faults: { redeliver: 1, maxCrashes: 3 } },
      (t) => t.client.call(ledger.book, "r", { id: "a" }),
    );
    expect(run.crashes).toHaveLength(3);
    expect(await run.state(ledger, "a")).toEqual({ requests: { r: 1 } });
  });

  test("of a signal is the client's risk: it arrives at least once", async () => {
    const listen = fn("test/listen", (ctx) => ctx.event<string>("note"));
    for (let commit = 1; commit <= 4; commit++) {
      for (const how of MODES) {
        const run = await simulate(
          { functions: [listen], schedule: { crashes: [{ commit, how }] } },
          async (t) => {
            const flow = await t.client.start(listen);
            await t.client.signal(flow, "note", "hello");
            return flow.result();
          },
        );
        expect(run.result).toBe("hello");
      }
    }
  });
});

test("a crash that loses the answer to a signal with a key does not repeat it", async () => {
  const listen = fn("test/listen", (ctx) => ctx.all([ctx.event("note"), ctx.event("note")]));
  const { run } = await everyCrash({ functions: [listen] }, async (t) => {
    const flow = await t.client.start(listen);
    await t.client.signal(flow, "note", "hello", { key: "1" });
    await t.client.signal(flow, "note", "again", { key: "2" });
    return flow.result();
  });
  expect(run.result).toEqual(["hello", "again"]);
});

describe("laws that hold under every fault", () => {
  const counter = stateful("test/counter", {
    state: { count: value(0), running: value(0) },
    handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
  });
  const spread = fn("test/spread", (ctx, width: number) =>
    ctx.all(
      Array.from({ length: width }, (_, at) => ctx.invoke(counter.add, 1, { id: `${at % 3}` })),
    ),
  );
  const countAll = async (run: {
    states(): Promise<readonly { state: object }[]>;
  }): Promise<number> =>
    (await run.states()).reduce((sum, { state }) => sum + (state as { count: number }).count, 0);

  test("counters equal the number of distinct requests for every schedule", async () => {
    await fc.assert(
      fc.asyncProperty(schedules(), async (schedule) => {
        const run = await simulate({ functions: [counter, spread], schedule }, async (t) => {
          await Promise.all([t.client.call(spread, 5), t.client.call(spread, 4)]);
          await t.idle();
        });
        expect(await countAll(run)).toBe(9);
      }),
    );
  });

  test("counters equal the number of distinct requests under random faults", async () => {
    const faults: Faults = { crash: 0.15, redeliver: 0.15, reorder: true, slowCommit: true };
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const run = await simulate(
          { functions: [slow(counter, 3), spread], seed, faults },
          async (t) => {
            await Promise.all([t.client.call(spread, 5), t.client.call(spread, 4)]);
            await t.idle();
          },
        );
        expect(await countAll(run)).toBe(9);
      }),
    );
  });

  test("one handler at a time runs at an address", async () => {
    const running = new Map<string, number>();
    let most = 0;
    const functions = ({ work }: { work: (ms: number) => Promise<void> }) => {
      running.clear();
      return [
        spread,
        stateful("test/counter", {
          state: { count: value(0) },
          handlers: {
            async add(ctx, n: number) {
              const now = (running.get(ctx.self.id) ?? 0) + 1;
              running.set(ctx.self.id, now);
              most = Math.max(most, now);
              await work(7);
              running.set(ctx.self.id, now - 1);
              return (ctx.state.count += n);
            },
          },
        }),
      ];
    };
    await fc.assert(
      fc.asyncProperty(schedules(), async (schedule) => {
        await simulate({ functions, schedule }, async (t) => {
          // Some messages arrive while others wait, and some while one is handled and none waits.
          const flows = [t.client.call(spread, 4)];
          for (let more = 0; more < 3; more++) {
            await t.advance(4);
            flows.push(t.client.call(spread, 3));
          }
          await Promise.all(flows);
        });
        expect(most).toBe(1);
      }),
    );
  });
});

test("a slow charge is billed once, however often its process ends", async () => {
  const run = await simulate(
    {
      functions: [...shop, slow(charge, "1m")],
      egress,
      seed: 1,
      faults: { crash: 0.3, maxCrashes: 3 },
    },
    (t) => t.client.call(checkout, ORDER, { id: "order-1" }),
  );
  expect(await run.meter.flow("order-1")).toMatchObject({ billedMs: 60_000, beta: 1, final: true });
});

test("a handler that outlives its process has no effect", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const listener = fn("test/listener", () => promise);
  const run = await simulate({ functions: [record(listener)] }, async (t) => {
    const handle = await t.client.start(listener);
    await t.crash();
    resolve("late");
    return handle.result();
  });
  expect(run.result).toBe("late");
  expect(run.calls(listener)).toHaveLength(2);
  expect(run.trace.filter(({ event }) => event === "end")).toHaveLength(1);
});

describe("without crashes", () => {
  const seen: number[] = [];
  const note = fn("test/note", (_, n: number) => void seen.push(n));
  const burst = fn("test/burst", (ctx) => ctx.all([1, 2, 3, 4].map((n) => ctx.invoke(note, n))));
  const orderOf = async (seed: number, faults: Faults): Promise<string> => {
    seen.length = 0;
    await simulate({ functions: [note, burst], seed, faults }, (t) => t.client.call(burst));
    return seen.join("");
  };

  test("simultaneous events happen in order, and in any order with reorder", async () => {
    const [calm, wild] = [new Set<string>(), new Set<string>()];
    for (let seed = 0; seed < 40; seed++) {
      calm.add(await orderOf(seed, {}));
      wild.add(await orderOf(seed, { reorder: true }));
    }
    expect(calm.size).toBe(1);
    expect(wild.size).toBeGreaterThan(10);
  });

  test("commits take no time, and some with slowCommit", async () => {
    const took = async (faults: Faults): Promise<number> => {
      const run = await simulate({ functions: [note], seed: 1, faults }, async (t) => {
        const before = t.clock.now();
        await t.client.call(note, 1);
        return t.clock.now() - before;
      });
      return run.result;
    };
    expect(await took({})).toBe(0);
    expect(await took({ slowCommit: true })).toBeGreaterThan(0);
  });
});
