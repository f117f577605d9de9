import type { Fn, FlowBill, Future } from "handback";
import { fn } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { naiveFlow } from "../../src/testing/flows/naive.ts";
import type { FlowProgram } from "../../src/testing/flows/program.ts";
import { splitFlow } from "../../src/testing/flows/split.ts";
import { flows } from "../../src/testing/flows/flows.ts";
import { runFlow, workUnless } from "./support/flow-run.ts";
import { law } from "./support/law.ts";
import { inWorld } from "./support/world.ts";

type Work = (ms: number) => Promise<void>;

/** Durations of handlers, in ms, to the nanosecond. */
const duration = fc.nat(5_000_000_000).map((ns) => ns / 1e6);
const durations = fc.array(duration, { minLength: 1, maxLength: 6 });
const toNs = (ms: number): number => Math.round(ms * 1e6);
/** Sums without rounding, in ns. */
const sum = (all: readonly number[]): number => all.reduce((total, ms) => total + toNs(ms), 0);
const worker = (work: Work) => fn("law/work", (_, ms: number) => work(ms).then(() => ms));

/** A bill, in ns. */
interface Metered {
  readonly bill: Pick<FlowBill, "beta" | "runs" | "final"> &
    Readonly<Record<"billedNs" | "activeNs" | "blockedNs", number>>;
  readonly mainBilledNs: number;
  readonly parkedMs: number;
}

/** Runs `main` as a flow until no work is left, and reads the meter, in ns. */
async function metered(
  define: (work: Work) => {
    readonly main: Fn<void, unknown>;
    readonly parts: readonly Fn<never, unknown>[];
  },
) {
  let metered: Metered | undefined;
  await inWorld(async (world) => {
    const { main, parts } = define((ms) => world.clock.work(ms));
    const client = await world.start([main, ...parts]);
    const flow = await client.start(main, undefined, { id: "f" });
    await flow.result().catch(() => undefined);
    await world.clock.advance(60_000);
    const { billedMs, activeMs, blockedMs, parkedMs, ...rest } = await client.bill("f");
    const bill = {
      ...rest,
      billedNs: toNs(billedMs),
      activeNs: toNs(activeMs),
      blockedNs: toNs(blockedMs),
    };
    metered = {
      bill,
      parkedMs,
      mainBilledNs: toNs(world.engine.meter.function(main.type).billedMs),
    };
  });
  if (metered === undefined) throw new Error("nothing was metered");
  return metered;
}

function assertSound({ billedMs, activeMs, blockedMs, beta, final }: FlowBill): void {
  expect(toNs(activeMs) + toNs(blockedMs)).toBe(toNs(billedMs));
  expect(final).toBe(true);
  expect(beta).toBe(blockedMs === 0 ? 1 : billedMs / activeMs);
}

law(
  "A + D = B: a flow's bill is its active time plus its blocked time, in either build",
  [flows({ without: ["race", "any", "timeout"] })],
  async (program) => {
    const [split, naive] = [await runFlow(splitFlow, program), await runFlow(naiveFlow, program)];
    for (const { bill } of [split, naive]) assertSound(bill);
    expect(naive.bill.activeMs).toBe(split.bill.activeMs);
  },
);

law("a split flow's beta is exactly 1, including canceled work", [flows()], async (program) => {
  const { bill } = await runFlow(splitFlow, program);
  assertSound(bill);
  expect(bill).toMatchObject({ blockedMs: 0, beta: 1 });
});

law(
  "a caller's bill does not depend on the time of its callees if it hands a future back",
  [duration, durations, durations],
  async (own, callees, other) => {
    const play = (times: readonly number[]) =>
      metered((work) => {
        const leaf = worker(work);
        const main = fn("law/main", async (ctx) => {
          await work(own);
          return ctx.all(callees.map((_, n) => ctx.invoke(leaf, times[n] ?? 0)));
        });
        return { main, parts: [leaf] };
      });
    const [one, two] = [await play(callees), await play(other)];
    expect(one.mainBilledNs).toBe(toNs(own));
    expect(two.mainBilledNs).toBe(toNs(own));
  },
);

