import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Clock, FlowBill } from "handback";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../../src/engines/embedded/host/system-clock.ts";
import { slowClock } from "../../../src/testing/conformance/slow-clock.ts";
import { flows } from "../../../src/testing/flows/flows.ts";
import { flowOutcomeOf } from "../../../src/testing/flows/outcome.ts";
import type { FlowProgram } from "../../../src/testing/flows/program.ts";
import { splitFlow } from "../../../src/testing/flows/split.ts";
import { onMemory, onSqlite } from "../../conformance/host.ts";
import { runFlow } from "../../laws/support/flow-run.ts";
import type { FlowRun } from "../../laws/support/flow-run.ts";
import { Cluster } from "./support/cluster.ts";
import { Engines, REPLIES } from "./support/engines.ts";
import { serveFunctions } from "./support/functions-server.ts";
import type { FunctionsServer } from "./support/functions-server.ts";

/** Programs to run; their seed is that of fast-check. */
const PROGRAMS = Number(process.env["CLUSTER_PROGRAMS"] ?? 40);
const SEED = Number(process.env["CLUSTER_SEED"] ?? 1);
/** An hour of a program takes less than a second. */
const SPEED = 5_000;

/** Steps whose outcome depends on durations, and steps whose first failure decides. */
const TIMED = ["race", "any", "timeout", "wait"] as const;
const FAILING_FAST = ["parallel", "value", "depends"] as const;

/** Time that handlers have worked. They run one at a time, so each is billed exactly. */
let workedNs = 0;
let turn: Promise<unknown> = Promise.resolve();
const fast = slowClock(systemClock, 1 / SPEED);
const clock: Clock = {
  now: () => fast.now(),
  monotonicNs: () => workedNs,
  setTimer: (delayMs, callback) => fast.setTimer(delayMs, callback),
};
const engines = new Engines(1 / SPEED);
const folder = mkdtempSync(join(tmpdir(), "handback-statefun-"));
let server: FunctionsServer;
let cluster: Cluster;

beforeAll(async () => {
  server = await serveFunctions((request) => {
    const answer = turn.then(() => engines.handle(request));
    turn = answer.catch(() => undefined);
    return answer;
  });
  cluster = await Cluster.start({
    data: folder,
    endpoint: server.endpoint,
    namespaces: ["_sys", "flows"],
    egresses: [REPLIES],
  });
}, 60_000);

afterAll(async () => {
  await cluster.stop();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the parts of a run that are the same on all engines, in any order of its work. */
function comparable({ outcome, journals, calls, bill }: Omit<FlowRun, "tookMs" | "left">) {
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

async function runOnCluster(program: FlowProgram): Promise<Omit<FlowRun, "tookMs" | "left">> {
  const calls: FlowRun["calls"][number][] = [];
  const { run, read, functions } = splitFlow({
    work: async (ms) => {
      workedNs += ms * 1e6;
    },
    onLeaf: (call) => void calls.push({ ...call, atMs: 0 }),
  });
  const options = { functions, clock, seed: 1, egress: {}, retentionMs: 365 * 86_400_000 };
  const engine = engines.make(options, cluster);
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

const programs = fc.sample(
  fc.oneof(
    flows({ without: TIMED, failures: false }),
    flows({ without: [...TIMED, ...FAILING_FAST] }),
  ),
  { numRuns: PROGRAMS, seed: SEED },
);

test.concurrent.for(programs.map((program, n) => [n, program] as const))(
  "random flow %i has the same result, states, calls and bill in memory, in SQLite and on the cluster",
  { timeout: 180_000 },
  async ([, program]) => {
    const inMemory = comparable(await runFlow(splitFlow, program, { engine: onMemory }));
    expect(comparable(await runFlow(splitFlow, program, { engine: onSqlite }))).toEqual(inMemory);
    expect(comparable(await runOnCluster(program))).toEqual(inMemory);
  },
);
