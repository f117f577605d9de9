import fc from "fast-check";
import { asyncHttp } from "handback/http";
import { embedded, fn, memory } from "handback";
import type { Clock, EmbeddedOptions, Log } from "handback";
import { describe, expect, test, vi } from "vitest";
import { checkedClock } from "../../src/engines/embedded/host/checked-clock.ts";
import { systemClock } from "../../src/engines/embedded/host/system-clock.ts";
import { silent } from "../../src/core/host/log.ts";
import { wrong } from "./open-engine.ts";

const fails = fn("user/fails", () => {
  throw new Error("x");
});
const woke = fn("user/woke", () => "woke");
const sleeps = fn("user/sleeps", (ctx) => {
  for (const level of ["debug", "info", "warn", "error"] as const) ctx.log[level]("sleeps");
  ctx.send(fails);
  return ctx.onComplete(ctx.sleep(1), woke);
});
const functions = [fails, sleeps, woke];

/** Runs work that logs, sleeps, fails and leaves a dead letter. Returns what the client saw. */
async function work(options: Partial<EmbeddedOptions>): Promise<readonly unknown[]> {
  const engine = await embedded({ functions, store: memory(), ...options });
  try {
    const seen: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      seen.push(await engine.client.call(sleeps));
      seen.push(await engine.client.call(fails).catch((error: { code: string }) => error.code));
    }
    return seen;
  } finally {
    await engine.close();
  }
}
const RIGHT = Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? "woke" : "FUNCTION_FAILED"));

const throwing = (): never => {
  throw new Error("EPIPE");
};
const hostile = (): never => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  throw proxy; // oxlint-disable-line typescript/only-throw-error
};
const withThen = (how: PropertyDescriptor): object =>
  // oxlint-disable-next-line unicorn/no-thenable -- hostile on purpose
  Object.defineProperty({}, "then", how);
/** Ways in which a function of the user's goes wrong. */
const FAULTS: readonly (() => unknown)[] = [
  throwing,
  hostile,
  () => Promise.reject(new Error("EPIPE")),
  () => withThen({ value: throwing }),
  () => withThen({ get: throwing }),
];
const quiet = (): void => {
  for (const level of ["warn", "error"] as const)
    vi.spyOn(console, level).mockImplementation(() => undefined);
};

describe("a log that goes wrong", () => {
  test("changes nothing, whatever it does and whenever", async () => {
    quiet();
    const say = fc.func(fc.constantFrom(...FAULTS, () => undefined)).map((choose) => {
      let calls = 0;
      return (): unknown => choose(calls++)();
    });
    const log = fc.record({ debug: say, info: say, warn: say, error: say });
    await fc.assert(
      fc.asyncProperty(log, async (faulty) => {
        expect(await work({ log: wrong<Log>(faulty) })).toEqual(RIGHT);
      }),
      { numRuns: 20 },
    );
  });

  test("is reported to the console once", async () => {
    quiet();
    await work({ log: { ...silent, warn: throwing } });
    expect(vi.mocked(console.error).mock.calls).toEqual([
      ["handback: the log of an engine failed, and its line is lost", expect.anything()],
    ]);
  });
});

describe("a clock that goes wrong", () => {
  const readings = [Number.NaN, Infinity, -Infinity, 1e300, -1e300, undefined, "now", null];
  // A clock that is set forward and back again delays timers, as it should.
  const fractions = [0, 0.5, -0.25];

  test("stops nothing, whatever it does once the engine runs", async () => {
    const fault = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...fractions).map((by) => (at: number) => at + by) },
      { weight: 1, arbitrary: fc.constantFrom(...readings).map((reading) => () => reading) },
      { weight: 1, arbitrary: fc.constantFrom(throwing, hostile) },
    );
    const faults = fc.array(fault, { minLength: 1, maxLength: 8 });
    const timers = fc.constantFrom("as asked", "throws", "returns nothing", "at once", "twice");
    await fc.assert(
      fc.asyncProperty(faults, faults, timers, async (now, monotonicNs, timer) => {
        const clock = faultyClock({ now, monotonicNs, timer });
        expect(await work({ clock, log: silent })).toEqual(RIGHT);
      }),
      { numRuns: 30 },
    );
  });

  test("gives the time that the machine measures, even if its monotonic reading jumps", () => {
    let [now, ns] = [1000, 0];
    const faulty = { ...systemClock, now: () => now, monotonicNs: () => ns };
    const clock = checkedClock("an engine", faulty, () => undefined);
    now = Number.NaN;
    expect(clock.now()).toBe(1000);
    ns = 1e300;
    expect(clock.now()).toBeLessThan(1000 + 60_000);
  });

  test("may be near the last instant that a Date can hold", async () => {
    const clock = { ...systemClock, now: () => 8.64e15 - 1e6 + performance.now() };
    expect(await work({ clock, log: silent })).toEqual(RIGHT);
  });

  test("is reported once", async () => {
    const said: string[] = [];
    const log = { ...silent, error: (line: string) => void (line === "sleeps" || said.push(line)) };
    const clock = faultyClock({ now: [() => Number.NaN], monotonicNs: [], timer: "throws" });
    expect(await work({ clock, log })).toEqual(RIGHT);
    expect(said).toEqual([
      "the clock of the engine is faulty: now() returned NaN; the time is estimated meanwhile",
    ]);
  });
});

