import type { Context, Future, FutureHandle, Settlement } from "handback";
import { fn } from "handback";
import { schedules, simulate } from "handback/testing";
import fc from "fast-check";
import { expect } from "vitest";
import type { FlowProgram } from "../../src/testing/flows/program.ts";
import { splitFlow } from "../../src/testing/flows/split.ts";
import { flows } from "../../src/testing/flows/flows.ts";
import { referenceFlow } from "../../src/testing/flows/reference.ts";
import { onMemory, onPoorestLosing } from "../conformance/host.ts";
import { boundMs, runFlow, workUnless } from "./support/flow-run.ts";
import { law } from "./support/law.ts";
import { ending } from "./support/values.ts";
import type { World } from "./support/world.ts";
import { inWorld } from "./support/world.ts";

const HOUR_MS = 3_600_000;

function leavesOf(program: FlowProgram): readonly number[] {
  return [...JSON.stringify(program).matchAll(/"index":(\d+)/g)].map(([, index]) => Number(index));
}

/**
 * Kinds of steps that continue after a cancellation: cleanup, and work that may still be needed.
 */
const GOES_ON = ["recover", "handle", "wait"] as const;

law(
  "losing branches of a decided race start no new leaves",
  [
    fc.array(flows({ without: GOES_ON, maxDepth: 2 }), { minLength: 2, maxLength: 3 }),
    fc.constantFrom("race", "any", "timeout"),
  ],
  async (parts, kind) => {
    const numbered = renumbered({ kind: "parallel", parts });
    const branches = numbered.kind === "parallel" ? numbered.parts : [];
    const [first = { kind: "sleep", ms: 1 } as const] = branches;
    const program: FlowProgram =
      kind === "timeout"
        ? { kind, part: first, ms: Math.ceil(referenceFlow(first, null).tookMs / 2) }
        : { kind, parts: branches };
    const expected = referenceFlow(program, null);
    fc.pre(expected.certain);
    const { calls, tookMs, outcome } = await runFlow(splitFlow, program);
    expect({ outcome, tookMs }).toEqual({ outcome: expected.outcome, tookMs: expected.tookMs });
    const winners = new Set(
      branches
        .filter(
          (branch) =>
            kind !== "timeout" &&
            referenceFlow(branch, null).tookMs === tookMs &&
            "value" in outcome,
        )
        .flatMap(leavesOf),
    );
    const lateLosers = calls.filter(({ leaf, atMs }) => atMs > tookMs && !winners.has(leaf));
    // A part that was in time is no loser.
    if (kind !== "timeout" || "failure" in outcome) expect(lateLosers).toEqual([]);
  },
  { runs: 300 },
);

/** Gives leaves of several programs different indexes and durations. */
function renumbered(program: FlowProgram): FlowProgram {
  let [index, prime] = [0, 0];
  const PRIMES = [
    101, 211, 307, 401, 503, 601, 701, 809, 907, 1009, 1103, 1201, 1301, 1409, 1511, 1601, 1709,
    1801, 1901, 2003,
  ];
  const walk = (value: unknown, name = ""): unknown => {
    if (name === "index") return index++;
    if (name === "ms" || name === "timeoutMs")
      return (PRIMES[prime % PRIMES.length] ?? 1) * 2 + prime++;
    if (Array.isArray(value)) return value.map((each) => walk(each));
    return typeof value === "object" && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each, key)]))
      : value;
  };
  return walk(program) as FlowProgram;
}

/** Kinds of pending work for a future. */
type Parked =
  | { readonly kind: "sleep" | "promise" | "event" | "call" | "slept call" }
  | {
      readonly kind: "all" | "allSettled" | "race" | "any" | "wait" | "value" | "input";
      readonly parts: readonly Parked[];
    }
  | {
      readonly kind: "continued" | "settled" | "timeout" | "nested" | "handle";
      readonly part: Parked;
    };

const { parked } = fc.letrec<{ parked: Parked }>((tie) => {
  const parts = fc.array(tie("parked"), { minLength: 1, maxLength: 3 });
  return {
    parked: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.record({ kind: fc.constantFrom("sleep", "promise", "event", "slept call") }),
      fc.record({
        kind: fc.constantFrom("all", "allSettled", "race", "any", "wait", "value", "input"),
        parts,
      }),
      fc.record({
        kind: fc.constantFrom("continued", "settled", "timeout", "nested"),
        part: tie("parked"),
      }),
    ),
  };
});

