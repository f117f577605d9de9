import { embedded, fn, memory } from "handback";
import type { Embedded, FlowsFilter } from "handback";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { MessageIndex } from "../../../src/engines/embedded/commit/message-index.ts";

const nothing = (): void => undefined;
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const held = fn("law/held", (ctx) => {
  ctx.invoke(gone);
  return ctx.event("go");
});
const gone = fn("law/gone", (ctx) => ctx.event("go"));
const tells = fn("law/tells", { events: ["go"] }, (ctx) => ctx.event("go"));
let gate = Promise.withResolvers<void>();
/** Takes the only slot until the gate opens, so that all other calls wait. */
const blocks = fn("law/blocks", () => gate.promise);
const PRESENT = [blocks, tells];
const ALL = [blocks, held, gone, tells];

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        start: fc.constantFrom(held, gone, tells),
        key: fc.constantFrom(undefined, "k"),
      }),
    },
    { weight: 2, arbitrary: fc.record({ signal: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ cancel: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ reopen: fc.constantFrom("all", "present") }) },
    { weight: 1, arbitrary: fc.constant({ block: true }) },
    { weight: 1, arbitrary: fc.constant({ list: true }) },
  ),
  { minLength: 3, maxLength: 14 },
);
const FILTERS: readonly FlowsFilter[] = [
  {},
  { status: "pending" },
  { status: "parked" },
  { status: "cancelled" },
  { function: held },
  { function: "law/gone", status: "pending" },
  { function: "law/gone", status: "parked" },
  { keyPrefix: "k" },
  { keyPrefix: "0" },
];

test("lists, counts and statuses agree on flows that wait, are parked, or were recovered", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom("newest", "oldest"), async (all, order) => {
      const store = memory();
      const open = (functions: readonly object[]): Promise<Embedded> =>
        embedded({ functions, store, cachedStates: 2, log: SILENT, concurrency: 1 });
      let engine = await open(ALL);
      const ids: string[] = [];
      const pick = (at: number): string | undefined => ids[at % Math.max(1, ids.length)];
      for (const [at, step] of all.entries()) {
        const { client } = engine;
        if ("start" in step) {
          const key = step.key === undefined ? {} : { key: `k-${at}` };
          const started = client.start(step.start, undefined, key);
          await started.then(({ id }) => ids.push(id)).catch(() => undefined);
        } else if ("signal" in step) {
          const id = pick(step.signal);
          if (id !== undefined) await client.signal(id, "go").catch(() => undefined);
        } else if ("cancel" in step) {
          const id = pick(step.cancel);
          if (id !== undefined) await client.cancel(id);
        } else if ("reopen" in step) {
          await closeWhileBlocked(engine);
          engine = await open(step.reopen === "all" ? ALL : PRESENT);
        } else if ("block" in step) ids.push((await client.start(blocks)).id);
        else await client.flows({ limit: 1 });
      }
      await agree(engine, ids, order);
      await closeWhileBlocked(engine);
    }),
  );
});

/** Closes an engine. Calls that wait for the slot stay in the store. */
async function closeWhileBlocked(engine: Embedded): Promise<void> {
  const closing = engine.close();
  gate.resolve();
  await closing;
  gate = Promise.withResolvers();
}

/** Compares what lists and counts say with what the status and the wait-graph of each flow say. */
async function agree(
  { client }: Embedded,
  ids: readonly string[],
  order: "newest" | "oldest",
): Promise<void> {
  const { flows: all } = await client.flows({ limit: 1_000 });
  const statuses = await Promise.all(
    ids.map(async (id) => {
      const [status, { nodes }] = await Promise.all([client.status(id), client.waits(id)]);
      const isParked = nodes[0]?.status.endsWith(", parked") === true;
      return { id, ...status, ...(isParked && { status: "parked" as const }) };
    }),
  );
  expect(all.map(({ id, status }) => `${id} ${status}`).toSorted()).toEqual(
    statuses.map(({ id, status }) => `${id} ${status}`).toSorted(),
  );
  for (const filter of FILTERS) {
    const wanted = statuses.filter(
      ({ id, function: type, status }) =>
        (filter.status ?? status) === status &&
        (filter.function === undefined ||
          type === (filter.function === held ? "law/held" : filter.function)) &&
        id.startsWith(filter.keyPrefix ?? ""),
    );
    const listed: string[] = [];
    for await (const { id, status } of client.flows({ ...filter, order, limit: 2 }))
      listed.push(`${id} ${status}`);
    expect(listed.toSorted()).toEqual(wanted.map(({ id, status }) => `${id} ${status}`).toSorted());
    expect(await client.countFlows(filter)).toBe(wanted.length);
  }
}

test("a page looks at no more of the waiting messages than it shows", async () => {
  const store = memory();
  const before = await embedded({ functions: ALL, store, log: SILENT });
  await before.client.start(tells);
  await before.close();
  const engine = await embedded({ functions: [gone], store, log: SILENT });
  const { client } = engine;
  const looked = vi.spyOn(MessageIndex.prototype, "all");
  try {
    await client.flows({ limit: 1 });
    for (let left = 50; left > 0; left--) await client.start(gone, undefined, { key: `${left}` });
    for (const status of ["pending", "parked", undefined] as const) {
      await client.flows({ limit: 1, ...(status !== undefined && { status }) });
      await client.countFlows(status === undefined ? {} : { status });
    }
    // The first list looks at all of them, so that later ones need not.
    expect(looked).toHaveBeenCalledTimes(1);
  } finally {
    looked.mockRestore();
    await engine.close();
  }
});
