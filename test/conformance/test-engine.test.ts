import type { Client, Fn } from "handback";
import { memory } from "handback";
import { describe, expect, test } from "vitest";
import type { TestedCapability } from "../../src/testing/conformance/case/capability.ts";
import { TESTED_CAPABILITIES } from "../../src/testing/conformance/case/capability.ts";
import type { MakeOptions } from "../../src/testing/conformance/case/engine-under-test.ts";
import { testEngine } from "../../src/testing/conformance/test-engine.ts";
import type { EngineTest } from "../../src/testing/conformance/test-engine.ts";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { wrong } from "../bad-input/open-engine.ts";
import { assertHolds, byName } from "./assert-holds.ts";
import { dispose, makeEmbedded } from "./embedded-under-test.ts";
import type { EmbeddedUnderTest } from "./embedded-under-test.ts";

const make = makeEmbedded(memory);
const CAPABILITIES = Object.keys(TESTED_CAPABILITIES) as TestedCapability[];

/** Returns the one test whose name contains these words. */
function named(tests: readonly EngineTest[], words: string): EngineTest {
  const [found, ...others] = tests.filter(({ name }) => name.includes(words));
  if (found === undefined || others.length > 0) throw new Error(`expected one test named ${words}`);
  return found;
}

/** Lists the tests for an embedded engine with a changed client. */
function testsWith(change: (client: Client) => Partial<Client>): readonly EngineTest[] {
  const makeOther = async (options: MakeOptions): Promise<EmbeddedUnderTest> => {
    const engine = await make(options);
    const changed = change(wrong<Client>(engine.client));
    const client = new Proxy(engine.client, {
      get(target, name): unknown {
        const member: unknown = Reflect.get(name in changed ? changed : target, name);
        return typeof member === "function" ? member.bind(target) : member;
      },
    });
    return { ...engine, client };
  };
  return testEngine({ make: makeOther, dispose });
}

describe("for an engine that needs real time", () => {
  // The clock also runs by itself here, because the suite only waits for it.
  const clock = new VirtualClock();
  const missing = [{ capability: "virtualTime", reason: "it is a server" }] as const;
  test.each(byName(testEngine({ make, dispose, missing, clock })))("%s", (_, each) =>
    clock.until(assertHolds(each)),
  );

  test.each(byName(testEngine({ make, dispose, missing, clock, slack: 3 })))(
    "%s, with slack",
    (_, each) => clock.until(assertHolds(each)),
  );
});

describe("for an engine that needs longer than the times in the tests", () => {
  const missing = [{ capability: "virtualTime", reason: "it is a server" }] as const;
  const title = "a delayed message is delivered when it is due, not before";
  /** A request lasts longer than the time that the test leaves for it, without slack. */
  const REQUEST_MS = 5_000;

  /** Runs a test on an engine whose requests all take a while. */
  async function runSlowly(slack: number): Promise<void> {
    const clock = new VirtualClock();
    const makeSlow = async (options: MakeOptions): Promise<EmbeddedUnderTest> => {
      const engine = await make(options);
      const { call } = engine.client;
      const client = Object.create(engine.client, {
        call: {
          value: async (...args: Parameters<Client["call"]>) => {
            await new Promise<void>((resolve) => void clock.setTimer(REQUEST_MS, resolve));
            return Reflect.apply(call, engine.client, args);
          },
        },
      }) as Client;
      return { ...engine, client };
    };
    const tests = testEngine({ make: makeSlow, dispose, missing, clock, slack });
    await clock.until(assertHolds(named(tests, title)));
  }

  test("a test fails without slack, and passes with it", async () => {
    await expect(runSlowly(1)).rejects.toThrow("expected");
    await runSlowly(8);
  });
});

describe("the list of tests", () => {
  test("has the same length for every engine, unique names, and a reason for each replaced test", () => {
    const all = testEngine({ make, dispose });
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const capability of CAPABILITIES) {
      const without = testEngine({ make, dispose, missing: [{ capability, reason: "it is old" }] });
      const replaced = without.filter(({ name }) =>
        name.startsWith(`without ${capability} (it is old), in place of: `),
      );
      const others = new Set([...without, ...all].map(({ name }) => name));
      expect(without).toHaveLength(all.length);
      expect(replaced.length).toBeGreaterThan(0);
      expect(others.size).toBe(all.length + replaced.length);
    }
  });

  test("has functions without parameters, so that a runner cannot pass any", () => {
    for (const { run } of testEngine({ make, dispose })) expect(run).toHaveLength(0);
  });

  test.each([
    ["make", { make: 1, dispose }],
    ["dispose", { make }],
    ["seeds", { make, dispose, seeds: 0 }],
    ["missing", { make, dispose, missing: "egress" }],
    ["a reason", { make, dispose, missing: [{ capability: "egress", reason: " " }] }],
    [
      "scopedCancel",
      { make, dispose, missing: [{ capability: "everything", reason: "it is lazy" }] },
    ],
    ["option", { make, dispose, can: [] }],
  ])("invalid options are rejected with INVALID_OPTIONS: %s", (word, options) => {
    expect(() => testEngine(wrong(options))).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS", message: expect.stringContaining(word) }),
    );
  });
});

