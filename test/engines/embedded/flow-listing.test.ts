import { embedded, fn, memory } from "handback";
import { expect, test } from "vitest";
import { MergedFlows } from "../../../src/engines/embedded/listing/merged-flows.ts";
import type { FlowEntry } from "../../../src/core/engine/flow-index.ts";

const ends = fn("test/ends", () => "done");

test("a flow is listed without a gap, while its record is first written", async () => {
  const store = memory();
  const commit = store.commit.bind(store);
  const seen: Promise<number>[] = [];
  const engine = await embedded({ functions: [ends], store });
  const { client } = engine;
  // Every commit lets a list start while it is under way.
  store.commit = (batch) => {
    seen.push(client.flows().then(({ flows }) => flows.length));
    return commit(batch);
  };
  const flow = await client.start(ends);
  seen.length = 0;
  while ((await client.flows()).flows[0]?.status === "pending")
    seen.push(client.flows().then(({ flows }) => flows.length));
  await flow.result();
  for (const count of await Promise.all(seen)) expect(count).toBe(1);
  await engine.close();
});

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
