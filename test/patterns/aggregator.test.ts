import { embedded, fn, memory, stateful, value } from "handback";
import type { Invokable, Waited } from "handback";
import { aggregator } from "handback/patterns";
import type { AggregatorOptions, Batch } from "handback/patterns";
import {
  everyCrash,
  expectNoDoubleBilling,
  failing,
  record,
  simulate,
  slow,
} from "handback/testing";
import type { Run, Simulated } from "handback/testing";
import { describe, expect, test } from "vitest";
import { onMemory, onPoorestLosing, onSqlite } from "../conformance/host.ts";

type Event = { readonly id: string; readonly at?: number; readonly text?: string };
type Out = Batch<Event>;

const store = fn("agg/store", (_, _batch: Out) => undefined);

/**
 * Adds events after delays, in ms, and returns the stored batches: ids, reason, and time since the
 * start in ms.
 */
async function gathered(
  options: Partial<AggregatorOptions<Event>>,
  events: readonly (readonly [pauseMs: number, event: Event])[],
) {
  const batch = aggregator<Event>("agg/batch", { flush: store, ...options });
  const run = await simulate({ functions: [batch, record(store)] }, async (t) => {
    const [began, answers] = [t.clock.now(), [] as string[]];
    for (const [pauseMs, event] of events) {
      await t.advance(pauseMs);
      const { status, count } = await t.client.call(batch.add, event, { id: "k" });
      answers.push(`${status} ${count}`);
    }
    await t.idle("10d");
    return { began, answers };
  });
  const batches = run.calls(store).map(({ input, at }) => {
    const { events: all, reason } = input as Out;
    return [all.map(({ id }) => id).join(""), reason, at] as const;
  });
  return { batches, answers: run.result.answers, run };
}

const at = (...events: readonly (readonly [pauseMs: number, id: string])[]) =>
  events.map(([pauseMs, id]) => [pauseMs, { id }] as const);