function parking() {
  const ran: unknown[] = [];
  const cleaned: string[] = [];
  const witness = fn("law/witness", (_, input: unknown) => void ran.push(input));
  const clean = fn(
    "law/clean",
    (_, { status, ...rest }: Settlement<unknown>) =>
      void cleaned.push("reason" in rest ? String(rest.reason.code) : status),
  );
  const nested = fn("law/nested", (ctx, part: Parked) => park(ctx, part));
  const park = (ctx: Context, part: Parked): Future<unknown> => {
    switch (part.kind) {
      case "sleep":
        return ctx.sleep(HOUR_MS);
      case "promise":
        return ctx.promise();
      case "event":
        return ctx.event("e");
      case "call":
        return ctx.invoke(witness, "called");
      case "slept call":
        return ctx.invoke(witness, "late", { after: [ctx.sleep(HOUR_MS)] });
      case "all":
        return ctx.all(part.parts.map((each) => park(ctx, each)));
      case "allSettled":
        return ctx.allSettled(part.parts.map((each) => park(ctx, each)));
      case "race":
        return ctx.race(part.parts.map((each) => park(ctx, each)));
      case "any":
        return ctx.any(part.parts.map((each) => park(ctx, each)));
      case "wait":
        return ctx.wait(part.parts.map((each) => park(ctx, each)));
      case "value":
        return ctx.resolved({ parts: part.parts.map((each) => park(ctx, each)) });
      case "input":
        return ctx.invoke(
          witness,
          part.parts.map((each) => park(ctx, each)),
        );
      case "continued":
        return ctx.onComplete(park(ctx, part.part), witness);
      case "settled":
        return ctx.onSettled(park(ctx, part.part), clean);
      case "timeout":
        return ctx.timeout(park(ctx, part.part), 2 * HOUR_MS);
      case "nested":
        return ctx.invoke(nested, part.part);
      case "handle":
        return ctx.future(park(ctx, part.part).handle());
    }
  };
  return { ran, cleaned, park, functions: [witness, clean, nested] };
}

/** Counts the cleanups of pending work. */
function cleanUps(part: Parked): number {
  const below =
    "parts" in part
      ? part.parts.reduce((sum, each) => sum + cleanUps(each), 0)
      : "part" in part
        ? cleanUps(part.part)
        : 0;
  return below + (part.kind === "settled" ? 1 : 0);
}

const ends = fc.constantFrom("race", "any", "timeout", "ctx.cancel", "client.cancel");

law(
  "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  [parked, ends],
  (given, how) =>
    inWorld(async (world) => {
      const { park, ran, functions } = parking();
      const wake = fn("law/wake", () => "woken");
      const main = fn("law/main", (ctx): Future<unknown> => {
        const loser = park(ctx, given);
        const soon = ctx.onComplete(ctx.sleep(5), wake);
        if (how === "race") return ctx.race([loser, soon]);
        if (how === "any") return ctx.any([soon, loser]);
        if (how === "timeout") return ctx.timeout(loser, 5);
        if (how === "client.cancel") return ctx.all([loser, ctx.sleep(10 * HOUR_MS)]);
        ctx.cancel(loser);
        return ctx.allSettled([loser, soon]);
      });
      const client = await world.start([main, wake, ...functions], { retention: 1 });
      const flow = await client.start(main, undefined, { id: "f" });
      await world.clock.advance(5);
      if (how === "client.cancel") expect(await client.cancel(flow)).toBe(true);
      await world.clock.quiet();
      expect((await flow.status()).status).toBe(
        how === "client.cancel" ? "cancelled" : how === "timeout" ? "failed" : "completed",
      );
      expect(world.messages).toBe(0);
      await world.clock.advance(3 * 60_000);
      expect(world.store.count().state).toBe(0);
      await world.clock.advance(2 * HOUR_MS);
      expect(ran).toEqual([]);
    }),
);