describe("a test", () => {
  test("disposes of each engine once, even if it fails", async () => {
    const made: EmbeddedUnderTest[] = [];
    const disposed: EmbeddedUnderTest[] = [];
    const counted = testEngine({
      make: async (options) => {
        const engine = await make({ ...options, functions: [] });
        made.push(engine);
        return engine;
      },
      dispose: (engine) => {
        disposed.push(engine);
        return dispose(engine);
      },
    });
    await expect(
      named(counted, "futures anywhere inside an input are resolved").run(),
    ).rejects.toMatchObject({ code: "UNKNOWN_FUNCTION" });
    expect(made).toHaveLength(1);
    expect(disposed).toEqual(made);
  });

  test("runs with each seed, and names the one that fails", async () => {
    const seeds: number[] = [];
    const tests = testEngine({
      seeds: 4,
      make: (options) => {
        seeds.push(options.seed);
        if (options.seed === 3) throw new Error("unlucky");
        return make(options);
      },
      dispose,
    });
    await expect(
      named(tests, "futures anywhere inside an input are resolved").run(),
    ).rejects.toThrow("under seed 3: unlucky");
    expect(seeds).toEqual([1, 2, 3]);
  });

  test.each(["blockingGet", "snapshotRead", "egress", "deadLetters", "storedValues"] as const)(
    "fails if an engine lists %s as missing, but has it",
    async (capability) => {
      const tests = testEngine({ make, dispose, missing: [{ capability, reason: "it says so" }] });
      const checks = tests.filter(({ name }) => name.startsWith(`without ${capability}`));
      expect(checks.length).toBeGreaterThan(0);
      for (const { run } of checks) await expect(run()).rejects.toThrow(/expected/);
    },
  );

  test("fails if an engine does not list a missing capability", async () => {
    const tests = testEngine({
      make: async (options) => ({ client: (await make(options)).client }),
      dispose: () => undefined,
    });
    await expect(named(tests, "a stack of 2,000").run()).rejects.toThrow("has no stored()");
    await expect(named(tests, "become dead letters").run()).rejects.toThrow("has no deadLetters()");
  });

  test("reports where a result differs from the expected one", async () => {
    const tests = testsWith((client) => ({
      call: wrong(async (f: Fn<void, object>) => ({ ...(await client.call(f)), whole: 3 })),
    }));
    const failure = named(tests, "futures anywhere inside an input are resolved").run();
    await expect(failure).rejects.toMatchObject({
      name: "AssertionError",
      message: "at .whole: expected 2, got 3",
      expected: { whole: 2 },
    });
  });

  test("reports the value or error that came instead of the expected rejection", async () => {
    const never = { code: "NOT_FOUND" };
    const silent = testsWith(() => ({ status: () => Promise.resolve(wrong("fine")) }));
    await expect(named(silent, "a flow is found again").run()).rejects.toThrow(
      `expected a rejection with ${JSON.stringify(never)}, but it was fulfilled`,
    );
    const other = testsWith(() => ({ status: () => Promise.reject(new TypeError("not that")) }));
    await expect(named(other, "a flow is found again").run()).rejects.toThrow(
      'at .code: expected "NOT_FOUND", got undefined (not that)',
    );
  });

  test.each([
    [
      "a second settlement with the same outcome",
      "settle",
      /expected a rejection with .*ALREADY_COMPLETED/,
    ],
    ["events that arrive before the wait", "signal", "still pending"],
  ] as const)("%s: fails if client.%s does nothing", async (words, method, says) => {
    const nothing = (): Promise<void> => Promise.resolve();
    await expect(
      named(
        testsWith(() => ({ [method]: nothing })),
        words,
      ).run(),
    ).rejects.toThrow(says);
  });
});
