import { fn, memory, stateful, value } from "handback";
import type { Context, Future } from "handback";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import {
  assertRejects,
  assertThrows,
  assertUnharmed,
  echo,
  openEngine,
  wrong,
} from "./open-engine.ts";

const DAY = 86_400_000;
/** One more than the longest delay of a machine's timer, which would fire after 1 ms. */
const TOO_LONG_FOR_A_TIMER = 2 ** 31;

/** Invalid durations. */
const BAD_DURATIONS: readonly unknown[] = [
  -1,
  -0.001,
  "-1s",
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  null,
  "",
  "5",
  "5 s",
  "soon",
  {},
  [],
  [5],
  true,
  5n,
  new Date(0),
  new Date(Number.NaN),
  8.64e15,
  Number.MAX_VALUE,
];

/** Invalid instants. */
const BAD_INSTANTS: readonly unknown[] = [
  undefined,
  null,
  "2030-01-01",
  "5",
  {},
  true,
  5n,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  8.64e15 + 1,
  new Date(Number.NaN),
];

const box = stateful("time/box", {
  state: { n: value(0) },
  handlers: {
    expire(ctx, duration: unknown) {
      ctx.send(echo, "leaves only with the rest");
      ctx.state.n = 1;
      ctx.expireAfter(wrong(duration));
    },
    set: (ctx, n: number) => (ctx.state.n = n),
  },
});

/** Each method that takes a duration, with an invalid one. */
const CALLS: Readonly<Record<string, (ctx: Context, bad: never) => unknown>> = {
  sleep: (ctx, bad) => ctx.sleep(bad),
  send: (ctx, bad) => ctx.send(echo, 1, { delay: bad }),
  "send with a token": (ctx, bad) => ctx.send(echo, 1, { delay: bad, token: "t" }),
  wait: (ctx, bad) => ctx.wait([ctx.invoke(echo, 1)], { timeout: bad }),
};

/**
 * Calls one of them, after a send that only a successful handler delivers. The value comes from a
 * list, because it cannot be passed.
 */
function newCaller(values: readonly unknown[], calls = CALLS) {
  return fn("time/caller", (ctx, { call, index }: { call: string; index: number }): unknown => {
    ctx.send(echo, "leaves only with the rest");
    return calls[call]?.(ctx, wrong(values[index]));
  });
}

describe.each(BAD_DURATIONS.map((bad, index) => [bad, index] as const))(
  "the duration %o",
  (bad, index) => {
    const caller = newCaller(BAD_DURATIONS);

    test("is INVALID_DELAY in every method of a handler, never immediate and never endless; nothing is sent or set", async () => {
      const world = await openEngine([caller, box]);
      for (const call of Object.keys(CALLS)) {
        const error = await assertRejects(
          world.client.call(caller, { call, index }),
          "INVALID_DELAY",
        );
        expect(error.message).toMatch(/of ctx\.\w+ is not valid: expected .*, got /);
      }
      // Values such as a Date can be passed on. Others are checked at the definition of an engine
      // or function.
      const direct = stateful("time/direct", {
        state: { n: value(0) },
        handlers: { expire: (ctx) => ctx.expireAfter(wrong(bad)) },
      });
      const other = await openEngine([direct], { store: memory() });
      await assertRejects(
        other.client.call(direct.expire, undefined, { id: "a" }),
        "INVALID_DELAY",
      );
      expect(world.engine.meter.function(echo.type).runs).toBe(0);
      await assertUnharmed(world);
      await assertUnharmed(other);
    });

    test("is INVALID_DELAY where functions, values and engines are defined", async () => {
      const duration = wrong(bad);
      const handlers = { go: () => 1 };
      for (const define of [
        () => fn("time/bad", { timeout: duration }, () => 1),
        () => fn("time/bad", { retry: { maxAttempts: 2, initialDelay: duration } }, () => 1),
        () => fn("time/bad", { retry: { maxAttempts: 2, maxDelay: duration } }, () => 1),
        () => stateful("time/bad", { state: {}, handlers, ageOut: duration }),
        () => stateful("time/bad", { state: {}, handlers, timeout: duration }),
        () => value(0, { expireAfterWrite: duration }),
        () => value(0, { expireAfterCall: duration }),
      ]) {
        assertThrows(define, "INVALID_DELAY");
      }
      await assertRejects(openEngine([], { retention: duration }), "INVALID_DELAY");
      await assertRejects(openEngine([], { ageOut: duration }), "INVALID_DELAY");
    });
  },
);

