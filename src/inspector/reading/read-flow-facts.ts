import { HandbackError } from "../../core/errors/errors.ts";
import type { Clock } from "../../core/host/clock.ts";
import type { Client } from "../../futures/client/client.ts";
import type { FlowStatus } from "../../futures/client/flow-handle.ts";
import type { StreamItem } from "../../futures/client/journal/stream-item.ts";
import type { FlowBill } from "../../futures/flow/bill.ts";
import type { FlowWaits } from "../../futures/flow/wait-graph.ts";
import type { HistoryEntry } from "../../futures/client/journal/history-entry.ts";
import type { FlowSummary } from "../../futures/listing/flow-summary.ts";
import { Arrival } from "../../http/streams/arrival.ts";

/** Entries of a history that one page reads. */
const MOST_ENTRIES = 20_000;
const MOST_WAITS = 100;
const MOST_ITEMS = 200;
/** Time, in ms, in which the next item of a stream comes if there is one. */
const IDLE_MS = 60;

/** The facts on the page of one flow. What its engine does not offer is `undefined`. */
export interface FlowView {
  readonly id: string;
  readonly status: FlowStatus;
  readonly bill: FlowBill;
  readonly attributes: FlowSummary["attributes"] | undefined;
  /** Absent if the engine keeps no history. */
  readonly history: readonly HistoryEntry[] | undefined;
  readonly waits: FlowWaits | undefined;
  /** The result of a completed flow. */
  readonly result: { readonly value: unknown } | undefined;
  /** The channel that a person chose, and its last items. */
  readonly stream: StreamView | undefined;
  readonly now: number;
}

/** Items of a channel. */
export interface StreamView {
  readonly channel: string;
  readonly items: readonly StreamItem[];
}

/** Reads one flow. @throws `NOT_FOUND` */
export async function readFlowFacts(
  client: Client,
  id: string,
  { channel, clock }: { readonly channel: string | undefined; readonly clock: Clock },
): Promise<FlowView> {
  const handle = client.flow(id);
  const status = await handle.status();
  const [bill, history, attributes, waits, stream] = await Promise.all([
    client.bill(id),
    ifSupported(() => takeFirst(client.history(id), MOST_ENTRIES)),
    ifSupported(() => readAttributes(client, id, status)),
    status.settledAt === undefined
      ? ifSupported(() => client.waits(id, { limit: MOST_WAITS }))
      : undefined,
    channel === undefined
      ? undefined
      : ifSupported(() => readStreamItems(client, { id, channel, clock })),
  ]);
  const result = status.status === "completed" ? { value: await handle.result() } : undefined;
  return { id, status, bill, attributes, history, waits, result, stream, now: clock.now() };
}

/** Returns `undefined` for what the engine does not offer. */
export async function ifSupported<Read>(
  read: () => Read | Promise<Read>,
): Promise<Read | undefined> {
  try {
    return await read();
  } catch (error) {
    if (HandbackError.is(error, "UNSUPPORTED")) return undefined;
    throw error;
  }
}

/** The list has the attributes. The flow is the one that started in this millisecond with this key. */
async function readAttributes(
  client: Client,
  id: string,
  { startedAt }: FlowStatus,
): Promise<FlowSummary["attributes"] | undefined> {
  const pages = client.flows({
    keyPrefix: id.slice(0, 256),
    startedAfter: startedAt - 1,
    startedBefore: startedAt + 1,
    limit: 100,
  });
  return (await pages).flows.find((flow) => flow.id === id)?.attributes;
}

/** Reads the items so far. A stream does not tell that there are no more: it waits for the next one. */
async function readStreamItems(
  client: Client,
  { id, channel, clock }: { readonly id: string; readonly channel: string; readonly clock: Clock },
): Promise<StreamView> {
  const leaving = new AbortController();
  const items: StreamItem[] = [];
  const reader = client.flow(id).stream(channel, { signal: leaving.signal });
  try {
    for (;;) {
      const read = await new Arrival(reader.next()).within(clock, IDLE_MS);
      if (read === undefined || read.done === true) break;
      items.push(read.value);
      if (items.length > MOST_ITEMS) items.shift();
    }
  } finally {
    leaving.abort();
  }
  return { channel, items };
}

async function takeFirst<Item>(from: AsyncIterable<Item>, most: number): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const item of from) {
    items.push(item);
    if (items.length >= most) break;
  }
  return items;
}
