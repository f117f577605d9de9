import fc from "fast-check";
import type { Clock, FlowBill } from "handback";
import type { EngineUnderTest, MakeOptions } from "handback/testing";
import { expect } from "vitest";
import { systemClock } from "../../../src/engines/embedded/host/system-clock.ts";
import { slowClock } from "../../../src/testing/conformance/slow-clock.ts";
import { flows } from "../../../src/testing/flows/flows.ts";
import { flowOutcomeOf } from "../../../src/testing/flows/outcome.ts";
import type { FlowProgram } from "../../../src/testing/flows/program.ts";
import { splitFlow } from "../../../src/testing/flows/split.ts";
import { onMemory, onSqlite } from "../../conformance/host.ts";
import { runFlow } from "../../laws/support/flow-run.ts";
import type { FlowRun } from "../../laws/support/flow-run.ts";

/** Programs to run; their seed is that of fast-check. */
const PROGRAMS = Number(process.env["CLUSTER_PROGRAMS"] ?? 40);
const SEED = Number(process.env["CLUSTER_SEED"] ?? 1);

/** An hour of a program takes less than a second. */
export const SPEED = 5_000;

/** Steps whose outcome depends on durations, and steps whose first failure decides. */
const TIMED = ["race", "any", "timeout", "wait"] as const;
const FAILING_FAST = ["parallel", "value", "depends"] as const;

/** Returns random programs with one result each, whatever the order of their work, with numbers. */
export function randomPrograms(): readonly (readonly [n: number, program: FlowProgram])[] {
  const programs = fc.sample(
    fc.oneof(
      flows({ without: TIMED, failures: false }),
      flows({ without: [...TIMED, ...FAILING_FAST] }),
    ),
    { numRuns: PROGRAMS, seed: SEED },
  );
  return programs.map((program, n) => [n, program] as const);
}

/** Handlers that run one at a time, on a clock that shows how long they have worked. */
export class WorkInTurn {
  #workedNs = 0;
  #turn: Promise<unknown> = Promise.resolve();
  readonly clock: Clock;

  constructor() {
    const fast = slowClock(systemClock, 1 / SPEED);
    this.clock = {
      now: () => fast.now(),
      monotonicNs: () => this.#workedNs,
      setTimer: (delayMs, callback) => fast.setTimer(delayMs, callback),
    };
  }

  /** Acts once all that came before has ended. */
  act<Result>(action: () => Result | Promise<Result>): Promise<Result> {
    const acted = this.#turn.then(action);
    this.#turn = acted.catch(() => undefined);
    return acted;
  }

  work(ms: number): void {
    this.#workedNs += ms * 1e6;
  }
}

/** A run on a cluster. Nobody knows how long it took, and what it left in the cluster. */
type ClusterRun = Omit<FlowRun, "tookMs" | "left">;

/** An engine of a cluster that a test closes. */
export interface EngineOfCluster extends EngineUnderTest {
  close(): void;
}

/** Runs a program in memory, in SQLite and on a cluster, and compares all that can be compared. */
export async function assertSameRuns(
  program: FlowProgram,
  work: WorkInTurn,
  make: (options: MakeOptions) => EngineOfCluster | Promise<EngineOfCluster>,
): Promise<void> {
  const inMemory = comparable(await runFlow(splitFlow, program, { engine: onMemory }));
  expect(comparable(await runFlow(splitFlow, program, { engine: onSqlite }))).toEqual(inMemory);
  expect(comparable(await runOnCluster(program, work, make))).toEqual(inMemory);
}

/** Returns the parts of a run that are the same on all engines, in any order of its work. */
function comparable({ outcome, journals, calls, bill }: ClusterRun) {
  const { activeMs, billedMs, blockedMs, beta, runs, final } = bill;
  return {
    outcome,
    journals: Object.fromEntries(
      Object.entries(journals).map(([id, notes]) => [id, notes.toSorted((a, b) => a - b)]),
    ),
    calls: calls
      .map(({ leaf, input, attempt }) => JSON.stringify([leaf, input, attempt]))
      .toSorted(),
    bill: { activeMs, billedMs, blockedMs, beta, runs, final },
  };
}

async function runOnCluster(
  program: FlowProgram,
  work: WorkInTurn,
  make: (options: MakeOptions) => EngineOfCluster | Promise<EngineOfCluster>,
): Promise<ClusterRun> {
  const calls: FlowRun["calls"][number][] = [];
  const { run, read, functions } = splitFlow({
    work: async (ms) => work.work(ms),
    onLeaf: (call) => void calls.push({ ...call, atMs: 0 }),
  });
  const { clock } = work;
  const engine = await make({
    functions,
    clock,
    seed: 1,
    egress: {},
    retentionMs: 365 * 86_400_000,
  });
  try {
    const { client } = engine;
    const handle = await client.start(run, { program, input: null }, { id: "flow" });
    const outcome = await flowOutcomeOf(handle.result());
    let bill: FlowBill;
    do bill = await client.bill("flow");
    while (!bill.final);
    const journals: Record<string, readonly number[]> = {};
    for (const id of ["a", "b"]) {
      const notes = await client.call(read, undefined, { id });
      if (notes.length > 0) journals[id] = notes;
    }
    return { outcome, journals, calls, bill };
  } finally {
    engine.close();
  }
}