type Fault = (value: number) => unknown;

/** A clock that goes wrong after its first readings, in turn, and with its timers. */
function faultyClock(faults: {
  readonly now: readonly Fault[];
  readonly monotonicNs: readonly Fault[];
  readonly timer: string;
}): Clock {
  const read = (method: "now" | "monotonicNs"): (() => number) => {
    let reads = 0;
    return () => {
      const value = systemClock[method]();
      const all = faults[method];
      const fault = reads++ === 0 ? undefined : all[reads % (all.length + 1)];
      return wrong<number>(fault === undefined ? value : fault(value));
    };
  };
  return {
    now: read("now"),
    monotonicNs: read("monotonicNs"),
    setTimer(delayMs, callback) {
      const { timer } = faults;
      if (timer === "throws") throwing();
      if (timer === "at once") callback();
      const cancel = systemClock.setTimer(delayMs, () => {
        callback();
        if (timer === "twice") callback();
      });
      return timer === "returns nothing" ? wrong<() => void>(undefined) : cancel;
    },
  };
}

describe("an object without one of its methods is refused at the door", () => {
  const without = (object: object, method: string): object => {
    const methods = Object.create(object) as Record<string, unknown>;
    methods[method] = undefined;
    return methods;
  };
  const options: readonly (readonly [string, object, readonly string[]])[] = [
    ["log", silent, ["debug", "info", "warn", "error"]],
    ["clock", systemClock, ["now", "monotonicNs", "setTimer"]],
    ["store", memory(), Object.getOwnPropertyNames(Object.getPrototypeOf(memory()))],
  ];
  const rows = options.flatMap(([option, object, methods]) =>
    methods
      .filter((method) => typeof Reflect.get(object, method) === "function")
      // A store may lack a journal.
      .filter((method) => method !== "constructor" && method !== "readJournal")
      .map((method) => [option, method, without(object, method)] as const),
  );

  test.each(rows)("%s of embedded, without %s", async (option, method, object) => {
    const opening = embedded({ functions, store: memory(), [option]: object });
    await expect(opening).rejects.toThrow(
      `INVALID_OPTIONS: ${method}() of ${option} of embedded: expected a function, got undefined`,
    );
  });

  test.each(rows.filter(([option]) => option !== "store"))(
    "%s of asyncHttp, without %s",
    async (option, method, object) => {
      const engine = await embedded({ functions, store: memory() });
      const mount = (): unknown => asyncHttp(engine.client, { functions, [option]: object });
      expect(mount).toThrow(`INVALID_OPTIONS: ${method}() of ${option} of asyncHttp: expected`);
      await engine.close();
    },
  );

  test.each([
    ["now", { now: () => Number.NaN }, "got NaN"],
    ["now", { now: () => wrong<number>("noon") }, 'got "noon"'],
    ["monotonicNs", { monotonicNs: () => Infinity }, "got Infinity"],
    ["monotonicNs", { monotonicNs: throwing }, "got an object"],
  ])("a clock whose %s() gives no number", async (method, part, got) => {
    const clock = { ...systemClock, ...part };
    await expect(embedded({ functions, store: memory(), clock })).rejects.toThrow(
      `INVALID_OPTIONS: ${method}() of the clock of embedded: expected a finite number, ${got}`,
    );
  });
});

test.each([Number.NaN, -0.1, 1, undefined, "0.5"])(
  "random that gives %s fails the call that asks for it, with INVALID_OPTIONS",
  async (value) => {
    const asks = fn("user/asks", (ctx) => ctx.random());
    const random = (): number => wrong<number>(value);
    const engine = await embedded({ functions: [asks], store: memory(), random, log: silent });
    await expect(engine.client.call(asks)).rejects.toThrow(/INVALID_OPTIONS: .*random of embedded/);
    await engine.close();
  },
);

test("an egress that goes wrong in any way is tried again", async () => {
  const out = fn("user/sends", (ctx) => ctx.egress("user/out", 1));
  let calls = 0;
  const sink = vi.fn<() => unknown>(() => FAULTS[calls++]?.());
  const engine = await embedded({
    functions: [out],
    store: memory(),
    egress: { "user/out": wrong(sink) },
    log: silent,
    clock: { ...systemClock, setTimer: (_, callback) => systemClock.setTimer(1, callback) },
  });
  await engine.client.call(out);
  await expect.poll(() => sink.mock.calls.length).toBeGreaterThan(1);
  await engine.close();
});