law(
  "`onSettled` runs once for each canceled future, and gets the cancellation",
  [parked, ends],
  (given, how) =>
    inWorld(async (world) => {
      const { park, cleaned, functions } = parking();
      const main = fn("law/main", (ctx): Future<unknown> => {
        // The first future must exist before it can be canceled.
        const loser = park(ctx, given);
        if (how === "race") return ctx.race([loser, ctx.sleep(5)]);
        if (how === "any") return ctx.any([ctx.sleep(5), loser]);
        if (how === "timeout") return ctx.timeout(loser, 5);
        if (how === "client.cancel") return ctx.all([loser, ctx.sleep(10 * HOUR_MS)]);
        return ctx.all([ctx.onComplete(ctx.sleep(5), cancel, loser.handle()), loser]);
      });
      const cancel = fn(
        "law/cancel",
        (ctx, { args }: { result: void; args: ReturnType<Future<unknown>["handle"]> }) =>
          ctx.cancel(ctx.future(args)),
      );
      const client = await world.start([main, cancel, ...functions]);
      const flow = await client.start(main, undefined, { id: "f" });
      await world.clock.advance(5);
      if (how === "client.cancel") await client.cancel(flow);
      await world.clock.advance(10);
      expect(cleaned.length).toBe(cleanUps(given));
    }),
);

law(
  "`client.cancel` cancels a flow at once, whatever it does, and only once",
  [flows({ without: ["recover"] }), fc.double({ min: 0, max: 1, noNaN: true })],
  (program, part) =>
    inWorld(async (world) => {
      const { tookMs } = referenceFlow(program, null);
      const begun: number[] = [];
      const { run, functions } = splitFlow({
        work: (ms, signal) => workUnless(world.clock.work(ms), signal),
        onLeaf: () => void begun.push(world.nowMs),
      });
      const client = await world.start(functions);
      const flow = await client.start(run, { program, input: null }, { id: "f" });
      const atMs = Math.floor(part * tookMs);
      await world.clock.advance(atMs);
      const before = await flow.status();
      const cancelled = await client.cancel(flow);
      const { status, settledAt } = await flow.status();
      expect(cancelled).toBe(before.status === "pending");
      expect(status).toBe(cancelled ? "cancelled" : before.status);
      if (cancelled) {
        expect(settledAt).toBe(world.clock.now());
        await expect(flow.result()).rejects.toMatchObject({ code: "CANCELLED" });
      }
      expect(await client.cancel(flow)).toBe(false);
      await world.clock.advance(boundMs(program));
      expect(await flow.status()).toMatchObject({ status, settledAt });
      if (cancelled) {
        expect(Math.max(0, ...begun)).toBeLessThanOrEqual(atMs);
        expect(world.messages).toBe(0);
      }
      expect(await client.bill("f")).toMatchObject({ beta: 1, final: true });
    }),
);

law(
  "a losing wait for an event takes none: each event goes to a waiter that still waits",
  [
    fc.array(
      fc.record({
        kind: fc.constantFrom("signal", "race", "wait"),
        ms: fc.nat(20),
        losesAfterMs: fc.integer({ min: 1, max: 10 }),
      }),
      { maxLength: 12 },
    ),
  ],
  (moves) =>
    inWorld(async (world) => {
      const got: unknown[] = [];
      const take = fn(
        "law/take",
        (_, event: unknown) => void (event === undefined || got.push(event)),
      );
      const wait = fn(
        "law/wait",
        (ctx, { args: losesAfterMs }: { result: void; args: number }): Future<unknown> => {
          const event = ctx.event("e");
          return ctx.onComplete(
            losesAfterMs === 0 ? event : ctx.race([event, ctx.sleep(losesAfterMs)]),
            take,
          );
        },
      );
      const main = fn("law/main", (ctx) =>
        ctx.all([
          ...moves.flatMap(({ kind, ms, losesAfterMs }) =>
            kind === "signal"
              ? []
              : [ctx.onComplete(ctx.sleep(ms), wait, kind === "race" ? losesAfterMs : 0)],
          ),
          ctx.sleep(1000),
        ]),
      );
      const drain = fn("law/drain", (ctx) => ctx.event("never"));
      const client = await world.start([main, wait, take, drain]);
      await client.start(main, undefined, { id: "f" });
      const signals = moves.filter(({ kind }) => kind === "signal").toSorted((a, b) => a.ms - b.ms);
      // Between two milliseconds, so that the waiters are certain.
      await world.at(
        signals.map(({ ms }, n) => ({ ms: ms + 0.5, happens: () => client.signal("f", "e", n) })),
      );
      await world.clock.advance(100);
      expect(got).toEqual(Array.from({ length: served(moves) }, (_, n) => n));
    }),
);