law(
  "overlapping gets are charged their union",
  [durations, fc.array(duration, { minLength: 6, maxLength: 6 })],
  async (gets, pauses) => {
    const { bill } = await metered((work) => {
      const leaf = worker(work);
      const main = fn("law/main", async (ctx) => {
        const waiting: Promise<unknown>[] = [];
        for (const [n, ms] of gets.entries()) {
          waiting.push(ctx.get(ctx.invoke(leaf, ms)));
          await work(pauses[n] ?? 0);
        }
        await Promise.all(waiting);
      });
      return { main, parts: [leaf] };
    });
    const spans: (readonly [number, number])[] = [];
    let at = 0;
    for (const [n, ms] of gets.entries()) {
      spans.push([at, at + toNs(ms)]);
      at += toNs(pauses[n] ?? 0);
    }
    let [union, covered] = [0, 0];
    for (const [from, to] of spans) {
      union += Math.max(0, to - Math.max(from, covered));
      covered = Math.max(covered, to);
    }
    const end = Math.max(at, ...spans.map(([, to]) => to));
    expect(bill).toMatchObject({
      blockedNs: union,
      activeNs: sum(gets) + end - union,
      final: true,
    });
  },
);

law(
  "a canceled run is billed once: to its end or, if it is given up, to the end of its grace",
  [
    fc.record({
      worksMs: fc.integer({ min: 1, max: 200 }).map((ms) => ms * 2),
      canceledMs: fc.integer({ min: 0, max: 100 }).map((ms) => ms * 2 + 1),
      graceMs: fc.constantFrom(0, 20, 200),
      heeds: fc.boolean(),
      isBlocked: fc.boolean(),
      by: fc.constantFrom("client", "timeout", "race"),
    }),
  ],
  ({ worksMs, canceledMs, graceMs, heeds, isBlocked, by }) =>
    inWorld(async (world) => {
      fc.pre(worksMs !== canceledMs + graceMs);
      const stays = fn("law/stays", (ctx) => ctx.sleep(1000));
      const works = fn("law/works", { grace: graceMs }, async (ctx) => {
        if (isBlocked) void ctx.get(ctx.invoke(stays)).catch(() => undefined);
        await workUnless(world.clock.work(worksMs), heeds ? ctx.signal : undefined);
      });
      const main = fn("law/main", (ctx) => {
        if (by === "client") return ctx.invoke(works);
        if (by === "timeout") return ctx.timeout(ctx.invoke(works), canceledMs);
        return ctx.race([ctx.invoke(works), ctx.sleep(canceledMs)]);
      });
      const client = await world.start([main, works, stays]);
      const flow = await client.start(main, undefined, { id: "f" });
      await world.clock.advance(canceledMs);
      if (by === "client") await client.cancel(flow);
      await world.clock.advance(2000);
      const canceledEndMs = heeds && graceMs > 0 ? canceledMs : canceledMs + graceMs;
      const billedMs = Math.min(worksMs, canceledEndMs);
      const runs = isBlocked ? 3 : 2;
      // The get rejects with the cancellation.
      const blockedMs = isBlocked ? Math.min(billedMs, canceledMs) : 0;
      expect(await client.bill("f")).toMatchObject({ billedMs, blockedMs, runs, final: true });
      expect(world.engine.meter.function(works.type)).toMatchObject({ billedMs, runs: 1 });
    }),
);

law("a naive chain bills 2 * sum d, the split one sum d", [durations], async (steps) => {
  const split = await metered((work) => {
    const step = fn(
      "law/step",
      async (ctx, [ms = 0, ...rest]: readonly number[]): Promise<Future<unknown> | undefined> => {
        await work(ms);
        return rest.length > 0 ? ctx.invoke(step, rest) : undefined;
      },
    );
    return { main: fn("law/main", (ctx) => ctx.invoke(step, steps)), parts: [step] };
  });
  const naive = await metered((work) => {
    const leaf = worker(work);
    const main = fn("law/main", async (ctx) => {
      for (const ms of steps) await ctx.get(ctx.invoke(leaf, ms));
    });
    return { main, parts: [leaf] };
  });
  expect(split.bill).toMatchObject({ billedNs: sum(steps), blockedNs: 0, beta: 1, final: true });
  expect(naive.bill).toMatchObject({
    billedNs: 2 * sum(steps),
    blockedNs: sum(steps),
    beta: sum(steps) === 0 ? 1 : 2,
    final: true,
  });
});