test.each(BAD_INSTANTS.map((bad, index) => [bad, index] as const))(
  "the instant %o is INVALID_DELAY for ctx.sleepUntil",
  async (_, index) => {
    const caller = newCaller(BAD_INSTANTS, { sleepUntil: (ctx, bad) => ctx.sleepUntil(bad) });
    const world = await openEngine([caller]);
    await assertRejects(world.client.call(caller, { call: "sleepUntil", index }), "INVALID_DELAY");
    expect(world.engine.meter.function(echo.type).runs).toBe(0);
    await assertUnharmed(world);
  },
);

test("a missing duration is INVALID_DELAY where one is required, and means none where it is optional", async () => {
  const none = fn("time/none", (ctx): Future<unknown> => {
    ctx.send(echo, 1, wrong({ delay: undefined }));
    return ctx.wait([ctx.invoke(echo, 1)], wrong({ timeout: undefined }));
  });
  const sleeper = fn("time/sleeper", (ctx) => ctx.sleep(wrong(undefined)));
  const defined = fn("time/defined", wrong({ timeout: undefined, retry: undefined }), () => 1);
  const world = await openEngine([none, sleeper, box, defined]);
  await assertRejects(world.client.call(sleeper), "INVALID_DELAY");
  await assertRejects(world.client.call(box.expire, undefined, { id: "a" }), "INVALID_DELAY");
  await assertRejects(world.client.readState(box, "a"), "NOT_FOUND");
  expect(await world.client.call(none)).toMatchObject({ ready: [{ value: 1 }], pending: [] });
  await expect.poll(() => world.engine.meter.function(echo.type).runs).toBe(2);
  await assertUnharmed(world);
});

describe("a delay that is longer than a machine's timer", () => {
  test.each([TOO_LONG_FOR_A_TIMER, 30 * DAY])(
    "(%d ms) is exact to the millisecond in every method that takes one, even over a restart",
    async (ms) => {
      const clock = new VirtualClock();
      const fired: Record<string, number> = {};
      const note = fn(
        "time/note",
        (ctx, what: string) => void (fired[what] = ctx.now() - VirtualClock.startAt),
      );
      const noteSettled = fn(
        "time/noteSettled",
        (ctx, { args }: { result: unknown; args: string }) => {
          ctx.send(note, args);
        },
      );
      const start = fn("time/start", (ctx) => {
        ctx.onSettled(ctx.sleep(ms), noteSettled, "sleep");
        ctx.onSettled(ctx.sleepUntil(ctx.now() + ms), noteSettled, "sleepUntil");
        ctx.onSettled(ctx.wait([ctx.promise()], { timeout: ms }), noteSettled, "wait");
        ctx.send(note, "send", { delay: ms });
        ctx.send(note, "token", { delay: ms, token: "t" });
      });
      const functions = [note, noteSettled, start];
      const world = await openEngine(functions, { clock, retention: "500d" });
      await clock.until(world.client.call(start));
      // With a restart meanwhile: the store contains the instant, not the remaining delay.
      await clock.advance(10 * DAY);
      const again = await world.restart(functions);
      await clock.advance(ms - 10 * DAY - 2);
      expect(fired).toEqual({});
      await clock.advance(1);
      expect(fired).toEqual({});
      await clock.advance(1);
      expect(fired).toEqual({ sleep: ms, sleepUntil: ms, wait: ms, send: ms, token: ms });
      await assertUnharmed(again);
      // The promise may still be settled or canceled.
      expect(again.store.count().watches).toBe(1);
    },
  );

  test("limits the life of state exactly: ctx.expireAfter, and the expiry of a value", async () => {
    const clock = new VirtualClock();
    const short = stateful("time/short", {
      state: { n: value(0), kept: value(0, { expireAfterWrite: 30 * DAY }) },
      handlers: {
        set(ctx, n: number) {
          ctx.state.n = n;
          ctx.state.kept = n;
          if (n > 1) ctx.expireAfter(60 * DAY);
        },
      },
    });
    const { client } = await openEngine([short], { clock });
    await clock.until(client.call(short.set, 2, { id: "a" }));
    await clock.until(client.call(short.set, 1, { id: "b" }));
    await clock.advance(30 * DAY - 1);
    expect(await client.readState(short, "a")).toEqual({ n: 2, kept: 2 });
    await clock.advance(1);
    expect(await client.readState(short, "a")).toEqual({ n: 2, kept: 0 });
    await clock.advance(30 * DAY - 1);
    expect(await client.readState(short, "a")).toEqual({ n: 2, kept: 0 });
    await clock.advance(1);
    await assertRejects(client.readState(short, "a"), "NOT_FOUND");
    expect(await client.readState(short, "b")).toEqual({ n: 1, kept: 0 });
  });

  test("limits the run of a handler exactly", async () => {
    const clock = new VirtualClock();
    const slow = fn("time/slow", { timeout: "30d" }, async (_, ms: number) => {
      await Array.from({ length: ms / DAY }).reduce<Promise<void>>(
        (before) => before.then(() => clock.work(DAY)),
        Promise.resolve(),
      );
      return "done";
    });
    const world = await openEngine([slow], { clock, retention: "500d" });
    expect(await clock.until(world.client.call(slow, 29 * DAY), 40 * DAY)).toBe("done");
    await assertRejects(
      clock.until(world.client.call(slow, 31 * DAY), 40 * DAY),
      "HANDLER_TIMEOUT",
    );
    expect(clock.now() - VirtualClock.startAt).toBe(59 * DAY);
    await clock.advance(2 * DAY);
    await assertUnharmed(world);
  });
});