/** Computes the number of delivered events, in order of time. */
function served(
  moves: readonly { readonly kind: string; readonly ms: number; readonly losesAfterMs: number }[],
): number {
  const waiters = moves.flatMap(({ kind, ms, losesAfterMs }) =>
    kind === "signal" ? [] : [{ from: ms, to: kind === "race" ? ms + losesAfterMs : Infinity }],
  );
  const instants = [
    ...moves
      .filter(({ kind }) => kind === "signal")
      .map(({ ms }) => ({ at: ms + 0.5, event: true })),
    ...waiters.map((waiter) => ({ at: waiter.from, waiter })),
  ];
  let [kept, taken] = [0, 0];
  const waiting: { from: number; to: number }[] = [];
  for (const instant of instants.toSorted((a, b) => a.at - b.at)) {
    while (waiting[0] !== undefined && waiting.some((each) => each.to < instant.at))
      waiting.splice(
        waiting.findIndex((each) => each.to < instant.at),
        1,
      );
    if ("waiter" in instant) waiting.push(instant.waiter);
    else kept++;
    if (kept > 0 && waiting.length > 0) {
      kept--;
      taken++;
      waiting.shift();
    }
  }
  return taken;
}

law(
  "a cancel that races a timer, a settlement or an event has exactly one winner",
  [
    fc.constantFrom("timer", "settle", "event", "handler"),
    schedules({ maxCrashes: 0 }),
    fc.constantFrom(0, 5, 10),
  ],
  async (rival, schedule, atMs) => {
    const run = await simulate(
      {
        schedule,
        functions: ({ work }) => [fn("law/fired", () => "fired"), raced(rival, work)],
      },
      async (t) => {
        const main = raced(rival, async () => undefined);
        const flow = await t.client.start(main, undefined, { id: "f" });
        await t.advance(atMs);
        const { custom } = await flow.status();
        const [cancelled] = await Promise.all([
          t.client.cancel(flow),
          rival === "settle" && typeof custom === "string"
            ? ending(t.client.settle(custom, "settled"))
            : undefined,
          rival === "event" ? ending(t.client.signal(flow, "e", "event")) : undefined,
        ]);
        await t.idle("1h");
        return {
          cancelled,
          outcome: await ending(flow.result()),
          status: (await flow.status()).status,
        };
      },
    );
    const { cancelled, outcome, status } = run.result;
    expect(status).toBe(cancelled ? "cancelled" : "completed");
    expect(outcome).toEqual(
      cancelled ? { code: "CANCELLED", why: expect.anything() } : { value: expect.anything() },
    );
  },
);

function raced(rival: string, work: (ms: number) => Promise<void>) {
  return fn("law/raced", async (ctx): Promise<unknown> => {
    if (rival === "timer") return { slept: ctx.sleep(5), at: 1 };
    if (rival === "event") return ctx.event("e");
    if (rival === "handler") {
      await work(5);
      return "done";
    }
    const promise = ctx.promise();
    ctx.setStatus(promise.token);
    return promise;
  });
}

law(
  "canceling a future cancels the work that only it needs, and no work that others need",
  [fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }), fc.boolean()],
  (shared, viaCell) =>
    inWorld(async (world) => {
      const ran: number[] = [];
      const step = fn("law/step", (_, { args }: { result: void; args: number }) => {
        ran.push(args);
        return args;
      });
      const main = fn("law/main", (ctx) => {
        const parts = shared.map((_, n) => ctx.onComplete(ctx.sleep(10), step, n));
        const cancelled = ctx.all(
          viaCell
            ? parts.map((part, n) => (shared[n] === true ? part : ctx.onComplete(part, same)))
            : parts,
        );
        const kept = ctx.all(parts.filter((_, n) => shared[n] === true));
        ctx.cancel(cancelled);
        return ctx.allSettled([cancelled, kept]);
      });
      const same = fn("law/same", (_, value: number) => value);
      const client = await world.start([main, step, same]);
      const expected = shared.flatMap((isShared, n) => (isShared ? [n] : []));
      expect(await client.call(main)).toMatchObject([
        { status: "rejected", reason: { code: "CANCELLED" } },
        { status: "fulfilled", value: expected },
      ]);
      await world.clock.advance(100);
      expect(ran).toEqual(expected);
      expect(world.messages).toBe(0);
    }),
);

