import { embedded, fn, memory, stateful, value } from "handback";
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

const starts = fc.array(
  fc.record({
    name: fc.constantFrom("ends", "fails", "waits"),
    prefix: fc.constantFrom("a", "ab", "b"),
    customer: fc.constantFrom("c-1", "c-2"),
    ending: fc.constantFrom("none", "cancel", "purge"),
  }),
  { minLength: 4, maxLength: 12 },
);
const FILTERS: readonly FlowsFilter[] = [
  {},
  ...(["law/ends", "law/fails", "law/waits"] as const).map((name) => ({ function: name })),
  ...(["pending", "completed", "failed", "cancelled", "parked"] as const).map((status) => ({
    status,
  })),
  ...["a", "ab", "b", "0"].map((keyPrefix) => ({ keyPrefix })),
  ...["c-1", "c-2", "c-3"].map((customer) => ({ attribute: { customer } })),
  { startedAfter: 0 },
  { function: "law/ends", status: "completed" },
  { function: "law/waits", status: "pending", keyPrefix: "a" },
  { status: "completed", attribute: { customer: "c-1" }, startedAfter: 0 },
];

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
      fc.constantFrom(1, 2, 3),
      fc.constantFrom("newest", "oldest"),
      async (all, limit, order) => {
        const engine = await embedded({ functions: [ends, fails, waits], store: memory() });
        const { client } = engine;
        for (const [at, { name, prefix, customer, ending }] of all.entries()) {
          const options = at % 3 === 0 ? undefined : { key: `${prefix}-${at}` };
          const flow =
            name === "ends"
              ? await client.start(ends, customer, options)
              : await client.start(name === "waits" ? waits : fails, undefined, options);
          if (name !== "waits") await flow.result().catch(() => undefined);
          if (ending === "cancel") await client.cancel(flow);
          if (ending === "purge") await client.purge(flow);
        }
        const whole = await client.flows({ order, limit: 1_000 });
        for (const filter of FILTERS) {
          const wanted = whole.flows.filter((flow) => meets(flow, filter));
          const listed: FlowSummary[] = [];
          for await (const flow of client.flows({ ...filter, order, limit })) {
            listed.push(flow);
            // A list that does not end would hang the test.
            if (listed.length > whole.flows.length) break;
          }
          expect(listed).toEqual(wanted);
          expect(await client.countFlows(filter)).toBe(wanted.length);
        }
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

test("lists of states and dead letters are whole after every crash", async () => {
  const cart = stateful("law/cart", {
    state: { n: value(0) },
    handlers: { add: (ctx) => ctx.state.n++, drop: (ctx) => ctx.terminate() },
  });
  const sends = fn("law/sends", (ctx) => ctx.send(fails));
  await everyCrash({ functions: [cart, fails, sends] }, async (t) => {
    for (const id of ["1", "2", "3"]) await t.client.call(cart.add, undefined, { id, key: id });
    await t.client.call(cart.drop, undefined, { id: "2", key: "drop" });
    await t.client.call(sends, undefined, { key: "sends" });
    await t.idle();
    const found: string[] = [];
    for await (const { id } of t.client.states(cart, { limit: 1 })) found.push(id);
    for await (const { target } of t.client.deadLetters({ limit: 1 })) found.push(target.type);
    expect(found).toEqual(["1", "3", "law/fails"]);
    return found;
  });
});
