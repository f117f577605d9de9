import { embedded, fn, memory } from "handback";
import type { FlowSummary, FlowsFilter } from "handback";
import fc from "fast-check";
import { expect, test } from "vitest";
import { everyCrash } from "handback/testing";

const ends = fn("law/ends", (ctx, customer: string) => {
  ctx.setAttributes({ customer });
  return customer;
});
const fails = fn("law/fails", () => {
  throw new Error("it fails");
});
const waits = fn("law/waits", (ctx) => ctx.event("go"));
const FUNCTIONS = { ends, fails, waits };

const starts = fc.array(
  fc.record({
    name: fc.constantFrom("ends", "fails", "waits"),
    prefix: fc.constantFrom("a", "ab", "b"),
    customer: fc.constantFrom("c-1", "c-2"),
    ending: fc.constantFrom("none", "cancel", "purge"),
  }),
  { maxLength: 8 },
);
const filters: fc.Arbitrary<FlowsFilter> = fc.record(
  {
    function: fc.constantFrom("law/ends", "law/fails", "law/waits"),
    status: fc.constantFrom("pending", "completed", "failed", "cancelled", "parked"),
    keyPrefix: fc.constantFrom("a", "ab", "b", "0"),
    attribute: fc.constantFrom({ customer: "c-1" }, { customer: "c-3" }),
    startedAfter: fc.constantFrom(0, 8e12),
  },
  { requiredKeys: [] },
);

function meets(flow: FlowSummary, filter: FlowsFilter): boolean {
  return (
    (filter.function ?? flow.function) === flow.function &&
    (filter.status ?? flow.status) === flow.status &&
    flow.id.startsWith(filter.keyPrefix ?? "") &&
    (filter.attribute?.["customer"] ?? flow.attributes["customer"]) ===
      flow.attributes["customer"] &&
    flow.startedAt > Number(filter.startedAfter ?? 0)
  );
}

test("a filter gives what the whole list gives, and its pages make up the whole", async () => {
  await fc.assert(
    fc.asyncProperty(
      starts,
      filters,
      fc.constantFrom(1, 2, 100),
      fc.constantFrom("newest", "oldest"),
      async (all, filter, limit, order) => {
        const engine = await embedded({ functions: [ends, fails, waits], store: memory() });
        const { client } = engine;
        for (const [at, { name, prefix, customer, ending }] of all.entries()) {
          const key = `${prefix}-${at}`;
          const options = at % 3 === 0 ? undefined : { key };
          const f = FUNCTIONS[name];
          const flow =
            f === ends
              ? await client.start(ends, customer, options)
              : await client.start(f === waits ? waits : fails, undefined, options);
          if (f !== waits) await flow.result().catch(() => undefined);
          if (ending === "cancel") await client.cancel(flow);
          if (ending === "purge") await client.purge(flow);
        }
        const whole = await client.flows({ order, limit: 1_000 });
        const wanted = whole.flows.filter((flow) => meets(flow, filter));
        const listed: FlowSummary[] = [];
        for await (const flow of client.flows({ ...filter, order, limit })) listed.push(flow);
        expect(listed).toEqual(wanted);
        expect(await client.countFlows(filter)).toBe(wanted.length);
        await engine.close();
      },
    ),
    { numRuns: 30 },
  );
});

test("a list is whole after every crash", async () => {
  await everyCrash({ functions: [ends, fails, waits] }, async (t) => {
    await t.client.start(ends, "c-1", { key: "1" });
    await t.client.flow("1").result();
    await t.client.start(waits, undefined, { key: "2" });
    const ids: string[] = [];
    for await (const { id, status } of t.client.flows({ order: "oldest" }))
      ids.push(`${id} ${status}`);
    expect(ids).toEqual(["1 completed", "2 pending"]);
    expect(await t.client.countFlows({ status: "pending" })).toBe(1);
    return ids;
  });
});