law(
  "a canceled future stays canceled for all holders, on every engine, even if its work continues and ends",
  [
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 20 }),
    fc.integer(),
    fc.constantFrom(onMemory, onPoorestLosing(0)),
  ],
  async (worksMs, cancelledMs, seed, engine) => {
    fc.pre(worksMs !== cancelledMs);
    const begin = fn("law/begin", (ctx) => ({ work: ctx.invoke(worker).handle() }));
    const worker = fn("law/worker", async () => {
      await host.clock.work(worksMs);
      return "done";
    });
    const follow = fn("law/follow", (ctx, handle: FutureHandle<string>) => ctx.future(handle));
    const cancel = fn("law/cancel", (ctx, handle: FutureHandle<string>) =>
      ctx.cancel(ctx.future(handle)),
    );
    const host = await engine.start([begin, worker, follow, cancel], {}, seed);
    try {
      const { work } = await host.client.call(begin);
      const early = await host.client.start(follow, work);
      await host.clock.advance(cancelledMs);
      await host.client.call(cancel, work);
      await host.clock.advance(100);
      const expected =
        worksMs < cancelledMs ? { value: "done" } : { code: "CANCELLED", why: expect.anything() };
      expect(await ending(early.result())).toEqual(expected);
      expect(await ending(host.client.call(follow, work))).toEqual(expected);
    } finally {
      await host.close();
    }
  },
);

law(
  "the signal of a running handler is aborted at the instant of its cancellation",
  [fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }), ends],
  (worksMs, cancelledMs, how) =>
    inWorld(async (world: World) => {
      fc.pre(worksMs !== cancelledMs && how !== "ctx.cancel");
      const told: number[] = [];
      const worker = fn("law/worker", async (ctx) => {
        ctx.signal.addEventListener("abort", () => told.push(world.nowMs));
        await world.clock.work(worksMs);
        return "done";
      });
      const main = fn("law/main", (ctx): Future<unknown> => {
        const work = ctx.invoke(worker);
        if (how === "timeout") return ctx.timeout(work, cancelledMs);
        if (how === "client.cancel") return work;
        return how === "race"
          ? ctx.race([work, ctx.sleep(cancelledMs)])
          : ctx.any([ctx.sleep(cancelledMs), work]);
      });
      const client = await world.start([main, worker]);
      const flow = await client.start(main, undefined, { id: "f" });
      await world.clock.advance(cancelledMs);
      if (how === "client.cancel") await client.cancel(flow);
      await world.clock.advance(50);
      expect(told).toEqual(worksMs < cancelledMs ? [] : [cancelledMs]);
    }),
);

law(
  "a timeout cancels its overdue work, even if its outcome is not consumed",
  [fc.constantFrom("sent", "ignored", "cleaning up"), fc.integer({ min: 1, max: 20 })],
  (where, ms) =>
    inWorld(async (world: World) => {
      const told: number[] = [];
      const worker = fn("law/worker", async (ctx) => {
        ctx.signal.addEventListener("abort", () => told.push(world.nowMs));
        await world.clock.work(1000);
      });
      const guarded = fn("law/guarded", (ctx, _: unknown) => ctx.timeout(ctx.invoke(worker), ms));
      const main = fn("law/main", (ctx): unknown => {
        if (where === "sent") return ctx.send(guarded, null);
        if (where === "cleaning up")
          return ctx.race([ctx.onSettled(ctx.sleep(5000), guarded), ctx.resolved("won")]);
        ctx.timeout(ctx.invoke(worker), ms);
        return "ignored";
      });
      const client = await world.start([main, guarded, worker]);
      await client.call(main);
      await world.clock.advance(2000);
      expect(told).toEqual([ms]);
    }),
  { runs: 40 },
);
