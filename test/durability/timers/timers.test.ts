import { embedded, fn, memory, stateful } from "handback";
import type { Embedded, EmbeddedOptions } from "handback";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { Clock } from "../../../src/core/host/clock.ts";
import { CommitGate, HeldStore } from "../support/held-store.ts";
import type { Visible } from "../support/held-store.ts";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

const DAY_MS = 86_400_000;

interface Alarm {
  readonly name: string;
  readonly delay: number;
  readonly token?: string;
}

type Rung = readonly [name: string, afterMs: number];

/** Each message that reached a bell, with its time after the clock's start. */
const rung: Rung[] = [];

beforeEach(() => void rung.splice(0));

/** Sends itself delayed messages. */
const bell = stateful("test/bell", {
  state: {},
  handlers: {
    set(ctx, alarms: readonly Alarm[]): void {
      for (const { name, ...options } of alarms)
        ctx.send(bell.ring, name, { id: ctx.self.id, ...options });
    },
    cancel: (ctx, token: string): void => ctx.cancelSend(token),
    ring: (ctx, name: string) => void rung.push([name, ctx.now() - VirtualClock.startAt]),
  },
});

class Tower {
  readonly clock = new VirtualClock();
  readonly content = memory();
  /** The timers that are set now, and the number ever set. */
  readonly timers = { live: 0, set: 0 };
  #engine: Embedded | undefined;

  async start(options: Partial<EmbeddedOptions> = {}): Promise<void> {
    const clock: Clock = {
      now: () => this.clock.now(),
      monotonicNs: () => this.clock.monotonicNs(),
      setTimer: (delayMs, callback) => {
        this.timers.live++;
        this.timers.set++;
        let live = true;
        const over = (): void => {
          if (live) this.timers.live--;
          live = false;
        };
        const cancel = this.clock.setTimer(delayMs, () => (over(), callback()));
        return () => (over(), cancel());
      },
    };
    this.#engine = await embedded({ functions: [bell], store: this.content, clock, ...options });
    onTestFinished(() => this.close());
  }

