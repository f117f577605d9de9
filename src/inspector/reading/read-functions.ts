import type { Client } from "../../futures/client/client.ts";
import { specOf } from "../../futures/define/spec.ts";
import type { FunctionBill } from "../../engines/embedded/execution/function-meter.ts";
import type { InspectedEngine } from "../rules/options.ts";
import { ifSupported } from "./read-flow-facts.ts";

/** The newest flows of a function that its figures come from. */
const SAMPLE = 200;
const HOUR_MS = 3_600_000;

/** The figures of one function. */
export interface FunctionFacts {
  readonly type: string;
  readonly isPaused: boolean;
  /** Numbers of its flows, from the counters of the engine. */
  readonly pending: number;
  readonly completed: number;
  readonly failed: number;
  /** Starts in the last hour, and whether there were more than the sample holds. */
  readonly lastHour: number;
  readonly isMore: boolean;
  /** Times from start to end of its newest flows, in ms. Absent if none has ended. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  /** The runs of its handlers since the engine was opened. Absent if the engine has no meter. */
  readonly bill: FunctionBill | undefined;
}

/** Returns the types of functions, in order. */
export function typesOfFunctions(functions: readonly object[]): readonly string[] {
  return [...new Set(functions.flatMap((f) => specOf(f)?.type ?? []))].toSorted();
}

/** Reads the figures of functions. */
export async function readFunctions(
  { client, meter }: InspectedEngine,
  types: readonly string[],
  now: number,
): Promise<readonly FunctionFacts[]> {
  const paused = new Set(await ifSupported(() => client.pausedFunctions()));
  const facts: FunctionFacts[] = [];
  // One after the other: a page of many functions leaves time to the engine.
  for (const type of types)
    facts.push({
      type,
      isPaused: paused.has(type),
      bill: meter?.function(type),
      ...(await readFlowFigures(client, type, now)),
    });
  return facts;
}

type FlowFigures = Omit<FunctionFacts, "type" | "isPaused" | "bill">;

async function readFlowFigures(client: Client, type: string, now: number): Promise<FlowFigures> {
  const [pending, completed, failed, { flows }] = await Promise.all([
    client.countFlows({ function: type, status: "pending" }),
    client.countFlows({ function: type, status: "completed" }),
    client.countFlows({ function: type, status: "failed" }),
    client.flows({ function: type, limit: SAMPLE }),
  ]);
  const lastHour = flows.filter(({ startedAt }) => startedAt > now - HOUR_MS).length;
  const times = flows
    .flatMap(({ startedAt, settledAt }) => (settledAt === undefined ? [] : settledAt - startedAt))
    .toSorted((one, other) => one - other);
  return {
    pending,
    completed,
    failed,
    lastHour,
    isMore: lastHour === SAMPLE,
    p50Ms: quantileOf(times, 0.5),
    p99Ms: quantileOf(times, 0.99),
  };
}

/** Returns the value below which this share of sorted values lies. */
function quantileOf(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