describe("an aggregator sends a batch", () => {
  test.each([
    [
      "when it has enough events",
      { maxCount: 3 },
      at([0, "a"], [1000, "b"], [1000, "c"], [0, "d"]),
      [["abc", "count", 2000]],
    ],
    [
      "for each event, if the count is one",
      { maxCount: 1 },
      at([0, "a"], [5, "b"]),
      [
        ["a", "count", 0],
        ["b", "count", 5],
      ],
    ],
    [
      "when its first event has waited long enough",
      { maxWait: "10s" },
      at([0, "a"], [9999, "b"], [1, "c"]),
      [
        ["ab", "wait", 10_000],
        ["c", "wait", 20_000],
      ],
    ],
    [
      "at once, if the longest wait is zero",
      { maxWait: 0 },
      at([0, "a"], [1, "b"]),
      [
        ["a", "wait", 0],
        ["b", "wait", 1],
      ],
    ],
    [
      "after a silence",
      { gap: "5s" },
      at([0, "a"], [4000, "b"], [4000, "c"], [5000, "d"]),
      [
        ["abc", "gap", 13_000],
        ["d", "gap", 18_000],
      ],
    ],
    [
      "after a silence or a long wait",
      { gap: "5s", maxWait: "7s" },
      at([0, "a"], [4000, "b"], [3500, "c"]),
      [
        ["ab", "wait", 7000],
        ["c", "gap", 12_500],
      ],
    ],
    [
      "for the first reason that applies",
      { maxCount: 2, maxWait: "10s" },
      at([0, "a"], [1, "b"], [1, "c"]),
      [
        ["ab", "count", 1],
        ["c", "wait", 10_002],
      ],
    ],
    [
      "with its events in the order of their arrival",
      { maxCount: 4 },
      at([0, "d"], [0, "b"], [0, "a"], [0, "c"]),
      [["dbac", "count", 0]],
    ],
  ] as const)("%s", async (_, options, events, expected) => {
    expect((await gathered(options, events)).batches).toEqual(expected);
  });

  test("before it is too large; a larger event leaves alone", async () => {
    // {"id":"a","text":"…"} has 20 bytes besides the text.
    const of = (id: string, text: string) => [0, { id, text }] as const;
    const { batches } = await gathered({ maxBytes: 100, maxWait: "1s" }, [
      of("a", "x".repeat(30)),
      of("b", "ü".repeat(10)),
      of("c", "x".repeat(9)),
      of("d", "y".repeat(500)),
      of("e", "x".repeat(80)),
    ]);
    expect(batches.map(([ids, reason]) => [ids, reason])).toEqual([
      ["ab", "bytes"],
      ["c", "bytes"],
      ["d", "bytes"],
      ["e", "bytes"],
    ]);
  });

  test("when flush is called, and returns the number of events", async () => {
    const batch = aggregator<Event>("agg/batch", { flush: store, maxWait: "1h" });
    const run = await simulate({ functions: [batch, record(store)] }, async (t) => {
      for (const id of ["a", "b"]) await t.client.call(batch.add, { id }, { id: "k" });
      const counts = [
        await t.client.call(batch.flush, undefined, { id: "k" }),
        await t.client.call(batch.flush, undefined, { id: "k" }),
      ];
      await t.idle();
      return counts;
    });
    expect(run.result).toEqual([2, 0]);
    expect(run.calls(store).map(({ input }) => (input as Out).reason)).toEqual(["asked"]);
  });

  test("with its key, its instants and a unique name", async () => {
    const { run } = await gathered({ maxCount: 2 }, at([0, "a"], [7, "b"], [5, "c"], [0, "d"]));
    const batches = run.calls(store).map(({ input }) => input as Out);
    expect(
      batches.map(({ key, openedAt, lastAt }) => [
        key,
        openedAt - run.result.began,
        lastAt - run.result.began,
      ]),
    ).toEqual([
      ["k", 0, 7],
      ["k", 12, 12],
    ]);
    expect(new Set(batches.map(({ id }) => id)).size).toBe(2);
  });

  test("for each key separately", async () => {
    const batch = aggregator<Event>("agg/batch", { flush: store, maxCount: 2 });
    const run = await simulate({ functions: [batch, record(store)] }, async (t) => {
      for (const [key, id] of ["k1", "j1", "k2", "j2"].map(
        (text) => [text.slice(0, 1), text] as const,
      ))
        await t.client.call(batch, { id }, { id: key });
    });
    expect(
      run.calls(store).map(({ input }) => (input as Out).events.map(({ id }) => id).join()),
    ).toEqual(["k1,k2", "j1,j2"]);
  });

  test("to an egress, or to an operation of a stateful function at the same id", async () => {
    const sums = stateful("agg/sums", {
      state: { count: value(0) },
      handlers: { add: (ctx, { events }: Out) => (ctx.state.count += events.length) },
    });
    const toSums = aggregator("agg/to-sums", { flush: sums.add, maxCount: 2 });
    const outside = aggregator<Event>("agg/outside", { flush: "agg/sink", maxCount: 2 });
    const run = await simulate(
      { functions: [toSums, outside], egress: { "agg/sink": () => undefined } },
      async (t) => {
        for (const f of [toSums, outside])
          for (const id of ["a", "b", "c", "d", "e"]) await t.client.call(f, { id }, { id: "k" });
      },
    );
    expect(await run.state(sums, "k")).toEqual({ count: 4 });
    expect(run.egress.map((each) => (each.value as Out).events.length)).toEqual([2, 2]);
  });
});

describe("a repeated event", () => {
  const named = { dedupeBy: ({ id }: Event) => id, maxCount: 100, maxWait: "1d" } as const;

  test.each([
    ["changes nothing within the window", {}, [0, 1000, 1000], "added 1, duplicate 1, duplicate 1"],
    [
      "counts again after the window, which starts at its first arrival",
      { dedupeFor: "2s" },
      [0, 1999, 1],
      "added 1, duplicate 1, added 2",
    ],
    ["is recognized by its name alone", {}, [0], "added 1"],
  ] as const)("%s", async (_, options, pauses, expected) => {
    const { answers } = await gathered(
      { ...named, ...options },
      pauses.map((pauseMs, index) => [pauseMs, { id: "a", text: String(index) }] as const),
    );
    expect(answers.join(", ")).toBe(expected);
  });

  test("changes nothing after its batch has left", async () => {
    const { batches, answers } = await gathered(
      { ...named, maxCount: 2 },
      at([0, "a"], [0, "b"], [0, "a"], [0, "c"], [0, "b"], [0, "d"]),
    );
    expect([batches.map(([ids]) => ids), answers.slice(2, 3)]).toEqual([
      ["ab", "cd"],
      ["duplicate 0"],
    ]);
  });

  test("is remembered up to a limit, and the oldest are forgotten first", async () => {
    const { answers } = await gathered(
      { ...named, dedupeMax: 2 },
      at([0, "a"], [0, "b"], [0, "a"], [0, "c"], [0, "b"], [0, "a"]),
    );
    expect(answers).toEqual([
      "added 1",
      "added 2",
      "duplicate 2",
      "added 3",
      "duplicate 3",
      "added 4",
    ]);
  });

  test("is found among thousands of names, with only a few of them read and written", async () => {
    const batch = aggregator<Event>("agg/batch", {
      flush: store,
      dedupeBy: ({ id }) => id,
      dedupeMax: 1_500,
      maxCount: 100,
    });
    const engine = await embedded({ functions: [batch], store: memory() });
    const add = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from }, (_, n) =>
          engine.client.call(batch, { id: `event ${from + n}` }, { id: "k" }),
        ),
      ).then((all) => new Set(all.map(({ status }) => status)));
    expect([await add(0, 2_000), await add(500, 2_000)]).toEqual([
      new Set(["added"]),
      new Set(["duplicate"]),
    ]);
    const {
      open: _,
      newestAt: __,
      grouping: ___,
      ...seen
    } = (await engine.client.readState(batch, "k")) ?? {};
    const counts = Object.values(seen).map(({ count }) => count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(6 * 313);
    expect(Math.max(...counts)).toBeLessThanOrEqual(313);
    await engine.close();
  });

  test("is recognized under a name such as __proto__, and rejected without a name", async () => {
    const { answers } = await gathered(
      named,
      at([0, "__proto__"], [0, "constructor"], [0, "__proto__"]),
    );
    expect(answers).toEqual(["added 1", "added 2", "duplicate 2"]);
    await expect(gathered(named, at([0, ""]))).rejects.toMatchObject({ code: "INVALID_KEY" });
  });
});

