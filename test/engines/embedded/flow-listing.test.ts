import { embedded, fn, memory } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { MergedFlows } from "../../../src/engines/embedded/listing/merged-flows.ts";
import type { FlowEntry } from "../../../src/core/engine/flow-index.ts";

const ends = fn("test/ends", () => "done");

test("a flow is listed without a gap, while its record is first written", async () => {
  const [store, end, written] = [
    memory(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const commit = store.commit.bind(store);
  const held = fn("test/held", () => end.promise);
  const engine = await embedded({ functions: [ends, held], store });
  const { client } = engine;
  const flow = await client.start(held);
  store.commit = async (batch) => {
    await written.promise;
    return commit(batch);
  };
  const other = client.start(ends);
  await turns();
  // The handler ends while the commit of the other start is under way.
  end.resolve();
  await turns();
  const listed = client.flows();
  written.resolve();
  expect((await listed).flows.map(({ id }) => id)).toContain(flow.id);
  await other;
  await engine.close();
});

test("a start that the next commit writes is neither listed nor counted yet", async () => {
  const store = memory();
  const engine = await embedded({ functions: [ends], store });
  const { client } = engine;
  expect(await client.countFlows()).toBe(0);
  const started = client.start(ends);
  const [counted, listed] = [client.countFlows({ status: "pending" }), client.flows()];
  expect(await counted).toBe(0);
  expect((await listed).flows).toEqual([]);
  await started;
  expect(await client.countFlows()).toBe(1);
  await engine.close();
});

test("flows whose records expired while no engine ran are not counted, however many they are", async () => {
  const [store, clock] = [memory(), new VirtualClock()];
  const options = { functions: [ends], store, clock, retention: "1h" } as const;
  const first = await embedded(options);
  await Promise.all(Array.from({ length: 4_200 }, () => first.client.call(ends)));
  await clock.until(first.close());
  clock.skip(2 * 3_600_000);
  const second = await embedded(options);
  const { client } = second;
  const counted = client.countFlows();
  const completed = client.countFlows({ status: "completed" });
  expect([await clock.until(counted), await clock.until(completed)]).toEqual([0, 0]);
  await clock.until(second.close());
});

/** Lets the event loop take a few turns. */
async function turns(): Promise<void> {
  for (let left = 10; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
}

test("sources are read as one, in their common order", () => {
  const entry = (startedAt: number): FlowEntry => ({
    startedAt,
    number: startedAt.toString(16).padStart(16, "0"),
    key: "k",
    type: "t/f",
    status: "pending",
  });
  const source =
    (instants: readonly number[]) => (after: { startedAt: number } | undefined, limit: number) =>
      instants
        .filter((at) => at > (after?.startedAt ?? 0))
        .slice(0, limit)
        .map(entry);
  const odd = Array.from({ length: 50 }, (_, at) => 2 * at + 1);
  const even = odd.map((at) => at + 1);
  const merged = new MergedFlows([source(odd), source([]), source(even)], {
    order: "oldest",
    after: undefined,
    expected: 3,
  });
  const read: number[] = [];
  for (let next = merged.next(); next !== undefined; next = merged.next())
    read.push(next.startedAt);
  expect(read).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
});