  async close(): Promise<void> {
    if (this.#engine !== undefined) await this.clock.until(this.#engine.close());
  }

  set(...alarms: readonly Alarm[]): Promise<void> {
    return this.client.call(bell.set, alarms, { id: "b" });
  }

  get engine(): Embedded {
    if (this.#engine === undefined) throw new Error("not started");
    return this.#engine;
  }

  get client(): Embedded["client"] {
    return this.engine.client;
  }

  /** The messages that have arrived so far. */
  async rung(): Promise<readonly Rung[]> {
    await this.clock.quiet();
    return [...rung];
  }

  async names(): Promise<readonly string[]> {
    return (await this.rung()).map(([name]) => name);
  }
}

async function tower(options?: Partial<EmbeddedOptions>): Promise<Tower> {
  const made = new Tower();
  await made.start(options);
  return made;
}

test("a delayed message arrives at its instant, not a millisecond before", async () => {
  const t = await tower();
  await t.set(
    { name: "near", delay: 10 },
    { name: "window", delay: 30_000 },
    { name: "beyond", delay: 95_000 },
  );
  await t.clock.advance(9);
  expect(await t.rung()).toEqual([]);
  await t.clock.advance(29_990);
  expect(await t.rung()).toEqual([["near", 10]]);
  await t.clock.advance(65_000);
  expect(await t.rung()).toEqual([near, ["window", 30_000]]);
  await t.clock.advance(1);
  expect(await t.rung()).toEqual([near, ["window", 30_000], ["beyond", 95_000]]);
});

const near = ["near", 10] as const;

test("delays of more than 2^31 ms and of thirty years survive restarts", async () => {
  const t = await tower();
  const [far, farther] = [2 ** 31 + 5, 30 * 365 * DAY_MS];
  await t.set({ name: "far", delay: far }, { name: "farther", delay: farther });
  await t.close();
  // Both are in the distant future when the engine starts again, so it must read them from the
  // store later.
  await t.clock.advance(DAY_MS);
  await t.start();
  await t.clock.advance(far - 1 - DAY_MS);
  expect(await t.rung()).toEqual([]);
  await t.clock.advance(1);
  expect(await t.rung()).toEqual([["far", far]]);
  await t.close();
  await t.clock.advance(farther - far);
  await t.start();
  await t.clock.advance(1);
  expect(await t.rung()).toEqual([
    ["far", far],
    ["farther", farther],
  ]);
});

test("timers of the clock that fire too early or too late make no message early or lost", async () => {
  const clock = new VirtualClock();
  let early = false;
  const sloppy: Clock = {
    now: () => clock.now(),
    monotonicNs: () => clock.monotonicNs(),
    setTimer(delayMs, callback) {
      early = !early;
      return clock.setTimer(Math.max(0, delayMs + (early ? -1 : 3)), callback);
    },
  };
  const engine = await embedded({ functions: [bell], store: memory(), clock: sloppy });
  onTestFinished(() => clock.until(engine.close()));
  const alarms = Array.from({ length: 20 }, (_, n) => ({ name: `${n}`, delay: 100 * n + 1 }));
  await engine.client.call(bell.set, alarms, { id: "b" });
  await clock.advance(4_000);
  expect(rung.map(([name]) => name)).toEqual(alarms.map(({ name }) => name));
  for (const [at, [, afterMs]] of rung.entries())
    expect(afterMs).toBeGreaterThanOrEqual(100 * at + 1);
});

test("delayed messages in memory are not read from the store again", async () => {
  const [clock, store] = [new VirtualClock(), memory()];
  const read = store.readDelayed.bind(store);
  let rows = 0;
  store.readDelayed = (...which) => {
    const found = read(...which);
    rows += found.length;
    return found;
  };
  const nap = fn("timers/nap", (ctx) => ctx.sleep("20s"));
  const engine = await embedded({ functions: [nap], store, clock });
  const naps = await Promise.all(Array.from({ length: 100 }, () => engine.client.start(nap)));
  await clock.until(Promise.all(naps.map((each) => each.result())));
  expect(rows).toBe(0);
  await clock.until(engine.close());
});

test("messages arrive in the order of their instants, and at one instant in the order of their sends", async () => {
  const t = await tower();
  const alarms = Array.from({ length: 10_000 }, (_, n) => ({
    name: `${n}`,
    delay: n % 3 === 0 ? 50_000 : 40_000,
  }));
  await t.set(...alarms);
  await t.clock.advance(60_000);
  const expected = alarms.toSorted((one, other) => one.delay - other.delay);
  expect(await t.names()).toEqual(expected.map(({ name }) => name));
});

test("messages of one instant keep their order when some were sent before a restart and some after", async () => {
  const t = await tower();
  await t.set({ name: "first", delay: 1_000 }, { name: "second", delay: 1_000 });
  await t.clock.advance(500);
  await t.close();
  await t.start();
  await t.set({ name: "third", delay: 500 });
  await t.clock.advance(500);
  expect(await t.names()).toEqual(["first", "second", "third"]);
});

test("ten thousand messages that became due while no engine ran are delivered at the start, in order", async () => {
  const t = await tower();
  const alarms = Array.from({ length: 10_000 }, (_, n) => ({
    name: `${n}`,
    delay: 1_000 + (n >> 1),
  }));
  await t.set(...alarms);
  await t.close();
  await t.clock.advance(DAY_MS);
  await t.start();
  await t.clock.advance(0);
  expect(await t.names()).toEqual(alarms.map(({ name }) => name));
});

test("an engine that waits for a distant instant sleeps, and does not poll the clock", async () => {
  const t = await tower();
  await t.clock.advance(100);
  for (const delay of [29_901, 30_000, 40_000, 50_000]) await t.set({ name: `${delay}`, delay });
  const before = t.timers.set;
  await t.clock.advance(60_000);
  expect((await t.rung()).length).toBe(4);
  expect(t.timers.set - before).toBeLessThan(20);
});

test("an engine sleeps while the messages it has fired are being committed, however many", async () => {
  for (const count of [1, 10_000]) {
    const t = new Tower();
    const gate = new CommitGate();
    await t.start();
    await t.set(
      ...Array.from({ length: count }, (_, n) => ({ name: `${count}/${n}`, delay: 10 + n })),
    );
    await t.close();
    await t.clock.advance(60_000);
    gate.shut();
    await t.start({ store: new HeldStore(t.content, gate.hold) });
    const before = t.timers.set;
    await t.clock.advance(5_000);
    // About a thousand are fired at once.
    expect(t.timers.set - before).toBeLessThan(10 + count / 1_000);
    gate.open();
    await t.clock.advance(100);
    expect((await t.names()).length).toBe(count);
    rung.splice(0);
  }
});

test("a message canceled before its instant does not arrive; one canceled after it has arrived stays", async () => {
  const t = await tower();
  await t.set(
    { name: "cancelled", delay: 100, token: "c" },
    { name: "late", delay: 100, token: "l" },
    { name: "kept", delay: 100, token: "k" },
  );
  await t.clock.advance(99);
  await t.client.call(bell.cancel, "c", { id: "b" });
  await t.clock.advance(1);
  await t.client.call(bell.cancel, "l", { id: "b" });
  await t.client.call(bell.cancel, "no such token", { id: "b" });
  await t.clock.advance(1_000);
  expect(await t.names()).toEqual(["late", "kept"]);
  expect(t.content.count()).toMatchObject({ delayed: 0, watches: 0 });
});

test("a message canceled at its due instant arrives once or not at all", async () => {
  const t = await tower();
  await t.set({ name: "cancelled", delay: 100, token: "c" });
  const cancelling = t.clock.work(100).then(() => t.client.call(bell.cancel, "c", { id: "b" }));
  await t.clock.until(cancelling);
  await t.clock.advance(1_000);
  expect((await t.rung()).length).toBeLessThanOrEqual(1);
  expect(t.content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
});

test("a delay token names one message: a second message replaces the first, even if it is due at once", async () => {
  const t = await tower();
  await t.set({ name: "first", delay: 100, token: "t" });
  await t.set({ name: "second", delay: 50, token: "t" });
  await t.clock.advance(200);
  expect(await t.rung()).toEqual([["second", 50]]);
  await t.set({ name: "third", delay: 100, token: "t" });
  await t.set({ name: "fourth", delay: 0, token: "t" });
  await t.clock.advance(200);
  expect(await t.names()).toEqual(["second", "fourth"]);
});

const VISIBLE: readonly Visible[] = ["at once", "when it resolves"];

for (const visible of VISIBLE) {
  test(`a message canceled during its own commit does not arrive, though it is due by then (commits visible ${visible})`, async () => {
    const t = new Tower();
    const gate = new CommitGate();
    const cancel = Promise.withResolvers<void>();
    const setter = stateful("test/setter", {
      state: {},
      handlers: {
        set: (ctx) => ctx.send(bell.ring, "a", { id: "b", delay: 100, token: "t" }),
        async cancel(ctx): Promise<void> {
          await cancel.promise;
          ctx.cancelSend("t");
        },
      },
    });
    await t.start({
      functions: [bell, setter],
      store: new HeldStore(t.content, gate.hold, visible),
    });
    gate.shut();
    const calls = [
      t.client.call(setter.set, undefined, { id: "s" }),
      t.client.call(setter.cancel, undefined, { id: "s" }),
    ];
    await t.clock.quiet();
    // Both are durable now, and the first has run. The second runs while the commit of the first is
    // in flight.
    gate.passOne();
    await t.clock.quiet();
    expect(gate.waiting).toBe(1);
    cancel.resolve();
    await t.clock.advance(200);
    gate.passOne();
    await t.clock.advance(200);
    gate.open();
    await t.clock.until(Promise.all(calls));
    await t.clock.advance(1_000);
    expect(await t.rung()).toEqual([]);
    expect(t.content.count()).toMatchObject({ messages: 0, delayed: 0, watches: 0 });
  });

  test(`messages that become due during their own commit arrive once (commits visible ${visible})`, async () => {
    const t = new Tower();
    await t.start({ store: new HeldStore(t.content, () => t.clock.work(70), visible) });
    await t.clock.until(
      t.set(...Array.from({ length: 50 }, (_, n) => ({ name: `${n}`, delay: 5 * n + 1 }))),
    );
    await t.clock.advance(60_000);
    expect(await t.names()).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
  });
}

test("a timer read from the store before its commit resolves fires once", async () => {
  const t = new Tower();
  const gate = new CommitGate();
  const both = fn("test/both", (ctx) => ctx.all([ctx.sleep(55_000), ctx.event("go")]));
  await t.start({ functions: [both], store: new HeldStore(t.content, gate.hold, "at once") });
  await t.clock.advance(10_000);
  gate.shut();
  const starting = t.client.start(both, undefined, { id: "both" });
  await t.clock.quiet();
  gate.passOne();
  await t.clock.quiet();
  // The timer, and the event that releases the waiter.
  expect(t.content.count()).toMatchObject({ delayed: 1, watches: 1 });
  // By then the engine has loaded the messages due in the next half minute.
  await t.clock.advance(51_000);
  gate.open();
  await starting;
  await t.clock.advance(20_000);
  expect(await t.client.status("both")).toMatchObject({ status: "pending" });
  await t.client.signal("both", "go", 1);
  expect(await t.clock.until(t.client.flow("both").result())).toEqual([undefined, 1]);
});

test("a closed engine leaves no timer set, though one was being committed", async () => {
  const t = new Tower();
  const gate = new CommitGate();
  await t.start({ store: new HeldStore(t.content, gate.hold) });
  gate.shut();
  const setting = t.set({ name: "a", delay: 1_000 }).catch((error: unknown) => error);
  await t.clock.quiet();
  gate.passOne();
  await t.clock.quiet();
  expect(gate.waiting).toBe(1);
  const closing = t.engine.close();
  await t.clock.quiet();
  gate.open();
  await closing;
  expect(t.timers.live).toBe(0);
  await setting;
  await t.start();
  await t.clock.advance(1_000);
  expect(await t.names()).toEqual(["a"]);
});
