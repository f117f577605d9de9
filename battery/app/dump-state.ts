import { setTimeout } from "node:timers/promises";
import { HandbackError } from "../../src/index.ts";
import type { Client, Store } from "../../src/index.ts";
import type { Json } from "../../src/core/data/json.ts";
import { pageOf, placeOfPage } from "../kinds/operation-log.ts";
import { allKinds, kindOf } from "../kinds/all-kinds.ts";
import { nameOf } from "../kinds/kind.ts";
import type { Place } from "../kinds/kind.ts";
import type { Standing } from "../ledger/entry.ts";
import type { Orders } from "../ledger/orders.ts";
import { operationOf } from "../plan/operation.ts";
import type { Operation } from "../plan/operation.ts";
import { outcomeOf } from "../client/recording-client.ts";
import type { RecordingClient } from "../client/recording-client.ts";
import { writeEntry } from "../client/ledger-writer.ts";

const LOOK_AGAIN_MS = 20;

/**
 * Waits until the store is quiet, and reports the status of every flow and the content of every
 * state.
 */
export async function dumpState(
  orders: Orders,
  { recorder, store, quietMs }: { recorder: RecordingClient; store: Store; quietMs: number },
): Promise<void> {
  await waitUntilQuiet(store, quietMs);
  const operations = Array.from({ length: orders.next }, (_, number) =>
    operationOf(orders.seed, number),
  );
  for (const operation of operations) {
    writeEntry({
      what: "standing",
      op: operation.number,
      ...(await standingOf(recorder.client, operation)),
    });
  }
  for (const [name, place] of placesOf(operations))
    writeEntry({ what: "state", place: name, values: await readPlace(recorder.client, place) });
  const { messages, delayed, dead } = store.count();
  writeEntry({ what: "rest", messages, delayed, dead });
  writeEntry({ what: "told" });
}

/** Waits until no work is left, or none has been done for a long time. */
async function waitUntilQuiet(store: Store, quietMs: number): Promise<void> {
  let [before, since] = ["", Date.now()];
  for (;;) {
    const { messages, delayed, state } = store.count();
    const now = `${messages} ${delayed} ${state}`;
    // Require two equal reads: a commit is in the file a moment before the engine knows it and
    // shows it to readers.
    if (messages + delayed === 0 && now === before) return;
    if (now !== before) [before, since] = [now, Date.now()];
    if (Date.now() - since > quietMs) return;
    await setTimeout(LOOK_AGAIN_MS);
  }
}

async function standingOf(
  client: Client,
  { key }: Operation,
): Promise<{ readonly standing: Standing; readonly startedAt?: number }> {
  const handle = client.flow(key);
  try {
    const { startedAt, status } = await handle.status();
    return { startedAt, standing: status === "pending" ? { status } : await outcomeOf(handle) };
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return { standing: { status: "absent" } };
    throw error;
  }
}

function placesOf(operations: readonly Operation[]): ReadonlyMap<string, Place> {
  const pages = operations.map(({ number }) => placeOfPage(pageOf(number)));
  const others = allKinds.flatMap(
    (kind) => kind.places?.(operations.filter((operation) => kindOf(operation) === kind)) ?? [],
  );
  return new Map([...pages, ...others].map((place) => [nameOf(place), place]));
}

async function readPlace(client: Client, { of, id }: Place): Promise<Json> {
  try {
    return (await client.readState(of, id)) as Json;
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return null;
    throw error;
  }
}
