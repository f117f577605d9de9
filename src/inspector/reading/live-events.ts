import type { Clock } from "../../core/host/clock.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import type { Client } from "../../futures/client/client.ts";
import type { FlowsFilter } from "../../futures/listing/flow-filter.ts";
import type { ServerEvent } from "../../http/streams/event-stream.ts";
import { valueText } from "../text/value-text.ts";
import { FLOW_STATUSES } from "../../core/engine/flow-index.ts";

/** Time, in ms, between two looks at what the engine does not announce. */
const LOOK_MS = 1_000;

/** An event that tells a page to load again. */
const CHANGED: ServerEvent = { event: "changed", data: null };

/** Yields an event when the totals of flows change. The counters of the engine cost no scan. */
export async function* flowsChanges(
  client: Client,
  { filter, clock, signal }: Watch & { readonly filter: FlowsFilter },
): AsyncGenerator<ServerEvent, void, void> {
  const read = async (): Promise<string> => {
    const counts = FLOW_STATUSES.map((status) => client.countFlows({ ...filter, status }));
    return (await Promise.all(counts)).join();
  };
  yield* differences(read, { clock, signal });
}

/**
 * Yields an event when a flow has new entries, or new items of a channel, and when it has ended. An
 * engine without a history is asked for the status from time to time.
 */
export function flowChanges(
  client: Client,
  { flow, channel, after, clock, signal }: FlowWatch,
): AsyncGenerator<ServerEvent, void, void> {
  const handle = client.flow(flow);
  const place = { after, signal };
  if (channel !== undefined) return eachOf(handle.stream(channel, place));
  try {
    return eachOf(handle.changes(place));
  } catch (error) {
    if (!HandbackError.is(error, "UNSUPPORTED")) throw error;
  }
  const read = async (): Promise<string> => {
    const { settledAt, paused, pausedAt, custom } = await handle.status();
    return JSON.stringify([settledAt, paused.length, pausedAt, valueText(custom)]);
  };
  return differences(read, { clock, signal });
}

interface Watch {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface FlowWatch extends Watch {
  readonly flow: string;
  /** The channel whose items are shown. */
  readonly channel: string | undefined;
  /** The cursor of the last entry, or item, that is shown. */
  readonly after: string | undefined;
}

async function* eachOf(entries: AsyncIterable<unknown>): AsyncGenerator<ServerEvent, void, void> {
  for await (const _ of entries) yield CHANGED;
  yield CHANGED;
}

/** Yields an event whenever a text differs from the one before. */
async function* differences(
  read: () => Promise<string>,
  { clock, signal }: Watch,
): AsyncGenerator<ServerEvent, void, void> {
  let last = await read();
  while (!signal.aborted) {
    await pauseFor(LOOK_MS, clock);
    const next = await read();
    if (next !== last) yield CHANGED;
    last = next;
  }
}

function pauseFor(ms: number, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  clock.setTimer(ms, resolve);
  return promise;
}
