import type { FlowBill } from "handback";
import fc from "fast-check";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { onMemory, onPoorestLosing } from "./host.ts";
import type { EngineUnderTest } from "./host.ts";
import { AFTERWARDS_MS, arbitraryProgram, evaluate, programFunctions } from "./program.ts";
import type { Evaluation, Program } from "./program.ts";

/** Each sleep is rounded up to a whole millisecond, on the way down a program as on the way up. */
const ROUNDING_NS = 20e6;
/** Room for `FC_RUNS=10000`. */
const TIMEOUT_MS = 300_000;
const NOTHING_WASTED = { blockedMs: 0, beta: 1, final: true };

interface Run extends Evaluation {
  readonly bill: FlowBill;
  /** Values that are left when the retention of all is over. */
  readonly left: number;
}

async function runOn(engine: EngineUnderTest, program: Program, seed: number): Promise<Run> {
  const { run, functions } = programFunctions(() => host.clock);
  const host = await engine.start(functions, { retentionMs: 2 * AFTERWARDS_MS }, seed);
  const { client, clock } = host;
  try {
    const beganNs = clock.monotonicNs();
    const handle = await client.start(run, program, { id: "program" });
    const outcome = await handle.result().then(
      (value) => ({ value }),
      ({ cause }: Error) => ({ failure: cause instanceof Error ? cause.message : "of another kind" }),
    );
    const tookNs = clock.monotonicNs() - beganNs;
    await clock.advance(AFTERWARDS_MS);
    const bill = await client.bill("program");
    await clock.advance(3 * AFTERWARDS_MS);
    return { outcome, tookNs, workedNs: Math.round(bill.billedMs * 1e6), bill, left: host.stored() };
  } finally {
    await host.close();
  }
}

test.each([onMemory, onPoorestLosing(0)])(
  "a program comes to the same as with promises, on $name",
  { timeout: TIMEOUT_MS },
  async (engine) => {
    await fc.assert(
      fc.asyncProperty(arbitraryProgram(), fc.integer(), async (program, seed) => {
        const [expected, got] = [await evaluate(program, new VirtualClock()), await runOn(engine, program, seed)];
        expect(got.outcome).toEqual(expected.outcome);
        expect(Math.abs(got.tookNs - expected.tookNs)).toBeLessThan(ROUNDING_NS);
        expect(got.workedNs).toBe(expected.workedNs);
        expect(got.bill).toMatchObject(NOTHING_WASTED);
        expect(got.left).toBe(0);
      }),
    );
  },
);

test(
  "a program comes to the same as with promises where responses are lost, but for which of several failures is heard first",
  { timeout: TIMEOUT_MS },
  async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryProgram(), fc.integer(), async (program, seed) => {
        const [expected, got] = [await evaluate(program, new VirtualClock()), await runOn(onPoorestLosing(0.3), program, seed)];
        if ("value" in expected.outcome) expect(got.outcome).toEqual(expected.outcome);
        else expect(failures(program)).toContain("failure" in got.outcome ? got.outcome.failure : got.outcome);
        expect(got.workedNs).toBe(expected.workedNs);
        expect(got.bill).toMatchObject(NOTHING_WASTED);
        expect(got.left).toBe(0);
      }),
    );
  },
);

/** What the failing leaves of a program say. */
function failures(program: Program): readonly string[] {
  switch (program.kind) {
    case "leaf":
      return program.fails ? [`leaf ${program.index}`] : [];
    case "sequence":
      return [...failures(program.first), ...failures(program.second)];
    case "settled":
    case "nested":
    case "handle":
    case "twice":
      return failures(program.part);
    case "sleep":
      return [];
    default:
      return program.parts.flatMap(failures);
  }
}