describe("a late event", () => {
  const timed = { timeOf: (event: Event) => event.at ?? 0, lateAfter: "10s", maxCount: 2 } as const;
  const of = (id: string, at: number) => [0, { id, at }] as const;

  test("is older than the newest event by more than allowed, and is dropped", async () => {
    const { batches, answers } = await gathered(timed, [
      of("a", 20_000),
      of("b", 10_000),
      of("c", 9_999),
      of("d", 30_001),
      of("e", 20_000),
    ]);
    expect(answers).toEqual(["added 1", "added 0", "late 0", "added 1", "late 1"]);
    expect(batches.map(([ids]) => ids)).toEqual(["ab"]);
  });

  test("is sent to onLate, once", async () => {
    const late = fn("agg/late", (_, _event: Event) => undefined);
    const batch = aggregator<Event>("agg/batch", {
      flush: store,
      ...timed,
      onLate: late,
      dedupeBy: ({ id }) => id,
    });
    const run = await simulate({ functions: [batch, record(late)] }, async (t) => {
      for (const [id, at] of [
        ["a", 20_000],
        ["b", 1],
        ["b", 1],
      ] as const)
        await t.client.call(batch, { id, at }, { id: "k" });
    });
    expect(run.calls(late).map(({ input }) => input)).toEqual([{ id: "b", at: 1 }]);
  });

  test("is rejected if its time is not a number", async () => {
    await expect(gathered(timed, [of("a", Number.NaN)])).rejects.toMatchObject({
      code: "INVALID_OPTIONS",
    });
  });
});

describe("an aggregator after downtime", () => {
  test("keeps two sessions apart, even if the first ended while it was down", async () => {
    const batch = aggregator<Event>("agg/batch", { flush: store, gap: "5s" });
    const run = await simulate({ functions: [batch, record(store)] }, async (t) => {
      await t.client.call(batch, { id: "a" }, { id: "k" });
      await t.crash({ downFor: "1h" });
      await t.client.call(batch, { id: "b" }, { id: "k" });
      await t.idle();
    });
    expect(run.calls(store).map(({ input }) => (input as Out).events.map(({ id }) => id))).toEqual([
      ["a"],
      ["b"],
    ]);
  });

  test("has one timer for each key, and leaves nothing behind", async () => {
    const batch = aggregator<Event>("agg/batch", {
      flush: store,
      gap: "5s",
      maxWait: "1m",
      dedupeBy: ({ id }) => id,
      dedupeFor: "2m",
    });
    const host = await onMemory.start([batch], {}, 1);
    for (let n = 0; n < 50; n++) {
      await host.client.call(batch, { id: String(n) }, { id: "k", key: `add-${n}` });
      await host.clock.advance(100);
    }
    // The flows of the calls, and the batch and the names of the key.
    expect(host.stored()).toBe(50 + 2);
    await host.clock.advance(10_000);
    // Expired values are deleted within about a minute.
    await host.clock.advance(300_000);
    expect(host.stored()).toBe(50);
    await host.close();
  });
});

