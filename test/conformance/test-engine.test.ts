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

/** The one test whose name has these words. */
function named(tests: readonly EngineTest[], words: string): EngineTest {
  const [found, ...others] = tests.filter(({ name }) => name.includes(words));
  if (found === undefined || others.length > 0) throw new Error(`expected one test named ${words}`);
  return found;
}

/** The tests for an engine that is the embedded one but for its client. */
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
  // Time that goes by itself here, too: the suite only ever waits for it.
  const clock = new VirtualClock();
  const cannot = [{ capability: "virtualTime", reason: "it is a server" }] as const;
  test.each(byName(testEngine({ make, dispose, cannot, clock })))("%s", (_, each) =>
    clock.until(assertHolds(each)),
  );
});

describe("the list of tests", () => {
  test("is as long whatever an engine cannot, has no name twice, and tells the reasons", () => {
    const all = testEngine({ make, dispose });
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const capability of CAPABILITIES) {
      const without = testEngine({ make, dispose, cannot: [{ capability, reason: "it is old" }] });
      const replaced = without.filter(({ name }) =>
        name.startsWith(`without ${capability} (it is old), in place of: `),
      );
      const others = new Set([...without, ...all].map(({ name }) => name));
      expect(without).toHaveLength(all.length);
      expect(replaced.length).toBeGreaterThan(0);
      expect(others.size).toBe(all.length + replaced.length);
    }
  });

  test("has functions without parameters, so that no runner hands them anything", () => {
    for (const { run } of testEngine({ make, dispose })) expect(run).toHaveLength(0);
  });

  test.each([
    ["make", { make: 1, dispose }],
    ["dispose", { make }],
    ["seeds", { make, dispose, seeds: 0 }],
    ["cannot", { make, dispose, cannot: "egress" }],
    ["a reason", { make, dispose, cannot: [{ capability: "egress", reason: " " }] }],
    [
      "scopedCancel",
      { make, dispose, cannot: [{ capability: "everything", reason: "it is lazy" }] },
    ],
    ["option", { make, dispose, can: [] }],
  ])("is refused with INVALID_OPTIONS when options are not in order: %s", (word, options) => {
    expect(() => testEngine(wrong(options))).toThrow(
      expect.objectContaining({ code: "INVALID_OPTIONS", message: expect.stringContaining(word) }),
    );
  });
});

describe("a test", () => {
  test("disposes of each engine once, also when it fails", async () => {
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

  test("runs under each seed, and says which one fails", async () => {
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
    "fails for an engine that says it cannot do %s, and can",
    async (capability) => {
      const tests = testEngine({ make, dispose, cannot: [{ capability, reason: "it says so" }] });
      const checks = tests.filter(({ name }) => name.startsWith(`without ${capability}`));
      expect(checks.length).toBeGreaterThan(0);
      for (const { run } of checks)
        await expect(run()).rejects.toThrow(/expected|says that it cannot/);
    },
  );

  test("fails for an engine that says nothing of what it lacks", async () => {
    const tests = testEngine({
      make: async (options) => ({ client: (await make(options)).client }),
      dispose: () => undefined,
    });
    await expect(named(tests, "spills a stack").run()).rejects.toThrow("has no stored()");
    await expect(named(tests, "buries one-way messages").run()).rejects.toThrow(
      "has no deadLetters()",
    );
  });

  test("says where a result differs from what was expected", async () => {
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

  test("says what came where a rejection was expected", async () => {
    const never = { code: "NOT_FOUND" };
    const silent = testsWith(() => ({ status: () => Promise.resolve(wrong("fine")) }));
    await expect(named(silent, "finds a flow again").run()).rejects.toThrow(
      `expected a rejection with ${JSON.stringify(never)}, but it was fulfilled`,
    );
    const other = testsWith(() => ({ status: () => Promise.reject(new TypeError("not that")) }));
    await expect(named(other, "finds a flow again").run()).rejects.toThrow(
      'at .code: expected "NOT_FOUND", got undefined (not that)',
    );
  });

  test.each([
    ["takes a second settlement", "settle", /expected a rejection with .*ALREADY_COMPLETED/],
    ["keeps events that come before the wait", "signal", "still pending"],
  ] as const)(
    "%s: fails for an engine that does nothing for client.%s",
    async (words, method, says) => {
      const nothing = (): Promise<void> => Promise.resolve();
      await expect(
        named(
          testsWith(() => ({ [method]: nothing })),
          words,
        ).run(),
      ).rejects.toThrow(says);
    },
  );
});
