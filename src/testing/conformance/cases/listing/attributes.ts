import { fn } from "../../../../futures/define/fn.ts";
import type { FlowAttribute } from "../../../../core/engine/flow-index.ts";
import { equal, matches, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";
import { idsOf } from "./listed.ts";

const needs = ["flowIndex"] as const;

/** Attributes in a message. `null` removes one, because `undefined` does not travel. */
type Attributes = Readonly<Record<string, string | number | boolean | null>>;

/** Sets attributes, waits for an event, and sets the attributes that come with it. */
const sets = fn("test/sets", (ctx, first: Attributes) => {
  ctx.setAttributes(withoutNulls(first));
  return ctx.onComplete(ctx.event<Attributes>("then"), setsThen);
});
const setsThen = fn("test/sets-then", (ctx, attributes: Attributes) =>
  ctx.setAttributes(withoutNulls(attributes)),
);

/** Returns attributes in which each `null` is `undefined`. */
function withoutNulls(attributes: Attributes): Readonly<Record<string, FlowAttribute | undefined>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, value ?? undefined]),
  );
}

export const attributeCases: readonly Case[] = [
  {
    title: "a flow is found by an attribute, and by its value's kind",
    needs,
    async run({ start, time }) {
      const engine = await start([sets, setsThen]);
      const { client } = engine;
      await client.start(sets, { customer: "c-7", rush: true }, { key: "1" });
      await client.start(sets, { customer: "c-7", count: 7 }, { key: "2" });
      await client.start(sets, { customer: "c-8", count: "7" }, { key: "3" });
      await time.quiet();
      equal(await idsOf(engine, { attribute: { customer: "c-7" } }), ["2", "1"]);
      equal(await idsOf(engine, { attribute: { customer: "c-7" }, order: "oldest" }), ["1", "2"]);
      equal(await idsOf(engine, { attribute: { customer: "c-7" }, limit: 1 }), ["2", "1"]);
      equal(await idsOf(engine, { attribute: { count: 7 } }), ["2"]);
      equal(await idsOf(engine, { attribute: { count: "7" } }), ["3"]);
      equal(await idsOf(engine, { attribute: { rush: true } }), ["1"]);
      equal(await idsOf(engine, { attribute: { rush: false } }), []);
      equal(await idsOf(engine, { attribute: { customer: "c-7" }, status: "failed" }), []);
      equal(await client.countFlows({ attribute: { customer: "c-7" } }), 2);
      matches(await client.flows({ keyPrefix: "1" }), {
        flows: [{ attributes: { customer: "c-7", rush: true } }],
      });
    },
  },
  {
    title: "attributes change while a flow runs, stay when it has ended, and go with it",
    needs,
    async run({ start, time }) {
      const engine = await start([sets, setsThen]);
      const { client } = engine;
      const flow = await client.start(sets, { a: 1, b: 2 }, { key: "k" });
      await client.signal(flow, "then", { a: null, b: 3, c: 4 });
      await flow.result();
      await time.quiet();
      equal(await idsOf(engine, { attribute: { a: 1 } }), []);
      equal(await idsOf(engine, { attribute: { b: 2 } }), []);
      equal(await idsOf(engine, { attribute: { b: 3 }, status: "completed" }), ["k"]);
      equal((await client.flows()).flows[0]?.attributes, { b: 3, c: 4 });
      await client.purge("k");
      equal(await idsOf(engine, { attribute: { b: 3 } }), []);
    },
  },
  {
    title: "a flow has up to eight attributes, and a call refuses more and invalid ones",
    async run({ start, time }) {
      const { client } = await start([sets, setsThen]);
      const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`a${at}`, at]));
      const refused = { code: "INVALID_OPTIONS" };
      await rejects(client.call(sets, many), refused);
      await rejects(client.call(sets, { long: "x".repeat(257) }), refused);
      const { a8: _, ...eight } = many;
      const flow = await client.start(sets, eight, { key: "k" });
      await client.signal(flow, "then", { b: 1, a7: 0 });
      await flow.result();
      await time.quiet();
      matches(await flow.status(), { status: "completed" });
    },
  },
];