describe("through every crash", () => {
  const sink = stateful("agg/sink", {
    state: { batches: value<string[]>([]) },
    handlers: {
      put: (ctx, { events, reason }: Out) =>
        void ctx.state.batches.push(`${reason} ${events.map(({ id }) => id).join("")}`),
    },
  });
  const batch = aggregator("agg/batch", {
    flush: sink.put,
    maxCount: 2,
    maxWait: "10s",
    dedupeBy: ({ id }) => id,
  });
  const feed = async (t: Simulated) => {
    for (const id of ["a", "b", "a", "c"]) await t.client.call(batch, { id }, { id: "k" });
    await t.advance("10s");
  };

  test("each event leaves once, with calls", async () => {
    const { run, points } = await everyCrash({ functions: [batch] }, feed);
    expect(await run.state(sink, "k")).toEqual({ batches: ["count ab", "wait c"] });
    expect(points).toBeGreaterThan(10);
  });

  test("each event leaves once, with one-way messages", async () => {
    const feedOneWay = fn("agg/feed", (ctx) => {
      for (const id of ["a", "b", "a", "c"]) ctx.send(batch.add, { id }, { id: "k" });
    });
    const { run } = await everyCrash({ functions: [batch, feedOneWay] }, async (t) => {
      await t.client.call(feedOneWay);
      await t.advance("10s");
    });
    expect(await run.state(sink, "k")).toEqual({ batches: ["count ab", "wait c"] });
  });
});

describe("an aggregator whose flush fails", () => {
  test("accepts further events, and its batch becomes a dead letter", async () => {
    const stored: string[] = [];
    let isDown = true;
    const flaky = fn("agg/flaky", (_, { events }: Out) => {
      if (isDown) throw new Error("no connection");
      stored.push(...events.map(({ id }) => id));
    });
    const batch = aggregator("agg/batch", { flush: flaky, maxCount: 2 });
    const engine = await embedded({ functions: [batch], store: memory() });
    for (const id of ["a", "b", "c"]) await engine.client.call(batch, { id }, { id: "k" });
    await expect.poll(() => engine.deadLetters().length).toBe(1);
    isDown = false;
    expect(await engine.redrive(engine.deadLetters()[0]?.id ?? "")).toBe(true);
    expect(await engine.client.call(batch.flush, undefined, { id: "k" })).toBe(1);
    await expect.poll(() => stored.join("")).toBe("abc");
    await engine.close();
  });

  test("sends to a function that retries by its own policy", async () => {
    const retrying = fn(
      "agg/retrying",
      { retry: { maxAttempts: 3, initialDelay: "1s" } },
      (_, _batch: Out) => undefined,
    );
    const batch = aggregator("agg/batch", { flush: retrying, maxCount: 1 });
    const run = await simulate({ functions: [batch, record(failing(retrying, 2))] }, async (t) => {
      await t.client.call(batch, { id: "a" }, { id: "k" });
      await t.idle();
    });
    expect(new Set(run.calls(retrying).map(({ key }) => key)).size).toBe(1);
    expect(run.calls(retrying)).toHaveLength(3);
  });
});

