import fc from "fast-check";
import { expect } from "vitest";
import type { BuiltFlow, FlowWorld } from "../../src/testing/flows/leaves.ts";
import { naiveFlow } from "../../src/testing/flows/naive.ts";
import type { FlowProgram } from "../../src/testing/flows/program.ts";
import { splitFlow } from "../../src/testing/flows/split.ts";
import { flows } from "../../src/testing/flows/flows.ts";
import { referenceFlow } from "../../src/testing/flows/reference.ts";
import type { FlowCall } from "../../src/testing/flows/reference.ts";
import { onPoorestLosing, onWireRepeating } from "../conformance/host.ts";
import type { FlowRunOptions } from "./support/flow-run.ts";
import { runFlow } from "./support/flow-run.ts";
import { law } from "./support/law.ts";

/** Steps with cancellation, or whose first part decides. */
const RACING = ["race", "any", "timeout"] as const;
/** Steps whose outcome depends on durations. */
const TIMED = [...RACING, "wait"] as const;
/** Steps whose first failure decides. */
const FAILING_FAST = ["parallel", "value", "depends"] as const;
const seeds = fc.integer();

async function assertAsReference(
  build: (world: FlowWorld) => BuiltFlow,
  program: FlowProgram,
  options: FlowRunOptions = {},
): Promise<void> {
  const { outcome, tookMs, calls, journals, activeMs, blockedMs } = referenceFlow(program, null);
  const { bill, ...got } = await runFlow(build, program, options);
  expect({ ...got, activeMs: bill.activeMs, blockedMs: bill.blockedMs, final: bill.final }).toEqual(
    {
      outcome,
      tookMs,
      calls,
      journals,
      activeMs,
      blockedMs: build === naiveFlow ? blockedMs : 0,
      final: true,
      left: 0,
    },
  );
}

law(
  "split(flow) = reference(flow): results, states, the calls of leaves, and the bill",
  [flows()],
  (program) => assertAsReference(splitFlow, program),
);

law(
  "naive(flow) = reference(flow): results, states, the calls of leaves, and the bill",
  [flows({ without: RACING })],
  (program) => assertAsReference(naiveFlow, program),
);

law(
  "naive(flow) = split(flow) for programs with cancellation: results and states",
  [flows()],
  async (program) => {
    const [naive, split] = [await runFlow(naiveFlow, program), await runFlow(splitFlow, program)];
    const { outcome, tookMs, journals, left } = split;
    expect(naive).toMatchObject({ outcome, tookMs, journals, left });
  },
);

law(
  "split(flow) = reference(flow) on the poorest engine",
  [flows({ without: RACING }), seeds],
  (program, seed) => assertAsReference(splitFlow, program, { engine: onPoorestLosing(0), seed }),
);

law(
  "split(flow) = reference(flow) on the wire of Stateful Functions, and nothing is left there",
  [flows({ without: RACING }), seeds],
  (program, seed) => assertAsReference(splitFlow, program, { engine: onWireRepeating(0), seed }),
  { runs: 100 },
);

law(
  "split(flow) = reference(flow) on the wire of Stateful Functions while requests are repeated",
  [flows({ without: [...TIMED, ...FAILING_FAST] }), seeds],
  async (program, seed) => {
    const { outcome, calls } = referenceFlow(program, null);
    const got = await runFlow(splitFlow, program, { engine: onWireRepeating(0.3), seed });
    expect(got).toMatchObject({ outcome, bill: { blockedMs: 0, beta: 1, final: true }, left: 0 });
    expect(distinct(got.calls)).toEqual(distinct(calls));
  },
  { runs: 100 },
);

law(
  "split(flow) = reference(flow) on an engine that cannot cancel, where unstarted work may run without visible effect",
  [flows({ without: ["recover"] }), seeds],
  async (program, seed) => {
    const { outcome, tookMs, calls } = referenceFlow(program, null);
    const got = await runFlow(splitFlow, program, { engine: onPoorestLosing(0), seed });
    expect(got).toMatchObject({
      outcome,
      tookMs,
      bill: { blockedMs: 0, beta: 1, final: true },
      left: 0,
    });
    expect(got.calls).toEqual(expect.arrayContaining([...calls]));
  },
);

law(
  "split(flow) = reference(flow) with lost responses and repeated work",
  [
    fc.oneof(
      flows({ without: TIMED, failures: false }),
      flows({ without: [...TIMED, ...FAILING_FAST] }),
    ),
    seeds,
  ],
  async (program, seed) => {
    const { outcome, calls } = referenceFlow(program, null);
    const got = await runFlow(splitFlow, program, { engine: onPoorestLosing(0.3), seed });
    expect(got).toMatchObject({ outcome, bill: { blockedMs: 0, beta: 1, final: true }, left: 0 });
    expect(distinct(got.calls)).toEqual(distinct(calls));
  },
);

/** Lists the attempts of all leaves, without times and repetitions. */
function distinct(calls: readonly FlowCall[]): readonly string[] {
  return [
    ...new Set(calls.map(({ leaf, input, attempt }) => JSON.stringify([leaf, input, attempt]))),
  ].toSorted();
}