law(
  "a naive fan-out bills sum d + (d1 + max d2 + d3), the split one sum d",
  [duration, durations, duration],
  async (first, each, last) => {
    const split = await metered((work) => {
      const leaf = worker(work);
      const main = fn("law/main", (ctx) => ctx.onComplete(ctx.invoke(leaf, first), fan));
      const fan = fn("law/fan", (ctx, _: number) =>
        ctx.onComplete(ctx.all(each.map((ms) => ctx.invoke(leaf, ms))), join),
      );
      const join = fn("law/join", (ctx, _: readonly number[]) => ctx.invoke(leaf, last));
      return { main, parts: [leaf, fan, join] };
    });
    const naive = await metered((work) => {
      const leaf = worker(work);
      const main = fn("law/main", async (ctx) => {
        await ctx.get(ctx.invoke(leaf, first));
        await Promise.all(each.map((ms) => ctx.get(ctx.invoke(leaf, ms))));
        await ctx.get(ctx.invoke(leaf, last));
      });
      return { main, parts: [leaf] };
    });
    const total = sum([first, ...each, last]);
    const path = toNs(first) + Math.max(...each.map(toNs)) + toNs(last);
    expect(split.bill).toMatchObject({ billedNs: total, blockedNs: 0, beta: 1, final: true });
    expect(naive.bill).toMatchObject({ billedNs: total + path, blockedNs: path, final: true });
  },
);

law(
  "nesting of depth h bills (h + 1) * d when each level blocks, and d when it is split",
  [duration, fc.nat(6)],
  async (ms, depth) => {
    const split = await metered((work) => {
      const leaf = worker(work);
      const level = fn("law/level", (ctx, left: number): Future<number> =>
        left === 0 ? ctx.invoke(leaf, ms) : ctx.invoke(level, left - 1),
      );
      return { main: fn("law/main", (ctx) => ctx.invoke(level, depth)), parts: [level, leaf] };
    });
    const naive = await metered((work) => {
      const level = fn("law/level", async (ctx, left: number): Promise<number> => {
        if (left > 0) return ctx.get(ctx.invoke(level, left - 1));
        await work(ms);
        return ms;
      });
      return { main: fn("law/main", (ctx) => ctx.invoke(level, depth)), parts: [level] };
    });
    expect(split.bill).toMatchObject({ billedNs: toNs(ms), blockedNs: 0, beta: 1, final: true });
    expect(naive.bill).toMatchObject({
      billedNs: (depth + 1) * toNs(ms),
      blockedNs: depth * toNs(ms),
      final: true,
    });
  },
);

law(
  "parked time is not billed, and is reported once for each handler that handed a future back",
  [fc.nat(100_000), fc.integer({ min: 1, max: 5 })],
  async (ms, depth) => {
    const { bill, parkedMs } = await metered(() => {
      const level = fn("law/level", (ctx, left: number): Future<unknown> =>
        left === 1 ? ctx.sleep(ms) : ctx.invoke(level, left - 1),
      );
      return { main: fn("law/main", (ctx) => ctx.all([ctx.invoke(level, depth)])), parts: [level] };
    });
    expect(bill).toMatchObject({ billedNs: 0, beta: 1, runs: depth + 1, final: true });
    expect(parkedMs).toBe((depth + 1) * ms);
  },
);

law(
  "every attempt counts, including failures and unawaited work",
  [duration, duration, fc.integer({ min: 1, max: 4 })],
  async (ms, ignored, attempts) => {
    const { bill } = await metered((work) => {
      const other = worker(work);
      const flaky = fn(
        "law/flaky",
        { retry: { maxAttempts: 4, initialDelay: 10 } },
        async (ctx) => {
          await work(ms);
          if (ctx.attempt < attempts) throw new Error("again");
        },
      );
      const failing = fn("law/failing", async () => {
        await work(ms);
        throw new Error("always");
      });
      const main = fn("law/main", (ctx) => {
        ctx.invoke(other, ignored);
        return ctx.allSettled([ctx.invoke(flaky), ctx.invoke(failing)]);
      });
      return { main, parts: [other, flaky, failing] };
    });
    expect(bill).toMatchObject({
      billedNs: (attempts + 1) * toNs(ms) + toNs(ignored),
      blockedNs: 0,
      runs: attempts + 3,
      final: true,
    });
  },
);

/** The split build never blocks a handler, so a longer leaf adds only its own time to the bill. */
law(
  "a slower leaf adds exactly its extra time to the bill of the split flow",
  [flows({ without: ["race", "any", "timeout", "wait"] }), fc.integer({ min: 1, max: 9 })],
  async (program, factor) => {
    const slower = JSON.parse(
      JSON.stringify(program, (name, each: unknown) =>
        name === "ms" ? Number(each) * factor : each,
      ),
    ) as FlowProgram;
    const [one, other] = [await runFlow(splitFlow, program), await runFlow(splitFlow, slower)];
    expect(other.bill.billedMs).toBe(one.bill.billedMs * factor);
    expect(other.outcome).toEqual(one.outcome);
  },
);
