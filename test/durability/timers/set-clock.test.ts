import fc from "fast-check";
import { embedded, fn, memory, stateful, value } from "handback";
import type { Embedded, EmbeddedOptions } from "handback";
import { describe, expect, onTestFinished, test } from "vitest";
import { HeldStore } from "../support/held-store.ts";
import { SettableClock } from "../support/settable-clock.ts";
import { journal } from "../support/started-engine.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The longest delay of a due message after the clock was set. */
const STEP_MS = MINUTE_MS;

const SETTINGS = [
  ["forward by an hour", HOUR_MS],
  ["forward by a day", DAY_MS],
  ["back by an hour", -HOUR_MS],
  ["back by a day", -DAY_MS],
] as const;

interface Alarm {
  readonly name: string;
  readonly ms: number;
  readonly token?: string;
}

interface Rung {
  readonly name: string;
  readonly dueAt: number;
  readonly at: number;
}

/** Rings at an instant, either by a message to itself or by sleeping. */
function makeBell() {
  const rung: Rung[] = [];
  const bell = stateful("test/bell", {
    state: {},
    handlers: {
      set(ctx, { name, ms, token }: Alarm): void {
        const told = { name, dueAt: ctx.now() + ms };
        ctx.send(bell.ring, told, {
          id: ctx.self.id,
          delay: ms,
          ...(token !== undefined && { token }),
        });
      },
      cancel: (ctx, token: string): void => ctx.cancelSend(token),
      ring: (ctx, told: Omit<Rung, "at">): void => void rung.push({ ...told, at: ctx.now() }),
    },
  });
  const wake = fn(
    "test/wake",
    (ctx, { args }: { result: void; args: Omit<Rung, "at"> }) =>
      void rung.push({ ...args, at: ctx.now() }),
  );
  const sleep = fn("test/sleep", (ctx, { name, ms }: Alarm) =>
    ctx.onComplete(ctx.sleep(ms), wake, { name, dueAt: ctx.now() + ms }),
  );
  return { bell, sleep, functions: [bell, sleep, wake], rung };
}

async function start(
  clock: SettableClock,
  options: Partial<EmbeddedOptions> & Pick<EmbeddedOptions, "functions">,
): Promise<Embedded> {
  const engine = await embedded({ store: memory(), ...options, clock });
  onTestFinished(() => clock.time.until(engine.close()));
  return engine;
}

