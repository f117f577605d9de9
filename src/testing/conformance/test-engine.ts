import { isError } from "../../core/data/kind.ts";
import {
  callback,
  checkedBy,
  invalidOption,
  objectWith,
  readOptions,
  wholeNumber,
  withDefault,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Clock } from "../../core/host/clock.ts";
import { CLOCK_METHODS } from "../../core/host/host-methods.ts";
import { systemClock } from "../../engines/embedded/host/system-clock.ts";
import { TESTED_CAPABILITIES } from "./case/capability.ts";
import type { TestedCapability } from "./case/capability.ts";
import type { Case } from "./case/case.ts";
import { allCases } from "./all-cases.ts";
import type { EngineUnderTest, MakeOptions } from "./case/engine-under-test.ts";
import { MISSING_CAPABILITY_CHECKS } from "./missing-capability.ts";
import { realTime } from "./real-time.ts";
import { runCase } from "./run-case.ts";
import { slowClock } from "./slow-clock.ts";
import { virtualTime } from "./virtual-time.ts";
import { VirtualClock } from "../simulation/machine/virtual-clock.ts";

/** A capability that an engine is missing, and the reason. */
export interface MissingCapability {
  readonly capability: TestedCapability;
  /** Completes "cannot offer it: ". */
  readonly reason: string;
}

/** Options of `testEngine`. */
export interface TestEngineOptions<Engine extends EngineUnderTest> {
  /** Starts an engine with an empty store. A test may start several. */
  readonly make: (options: MakeOptions) => Engine | Promise<Engine>;
  /** Ends an engine that `make` returned. Called once for each engine, even if the test fails. */
  readonly dispose: (engine: Engine) => void | Promise<void>;
  /**
   * Capabilities that the engine is missing; default none. Without `virtualTime`, the tests wait in
   * real time.
   */
  readonly missing?: readonly MissingCapability[];
  /** Number of runs of each test, with seeds that count from 1; default 1. */
  readonly seeds?: number;
  /** Clock for an engine without `virtualTime`; default the machine's. */
  readonly clock?: Clock;
  /**
   * Factor for the times in the tests, for an engine without `virtualTime`; a whole number, default
   * 1. Tests compare times with windows of a tenth of a second. An engine that needs longer for a
   * step, or that is down for seconds in a test, needs longer windows. The clock that `make` gets
   * then passes `slack` times more slowly, and the engine must take all its times from it.
   */
  readonly slack?: number;
}

/** A test for any test runner. It passes if the promise of `run` is fulfilled. */
export interface EngineTest {
  readonly name: string;
  /** Runs the test. May be called again. */
  readonly run: () => Promise<void>;
}

/**
 * Lists the tests that every engine must pass. They cover the guarantees of handlers, futures and
 * clients.
 *
 * If the engine is missing a capability, each test that needs it is replaced by a check that the
 * engine does without it as agreed, for example with `UNSUPPORTED`. The name of the test then
 * includes the reason. The list has the same length for every engine. Without `virtualTime` a test
 * takes a few seconds at most, with rare exceptions.
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, memory } from "handback";
 * import { testEngine } from "handback/testing";
 *
 * const tests = testEngine({
 *   make: async ({ functions, clock, egress, retentionMs: retention }) => {
 *     const store = memory();
 *     const engine = await embedded({ functions, store, clock, egress, retention });
 *     return { ...engine, stored: () => store.count().state };
 *   },
 *   dispose: (engine) => engine.close(),
 * });
 * for (const { name, run } of tests.slice(0, 3)) {
 *   await run(); // in a test runner: test(name, run)
 *   console.log(name);
 * }
 */
export function testEngine<Engine extends EngineUnderTest>(
  options: TestEngineOptions<Engine>,
): readonly EngineTest[] {
  const { make, dispose } = options;
  const used = readOptions("testEngine", OPTIONS, options);
  const { missing: reasons, seeds } = used;
  const realClock = slowClock(used.clock, used.slack);
  const runOnce = (each: Pick<Case, "run">, seed: number): Promise<void> => {
    if (reasons.has("virtualTime"))
      return runCase(each, { make, dispose, clock: realClock, time: realTime(realClock), seed });
    const clock = new VirtualClock();
    return runCase(each, { make, dispose, clock, time: virtualTime(clock), seed });
  };
  const testOf = (name: string, each: Pick<Case, "run">): EngineTest => ({
    name,
    async run() {
      for (let seed = 1; seed <= seeds; seed++)
        await withSeedInError(seed, seeds, () => runOnce(each, seed));
    },
  });
  return allCases.map((each) => {
    const missing = each.needs?.find((capability) => reasons.has(capability));
    if (missing === undefined) return testOf(each.title, each);
    return testOf(`without ${missing} (${reasons.get(missing)}), in place of: ${each.title}`, {
      run: MISSING_CAPABILITY_CHECKS[missing],
    });
  });
}

async function withSeedInError(
  seed: number,
  seeds: number,
  run: () => Promise<void>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (isError(error) && seeds > 1) error.message = `under seed ${seed}: ${error.message}`;
    throw error;
  }
}

type Reasons = ReadonlyMap<TestedCapability, string>;

const OPTIONS = {
  make: callback<TestEngineOptions<never>["make"]>(),
  dispose: callback<TestEngineOptions<never>["dispose"]>(),
  missing: withDefault([], checkedBy<Reasons, readonly MissingCapability[]>(readMissing)),
  seeds: withDefault(1, wholeNumber({ from: 1 })),
  clock: withDefault(systemClock, objectWith<Clock>(CLOCK_METHODS)),
  slack: withDefault(1, wholeNumber({ from: 1 })),
} satisfies OptionTable<TestEngineOptions<never>>;

function readMissing(value: unknown, name: string): Reasons {
  if (!Array.isArray(value)) throw invalidOption(name, "a list", value);
  return new Map(
    (value as readonly MissingCapability[]).map(({ capability, reason }) => {
      if (!Object.hasOwn(TESTED_CAPABILITIES, capability))
        throw invalidOption(
          name,
          `one of ${Object.keys(TESTED_CAPABILITIES).join(", ")}`,
          capability,
        );
      if (typeof reason !== "string" || reason.trim() === "")
        throw invalidOption(name, `a reason for ${capability}`, reason);
      return [capability, reason] as const;
    }),
  );
}