describe("an aggregator is a function", () => {
  const batch = aggregator<Event>("agg/batch", {
    flush: store,
    maxCount: 2,
    dedupeBy: ({ id }) => id,
  });
  const asLeaf = fn("agg/parent", (ctx, ids: readonly string[]) =>
    ctx.all(ids.map((id) => ctx.invoke(batch, { id }, { id: "k" }))),
  );
  /** Another function with the same answers as an aggregator. */
  const other = stateful("agg/other", {
    state: { seen: value<string[]>([]) },
    handlers: {
      add(ctx, { id }: Event) {
        if (ctx.state.seen.includes(id))
          return { status: "duplicate", count: ctx.state.seen.length % 2 };
        return { status: "added", count: ctx.state.seen.push(id) % 2 };
      },
    },
  });

  const parentOf = (leaf: Invokable<Event, unknown>) =>
    fn("agg/any-parent", (ctx, ids: readonly string[]) =>
      ctx.timeout(ctx.all(ids.map((id) => ctx.invoke(leaf, { id }, { id: "k" }))), "1m"),
    );

  test.each(
    [onMemory, onSqlite, onPoorestLosing(0.2)].map((engine) => [engine.name, engine] as const),
  )("on %s", async (_, engine) => {
    const host = await engine.start([batch, asLeaf], {}, 3);
    const answers = await host.client.call(asLeaf, ["a", "b", "a", "c", "b"]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      "added",
      "added",
      "added",
      "duplicate",
      "duplicate",
    ]);
    expect(await host.client.call(batch.flush, undefined, { id: "k" })).toBe(1);
    await host.close();
  });

  test("can be replaced by a function with the same behavior", async () => {
    const results = [];
    for (const leaf of [batch.add, batch, other.add]) {
      const parent = parentOf(leaf);
      const run = await simulate({ functions: [parent, leaf] }, (t) =>
        t.client.call(parent, ["a", "b", "a", "c", "b"]),
      );
      await expectNoDoubleBilling(run);
      results.push(run.result);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe("an aggregator next to one function that waits", () => {
  const minute = 60_000;
  const naive = fn(
    "agg/naive",
    async (ctx, { count, waitMs }: { count: number; waitMs: number }) => {
      const events: Event[] = [];
      const over = ctx.sleep(waitMs);
      while (events.length < count) {
        const { ready }: Waited<unknown> = await ctx.get(
          ctx.wait([ctx.event<Event>("event"), over], { count: 1 }),
        );
        if (ready[0]?.index === 1) break;
        events.push((ready[0] as unknown as { value: Event }).value);
      }
      return ctx.get(
        ctx.invoke(store, { id: "", key: "k", events, reason: "count", openedAt: 0, lastAt: 0 }),
      );
    },
  );
  const storedIn = (run: Run<unknown>) =>
    run.calls(store).map(({ input }) => (input as Out).events.map(({ id }) => id).join(""));

  test("stores the same, and bills nothing for the time between events", async () => {
    const batch = aggregator<Event>("agg/batch", { flush: store, maxCount: 3, maxWait: "1h" });
    const ids = ["a", "b", "c"];
    const split = await simulate({ functions: [batch, record(slow(store, "1s"))] }, async (t) => {
      for (const id of ids) {
        await t.advance(minute);
        await t.client.call(batch, { id }, { id: "k" });
      }
      await t.idle();
    });
    const blocking = await simulate(
      { functions: [naive, record(slow(store, "1s"))] },
      async (t) => {
        const flow = await t.client.start(
          naive,
          { count: 3, waitMs: 60 * minute },
          { id: "naive" },
        );
        for (const id of ids) {
          await t.advance(minute);
          await t.client.signal(flow, "event", { id });
        }
        await flow.result();
      },
    );
    expect(storedIn(split)).toEqual(["abc"]);
    expect(storedIn(blocking)).toEqual(storedIn(split));
    await expectNoDoubleBilling(split);
    expect(split.meter.functions().reduce((sum, { billedMs }) => sum + billedMs, 0)).toBe(1000);
    expect(await blocking.meter.flow("naive")).toMatchObject({
      billedMs: 3 * minute + 2000,
      blockedMs: 3 * minute + 1000,
    });
  });
});

describe("options of an aggregator", () => {
  const good = { flush: store, maxCount: 5 };
  test.each([
    ["no options", undefined, "INVALID_OPTIONS"],
    ["no flush", {}, "INVALID_OPTIONS"],
    ["a flush that is not a function", { flush: () => 1 }, "INVALID_OPTIONS"],
    ["an egress without a name", { flush: "sink" }, "INVALID_NAME"],
    ["a count of 0", { ...good, maxCount: 0 }, "INVALID_OPTIONS"],
    ["a broken count", { ...good, maxCount: 1.5 }, "INVALID_OPTIONS"],
    ["a count as text", { ...good, maxCount: "5" }, "INVALID_OPTIONS"],
    ["no bytes", { ...good, maxBytes: 0 }, "INVALID_OPTIONS"],
    ["a wait that is not a duration", { ...good, maxWait: "soon" }, "INVALID_DELAY"],
    ["a negative gap", { ...good, gap: -1 }, "INVALID_DELAY"],
    ["a dedupeBy that is not a function", { ...good, dedupeBy: "id" }, "INVALID_OPTIONS"],
    ["a dedupeMax of 0", { ...good, dedupeMax: 0 }, "INVALID_OPTIONS"],
    ["an infinite dedupeFor", { ...good, dedupeFor: Infinity }, "INVALID_DELAY"],
    ["lateAfter without timeOf", { ...good, lateAfter: "1s" }, "INVALID_OPTIONS"],
    ["onLate without timeOf", { ...good, onLate: store }, "INVALID_OPTIONS"],
    ["an option that does not exist", { ...good, maxcount: 5 }, "INVALID_OPTIONS"],
  ])("are rejected at definition: %s", (_, options, code) => {
    expect(() => aggregator("agg/bad", options as never)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});
