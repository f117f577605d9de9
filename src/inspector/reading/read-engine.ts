import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";
import type { FlowStatusName } from "../../core/engine/flow-index.ts";
import type { EngineStats } from "../../core/engine/engine-stats.ts";
import type { InspectedEngine } from "../rules/options.ts";
import { ifSupported } from "./read-flow-facts.ts";

/** Dead letters that are counted. */
const MOST_LETTERS = 1_000;

/** The facts about an engine. Those that it does not offer are `undefined`. */
export interface EngineFacts {
  readonly flows: readonly (readonly [status: FlowStatusName, count: number])[] | undefined;
  /** Messages that wait for their turn. */
  readonly backlog: number | undefined;
  /** Number of parked messages by the function that they wait for. */
  readonly unregistered: ReadonlyMap<string, number> | undefined;
  readonly paused: readonly string[] | undefined;
  readonly stats: EngineStats | undefined;
  readonly deadLetters: { readonly count: number; readonly isMore: boolean } | undefined;
}

/** Reads the facts about an engine. */
export async function readEngine(engine: InspectedEngine): Promise<EngineFacts> {
  const { client, backlog, unregistered } = engine;
  const [flows, paused, deadLetters] = await Promise.all([
    ifSupported(() =>
      Promise.all(
        FLOW_STATUSES.map(async (status) => [status, await client.countFlows({ status })] as const),
      ),
    ),
    ifSupported(() => client.pausedFunctions()),
    ifSupported(async () => {
      const { letters, cursor } = await client.deadLetters({ limit: MOST_LETTERS });
      return { count: letters.length, isMore: cursor !== undefined };
    }),
  ]);
  return { flows, backlog, unregistered, paused, deadLetters, stats: engine.stats?.() };
}