describe("when the clock is set", () => {
  test.each(SETTINGS)(
    "%s, each timer rings once, never early by the new clock, and a minute late at most",
    async (_, byMs) => {
      const clock = new SettableClock();
      const { bell, sleep, functions, rung } = makeBell();
      const { client } = await start(clock, { functions });
      const delays = [
        1,
        10_000,
        29_000,
        31_000,
        5 * MINUTE_MS,
        59 * MINUTE_MS,
        61 * MINUTE_MS,
        DAY_MS,
        2 * DAY_MS,
      ];
      for (const ms of delays) {
        await client.start(sleep, { name: `sleep ${ms}`, ms });
        await client.start(bell.set, { name: `send ${ms}`, ms }, { id: "x" });
      }
      await clock.time.advance(5_000);
      clock.set(byMs);
      const setTo = clock.now();
      await clock.time.advance(4 * DAY_MS);
      expect(new Set(rung.map(({ name }) => name)).size).toBe(2 * delays.length);
      expect(rung).toHaveLength(2 * delays.length);
      expect(rung.filter(({ dueAt, at }) => at < dueAt)).toEqual([]);
      expect(rung.filter(({ dueAt, at }) => dueAt > setTo && at > dueAt + STEP_MS)).toEqual([]);
      expect(
        rung.filter(({ dueAt, at }) => dueAt <= setTo && at > Math.max(setTo, dueAt) + STEP_MS),
      ).toEqual([]);
    },
  );

  test.each(SETTINGS)("%s, a sleep that starts afterwards ends in time", async (_, byMs) => {
    const clock = new SettableClock();
    const { bell, sleep, functions, rung } = makeBell();
    const { client } = await start(clock, { functions });
    await client.start(sleep, { name: "before", ms: 7 * DAY_MS });
    await clock.time.advance(5_000);
    clock.set(byMs);
    await client.start(sleep, { name: "sleep", ms: 3_000 });
    await client.start(bell.set, { name: "send", ms: 3_000 }, { id: "x" });
    await clock.time.advance(3_000);
    const late = Object.fromEntries(rung.map(({ name, dueAt, at }) => [name, at - dueAt]));
    expect(late).toEqual({ sleep: 0, send: 0 });
  });

  test.each(SETTINGS)("%s, a handler gets its exact timeout", async (_, byMs) => {
    const clock = new SettableClock();
    const stuck = fn("test/stuck", { timeout: "5s" }, () => new Promise<void>(() => undefined));
    const { client } = await start(clock, { functions: [stuck] });
    const outcome = client.call(stuck).catch((error: unknown) => error);
    await clock.time.advance(1_000);
    clock.set(byMs);
    const before = clock.now();
    expect(await clock.time.until(outcome)).toMatchObject({ code: "HANDLER_TIMEOUT" });
    expect(clock.now() - before).toBe(4_000);
  });

  test("back by a day, messages due soon leave memory, and are loaded again when they are due soon again", async () => {
    const clock = new SettableClock();
    const { sleep, functions, rung } = makeBell();
    const read = new Set<number>();
    class WatchedStore extends HeldStore {
      override readDelayed(
        until: number,
        limit: number,
        after?: number,
      ): ReturnType<HeldStore["readDelayed"]> {
        const rows = super.readDelayed(until, limit, after);
        for (const { seq } of rows) read.add(seq);
        return rows;
      }
    }
    const store = new WatchedStore(memory(), () => Promise.resolve());
    const { client } = await start(clock, { functions, store });
    for (let n = 0; n < 100; n++) await client.start(sleep, { name: `${n}`, ms: 20_000 });
    await clock.time.advance(5_000);
    clock.set(-DAY_MS);
    await clock.time.advance(10 * MINUTE_MS);
    read.clear();
    for (let n = 100; n < 200; n++) await client.start(sleep, { name: `${n}`, ms: HOUR_MS });
    await clock.time.advance(58 * MINUTE_MS);
    expect(read.size).toBe(0);
    await clock.time.advance(3 * MINUTE_MS);
    expect({ read: read.size, rung: rung.length }).toEqual({ read: 100, rung: 100 });
    await clock.time.advance(DAY_MS);
    expect(new Set(rung.map(({ name }) => name)).size).toBe(200);
    expect(rung).toHaveLength(200);
  });

  test("retention follows the clock: set forward, settled flows are deleted at once; set back, they stay longer", async () => {
    const clock = new SettableClock();
    const journals = journal();
    const brief = stateful("test/brief", {
      ageOut: "1h",
      state: { n: value(0) },
      handlers: { add: (ctx) => ++ctx.state.n },
    });
    const store = memory();
    const { client } = await start(clock, { functions: [journals, brief], store, retention: "2h" });
    const rows = (): number => store.count().state;
    await client.call(brief.add, undefined, { id: "x", key: "first" });
    clock.set(-DAY_MS);
    expect(await client.call(brief.add, undefined, { id: "x", key: "second" })).toBe(2);
    await clock.time.advance(3 * HOUR_MS);
    expect(await client.call(journals.write, "a", { id: "x" })).toBe(1);
    expect((await client.status("first")).status).toBe("completed");
    await expect(client.status("second")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(client.readState(brief, "x")).rejects.toMatchObject({ code: "NOT_FOUND" });
    clock.set(2 * DAY_MS);
    await expect(client.status("first")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await clock.time.advance(2 * STEP_MS);
    expect(rows()).toBe(1);
  });

  test("at any time, by any amount and repeatedly, each alarm rings once unless it was canceled, and none rings early", async () => {
    const span = fc.oneof(
      fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }),
      fc.integer({ min: -MINUTE_MS, max: MINUTE_MS }),
    );
    const step = fc.oneof(
      fc.record({ do: fc.constant("set"), byMs: span } as const),
      fc.record({ do: fc.constant("pass"), ms: fc.integer({ min: 0, max: 3 * HOUR_MS }) } as const),
      fc.record({
        do: fc.constant("sleep"),
        ms: fc.integer({ min: 1, max: 2 * HOUR_MS }),
      } as const),
      fc.record({
        do: fc.constant("send"),
        ms: fc.integer({ min: 1, max: 2 * HOUR_MS }),
        token: fc.boolean(),
      } as const),
      fc.record({ do: fc.constant("cancel") } as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 20 }), async (steps) => {
        const clock = new SettableClock();
        const { bell, sleep, functions, rung } = makeBell();
        const engine = await embedded({ functions, store: memory(), clock });
        const promised = new Set<string>();
        let held: string | undefined;
        const heldHasRung = (): boolean => rung.some(({ name }) => name === held);
        for (const [at, act] of steps.entries()) {
          const name = `${at}`;
          if (act.do === "set") clock.set(act.byMs);
          else if (act.do === "pass") await clock.time.advance(act.ms);
          else if (act.do === "sleep") await engine.client.start(sleep, { name, ms: act.ms });
          else if (act.do === "cancel") await engine.client.call(bell.cancel, "t", { id: "x" });
          else
            await engine.client.call(
              bell.set,
              { name, ms: act.ms, ...(act.token && { token: "t" }) },
              { id: "x" },
            );
          const endsHeld = act.do === "cancel" || (act.do === "send" && act.token);
          await clock.time.quiet();
          if (endsHeld && held !== undefined && !heldHasRung()) promised.delete(held);
          if (act.do === "sleep" || act.do === "send") promised.add(name);
          if (endsHeld) held = act.do === "send" ? name : undefined;
        }
        clock.set(50 * DAY_MS);
        await clock.time.advance(2 * STEP_MS);
        expect(rung.map(({ name }) => name).sort()).toEqual([...promised].sort());
        expect(rung.filter(({ dueAt, at }) => at < dueAt)).toEqual([]);
        await clock.time.until(engine.close());
      }),
    );
  });
});
