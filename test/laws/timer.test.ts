import { fn, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "./support/law.ts";
import { inWorld } from "./support/world.ts";

const WAYS = ["sleep", "sleepUntil", "send", "wait"] as const;

/** Sets timers, restarts the engine meanwhile, and checks which timers fire and when. */
function assertTimers(
  timers: readonly { readonly ms: number; readonly how: (typeof WAYS)[number] }[],
  stops: readonly number[],
): Promise<void> {
  return inWorld(async (world) => {
    const fired: { which: number; atMs: number }[] = [];
    const ring = fn(
      "law/ring",
      (_, which: number) => void fired.push({ which, atMs: world.nowMs }),
    );
    const awake = fn("law/awake", (ctx, { args }: { result: unknown; args: number }) =>
      ctx.invoke(ring, args),
    );
    const main = fn("law/main", (ctx) => {
      for (const [which, { ms, how }] of timers.entries()) {
        if (how === "sleep") ctx.onComplete(ctx.sleep(ms), awake, which);
        else if (how === "sleepUntil") ctx.onComplete(ctx.sleepUntil(ctx.now() + ms), awake, which);
        else if (how === "wait")
          ctx.onComplete(ctx.wait([ctx.promise()], { timeout: ms }), awake, which);
        else ctx.send(ring, which, { delay: ms });
      }
    });
    const functions = [main, ring, awake];
    const client = await world.start(functions, { retention: "365d" });
    await client.call(main);
    await world.at(
      stops.map((ms) => ({ ms, happens: () => world.start(functions, { retention: "365d" }) })),
    );
    await world.at([{ ms: 1 + Math.max(...timers.map(({ ms }) => ms)), happens: () => undefined }]);
    const byTimer = fired.toSorted((one, other) => one.which - other.which);
    expect(byTimer.map(({ which }) => which)).toEqual(timers.map((_, which) => which));
    for (const { which, atMs } of byTimer) expect(atMs).toBe(timers[which]?.ms);
    if (timers.every(({ how }) => how !== "wait")) expect(world.messages).toBe(0);
  });
}

const timersOf = (delay: fc.Arbitrary<number>) =>
  fc.array(fc.record({ ms: delay, how: fc.constantFrom(...WAYS) }), { minLength: 1, maxLength: 8 });
/** At least one restart, after which all timers are too far away to be held in memory. */
const stopsFarFrom = (ms: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: ms - 120_000 }), { minLength: 1, maxLength: 3 });
const stopsUntil = (ms: number): fc.Arbitrary<number[]> => fc.array(fc.nat(ms), { maxLength: 3 });

law(
  "timers: none early, none lost, none twice, over restarts",
  [timersOf(fc.oneof(fc.nat(50), fc.nat(100_000))), fc.oneof(stopsUntil(60), stopsUntil(100_000))],
  assertTimers,
);

law(
  "timers longer than 2^31 ms: none early, none lost, none twice",
  [
    timersOf(fc.integer({ min: -1, max: 2 }).map((ms) => 2 ** 31 + ms)),
    stopsFarFrom(2 ** 31),
    stopsUntil(2 ** 31),
  ],
  async (timers, far, any) => {
    await assertTimers(timers, far);
    await assertTimers(timers, any);
  },
  { runs: 2 },
);

law(
  "a timer that is due while nothing runs fires at the next start",
  [fc.nat(1000), fc.nat(1000)],
  (ms, downMs) =>
    inWorld(async (world) => {
      const fired: number[] = [];
      const ring = fn("law/ring", (_) => void fired.push(world.nowMs));
      const main = fn("law/main", (ctx) => ctx.send(ring, undefined, { delay: ms }));
      const client = await world.start([main, ring]);
      await client.call(main);
      if (ms > 0) await world.stop();
      await world.clock.advance(downMs);
      await world.start([main, ring]);
      await world.clock.advance(2000);
      expect(fired).toEqual([ms === 0 ? 0 : Math.max(ms, downMs)]);
    }),
);

law(
  "a token names one pending message: it is delivered, replaced or canceled, and no other is",
  [
    fc.array(
      fc.record({
        kind: fc.constantFrom("send", "cancel"),
        token: fc.constantFrom("a", "b"),
        ms: fc.nat(30),
        pauseMs: fc.nat(15),
      }),
      { maxLength: 10 },
    ),
  ],
  (moves) =>
    inWorld(async (world) => {
      const got: (readonly [number, number])[] = [];
      const receive = fn("law/receive", (_, which: number) => void got.push([which, world.nowMs]));
      const sender = stateful("law/sender", {
        state: { n: value(0) },
        handlers: {
          send: (ctx, { which, ms, token }: { which: number; ms: number; token: string }) =>
            ctx.send(receive, which, { delay: ms, token }),
          cancel: (ctx, token: string) => ctx.cancelSend(token),
        },
      });
      const client = await world.start([sender, receive]);
      const expected: (readonly [number, number])[] = [];
      const pending = new Map<string, readonly [number, number]>();
      const elapse = (): void => {
        for (const [token, each] of pending) {
          if (each[1] > world.nowMs) continue;
          expected.push(each);
          pending.delete(token);
        }
      };
      for (const [which, { kind, token, ms, pauseMs }] of moves.entries()) {
        if (kind === "cancel") {
          await client.call(sender.cancel, token, { id: "s" });
          pending.delete(token);
        } else {
          await client.call(sender.send, { which, ms, token }, { id: "s" });
          pending.set(token, [which, world.nowMs + ms]);
        }
        elapse();
        await world.clock.advance(pauseMs);
        elapse();
      }
      await world.clock.advance(100);
      expected.push(...pending.values());
      const byTime = (one: readonly [number, number], other: readonly [number, number]): number =>
        one[1] - other[1] || one[0] - other[0];
      expect(got.toSorted(byTime)).toEqual(expected.toSorted(byTime));
    }),
);
