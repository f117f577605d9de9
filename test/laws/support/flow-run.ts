import type { FlowBill, HistoryEntry } from "handback";
import type { BuiltFlow, FlowWorld } from "../../../src/testing/flows/leaves.ts";
import { flowOutcomeOf } from "../../../src/testing/flows/outcome.ts";
import type { FlowOutcome } from "../../../src/testing/flows/outcome.ts";
import type { FlowProgram, FlowValue } from "../../../src/testing/flows/program.ts";
import { inOrder } from "../../../src/testing/flows/reference.ts";
import type { FlowCall } from "../../../src/testing/flows/reference.ts";
import { readAll } from "../../support/read-all.ts";
import { onMemory } from "../../conformance/host.ts";
import type { EngineUnderTest } from "../../conformance/host.ts";

/** Expired values are collected after this time. */
const COLLECTED_MS = 60_000;

/** Returns a time in which all leaves of a program end in any case. */
export function boundMs(program: object): number {
  const own = Object.entries(program).reduce(
    (sum, [name, value]) => sum + (/ms$/i.test(name) ? Number(value) : 0),
    0,
  );
  const parts = Object.values(program).flatMap((value: unknown) =>
    typeof value === "object" && value !== null ? [value] : [],
  );
  return parts.reduce((sum, part) => sum + boundMs(part), own * MOST_REPEATS);
}

/** Maximum number of runs of one step. */
const MOST_REPEATS = 3;

/** The outcome of a program on an engine. */
export interface FlowRun {
  readonly outcome: FlowOutcome;
  readonly tookMs: number;
  /** Every attempt of every leaf, ordered by time. */
  readonly calls: readonly FlowCall[];
  readonly journals: Readonly<Record<string, readonly number[]>>;
  readonly bill: FlowBill;
  /** Number of values left after all retention has passed, without the journals. */
  readonly left: number;
}

/** Options of a run. */
export interface FlowRunOptions {
  readonly engine?: EngineUnderTest;
  readonly seed?: number;
  readonly input?: FlowValue;
  /** Gets the history of the flow, once no work is left. */
  readonly onHistory?: (entries: readonly HistoryEntry[]) => void;
}

const JOURNALS = ["a", "b"];

/** Runs a program in either build on an engine, until no work is left. */
export async function runFlow(
  build: (world: FlowWorld) => BuiltFlow,
  program: FlowProgram,
  { engine = onMemory, seed = 1, input = null, onHistory }: FlowRunOptions = {},
): Promise<FlowRun> {
  const calls: FlowCall[] = [];
  const { run, read, functions } = build({
    work: (ms, signal) => workUnless(host.clock.work(ms), signal),
    onLeaf: (call) => void calls.push({ ...call, atMs: host.clock.monotonicNs() / 1e6 }),
  });
  const afterwardsMs = boundMs(program);
  const host = await engine.start(functions, { retentionMs: 2 * afterwardsMs }, seed);
  const { client, clock } = host;
  try {
    const handle = await client.start(run, { program, input }, { id: "flow" });
    const outcome = await flowOutcomeOf(handle.result());
    const tookMs = clock.monotonicNs() / 1e6;
    await clock.advance(afterwardsMs);
    const bill = await client.bill("flow");
    if (onHistory !== undefined) onHistory(await readAll(client.history("flow")));
    const journals: Record<string, readonly number[]> = {};
    for (const id of JOURNALS) {
      const notes = await client.call(read, undefined, { id });
      if (notes.length > 0) journals[id] = notes;
    }
    await clock.advance(2 * afterwardsMs + COLLECTED_MS);
    const left = host.stored() - Object.keys(journals).length;
    return {
      outcome,
      tookMs,
      calls: inOrder(calls),
      journals,
      bill,
      left,
    };
  } finally {
    await host.close();
  }
}

/** Works, or stops at once when the signal is aborted. */
export function workUnless(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return work;
  return Promise.race([
    work,
    new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true }),
    ),
  ]);
}