describe("a delay", () => {
  const instant = fn("time/instant", (ctx) => ctx.now() - VirtualClock.startAt);
  const after = fn("time/after", (ctx, ms: number): Future<number> =>
    ctx.onSettled(ctx.sleep(ms), instantOf),
  );
  const until = fn("time/until", (ctx, at: number): Future<number> =>
    ctx.onSettled(ctx.sleepUntil(VirtualClock.startAt + at), instantOf),
  );
  const untilDate = fn("time/untilDate", (ctx, at: Date): Future<number> =>
    ctx.onSettled(ctx.sleepUntil(at), instantOf),
  );
  const instantOf = fn(
    "time/instantOf",
    (ctx, _settled: unknown) => ctx.now() - VirtualClock.startAt,
  );
  const functions = [instant, after, until, untilDate, instantOf];

  test.each([
    [0.001, 1],
    [0.999, 1],
    [1.5, 2],
    [1000.25, 1001],
  ])("of %d ms, with a fraction, is rounded up to %d: never early", async (ms, rounded) => {
    const clock = new VirtualClock();
    const { client } = await openEngine(functions, { clock });
    expect(await clock.until(client.call(after, ms))).toBe(rounded);
    const now = clock.now() - VirtualClock.startAt;
    expect(await clock.until(client.call(until, now + ms))).toBe(now + rounded);
  });

  test("until a past instant, or of no time, ends at once", async () => {
    const clock = new VirtualClock();
    const world = await openEngine(functions, { clock });
    expect(await world.client.call(until, -1)).toBe(0);
    expect(await world.client.call(until, -VirtualClock.startAt)).toBe(0);
    expect(await world.client.call(untilDate, new Date(-8.64e15))).toBe(0);
    expect(await world.client.call(after, 0)).toBe(0);
    expect(await world.client.call(until, 0)).toBe(0);
    await assertUnharmed(world);
  });

  test("that ends after the last instant of a Date is INVALID_DELAY, and at that instant is not", async () => {
    const clock = new VirtualClock();
    const world = await openEngine(functions, { clock });
    await assertRejects(
      world.client.call(after, 8.64e15 - VirtualClock.startAt + 1),
      "INVALID_DELAY",
    );
    await assertRejects(
      world.client.call(until, 8.64e15 - VirtualClock.startAt + 1),
      "INVALID_DELAY",
    );
    await assertUnharmed(world);
    await world.client.start(until, 8.64e15 - VirtualClock.startAt);
    await world.client.start(after, 8e15);
    await clock.quiet();
    expect(world.store.count()).toMatchObject({ messages: 0, delayed: 2 });
  });

  test("of no time for a wait: settled futures are ready, and the others are pending", async () => {
    const clock = new VirtualClock();
    const look = fn("time/look", (ctx): Future<unknown> => {
      const futures = [ctx.resolved("settled"), ctx.sleep("1h"), ctx.rejected("no"), ctx.promise()];
      return ctx.wait(futures, { timeout: 0 });
    });
    const world = await openEngine([look], { clock });
    expect(await world.client.call(look)).toMatchObject({
      ready: [
        { index: 0, status: "fulfilled", value: "settled" },
        { index: 2, status: "rejected" },
      ],
      pending: [{ index: 1 }, { index: 3 }],
    });
    expect(clock.now()).toBe(VirtualClock.startAt);
  });

  test("of no time for a handler abandons one that waits, but not one that ends without waiting", async () => {
    const clock = new VirtualClock();
    const swift = fn("time/swift", { timeout: 0 }, () => "done");
    const slow = fn("time/slow", { timeout: 0 }, () => clock.work(1));
    const world = await openEngine([swift, slow], { clock });
    expect(await world.client.call(swift)).toBe("done");
    await assertRejects(clock.until(world.client.call(slow)), "HANDLER_TIMEOUT");
    await clock.advance(1);
    await assertUnharmed(world);
  });
});
