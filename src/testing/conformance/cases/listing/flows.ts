import { fn } from "../../../../futures/define/fn.ts";
import { equal, matches, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";
import { adds, ends, fails, idsOf, LISTED, startEach, waits } from "./listed.ts";

const needs = ["flowIndex"] as const;

export const listedFlowCases: readonly Case[] = [
  {
    title: "a listed flow has its key, function, status and instants",
    needs,
    async run({ start, time }) {
      const sleeps = fn("test/sleeps", (ctx, ms: number) => ctx.sleep(ms));
      const { client } = await start([sleeps]);
      const began = time.now();
      await client.call(sleeps, 100, { key: "s" });
      const { flows } = await client.flows();
      matches(flows, [{ id: "s", function: "test/sleeps", status: "completed" }]);
      const [flow] = flows;
      time.assertPassed(0, began, flow?.startedAt);
      time.assertPassed(100, flow?.startedAt ?? 0, flow?.settledAt);
    },
  },
  {
    title: "a flow is listed as soon as its start is acknowledged, and until its record is gone",
    needs,
    async run({ start, time }) {
      const engine = await start(LISTED, { retentionMs: 1_000 });
      const { client } = engine;
      const unkeyed = await client.start(ends, 1);
      equal(await idsOf(engine), [unkeyed.id]);
      await unkeyed.result();
      await client.call(ends, 2, { key: "k" });
      equal(await idsOf(engine), ["k", unkeyed.id]);
      await client.purge("k");
      equal(await idsOf(engine), [unkeyed.id]);
      await time.advance(1_000);
      equal(await idsOf(engine), []);
      await client.call(ends, 3, { key: "k" });
      equal(await idsOf(engine), ["k"]);
    },
  },
  {
    title: "flows are listed in the order of their starts, the newest or the oldest first",
    needs,
    async run({ start }) {
      const engine = await start(LISTED);
      const started = await startEach(engine);
      equal(await idsOf(engine, { order: "oldest" }), started);
      equal(await idsOf(engine), started.toReversed());
      equal(await idsOf(engine, { order: "oldest", limit: 1 }), started);
      equal(await idsOf(engine, { limit: 2 }), started.toReversed());
    },
  },
  {
    title: "flows are found by status, function, both, and the beginning of their keys",
    needs,
    async run({ start }) {
      const engine = await start(LISTED);
      await startEach(engine);
      equal(await idsOf(engine, { status: "pending" }), ["c-waits"]);
      equal(await idsOf(engine, { status: "failed" }), ["b-fails"]);
      equal(await idsOf(engine, { status: "cancelled" }), ["d-cancelled"]);
      equal(await idsOf(engine, { status: "completed" }), ["e-adds", "a-ends"]);
      equal(await idsOf(engine, { status: "paused" }), []);
      equal(await idsOf(engine, { status: "parked" }), []);
      equal(await idsOf(engine, { function: waits }), ["d-cancelled", "c-waits"]);
      equal(await idsOf(engine, { function: adds }), ["e-adds"]);
      equal(await idsOf(engine, { function: "test/fails" }), ["b-fails"]);
      equal(await idsOf(engine, { function: "test/unknown" }), []);
      equal(await idsOf(engine, { function: waits, status: "pending" }), ["c-waits"]);
      equal(await idsOf(engine, { function: ends, status: "failed" }), []);
      equal(await idsOf(engine, { keyPrefix: "a-" }), ["a-ends"]);
      equal(await idsOf(engine, { keyPrefix: "a-ends" }), ["a-ends"]);
      equal(await idsOf(engine, { keyPrefix: "a-endsx" }), []);
      equal((await idsOf(engine, { keyPrefix: "" })).length, 5);
    },
  },
  {
    title: "flows are found by the time of their start, between two instants",
    needs,
    async run({ start, time }) {
      const engine = await start(LISTED);
      const { client } = engine;
      const instants: number[] = [];
      for (const key of ["one", "two", "three"]) {
        await client.call(ends, 1, { key });
        instants.push((await client.status(key)).startedAt);
        await time.advance(100);
      }
      const [first = 0, second = 0, third = 0] = instants;
      equal(await idsOf(engine, { startedAfter: first }), ["three", "two"]);
      equal(await idsOf(engine, { startedAfter: new Date(first - 1) }), ["three", "two", "one"]);
      equal(await idsOf(engine, { startedBefore: third }), ["two", "one"]);
      equal(await idsOf(engine, { startedAfter: first, startedBefore: third }), ["two"]);
      equal(await idsOf(engine, { startedAfter: first, startedBefore: third, order: "oldest" }), [
        "two",
      ]);
      equal(await idsOf(engine, { startedAfter: second, startedBefore: second }), []);
    },
  },
  {
    title: "pages stay stable while flows start, end and are purged",
    needs,
    async run({ start }) {
      const engine = await start(LISTED);
      const { client } = engine;
      for (const key of ["1", "2", "3", "4"]) await client.start(waits, undefined, { key });
      const first = await client.flows({ limit: 2 });
      equal(
        first.flows.map(({ id }) => id),
        ["4", "3"],
      );
      await client.start(waits, undefined, { key: "5" });
      await client.signal("2", "go");
      await client.flow("2").result();
      await client.cancel("4");
      await client.purge("4");
      const second = await client.flows({ limit: 2, cursor: first.cursor });
      matches(second, {
        flows: [
          { id: "2", status: "completed" },
          { id: "1", status: "pending" },
        ],
        cursor: undefined,
      });
    },
  },
  {
    title: "a list can be iterated over, page by page",
    needs,
    async run({ start }) {
      const engine = await start(LISTED);
      const started = await startEach(engine);
      const ids: string[] = [];
      for await (const { id } of engine.client.flows({ order: "oldest", limit: 2 })) ids.push(id);
      equal(ids, started);
    },
  },
  {
    title: "a renamed function is found with the flows of its former name",
    needs: [...needs, "redeploy"],
    async run({ start }) {
      const engine = await start(LISTED);
      await engine.client.call(ends, 1, { key: "before" });
      const renamed = fn("test/renamed", { aliases: ["test/ends"] }, (_, n: number) => n);
      await engine.redeploy([renamed]);
      await engine.client.call(renamed, 1, { key: "after" });
      equal(await idsOf(engine, { function: renamed }), ["after", "before"]);
      equal(await idsOf(engine, { function: "test/ends" }), ["before"]);
    },
  },
  {
    title: "a flow whose function is not registered is parked, not pending",
    needs: [...needs, "redeploy"],
    async run({ start, time }) {
      const later = fn("test/later", () => "done");
      const calls = fn("test/calls", (ctx) =>
        ctx.invoke(later, undefined, { after: [ctx.sleep(9)] }),
      );
      const engine = await start([calls, later, ...LISTED]);
      await engine.client.start(calls, undefined, { key: "k" });
      await engine.client.start(waits, undefined, { key: "w" });
      await engine.redeploy(LISTED);
      await time.advance(100);
      const { client } = engine;
      matches(await client.flows(), {
        flows: [
          { id: "w", status: "pending" },
          { id: "k", status: "parked" },
        ],
      });
      equal(await idsOf(engine, { status: "parked" }), ["k"]);
      equal(await idsOf(engine, { status: "pending" }), ["w"]);
      equal(await client.countFlows({ status: "parked" }), 1);
      equal(await client.countFlows({ status: "pending" }), 1);
      equal(await client.countFlows(), 2);
      await engine.redeploy([calls, later, ...LISTED]);
      equal(await engine.client.flow("k").result(), "done");
      equal(await idsOf(engine, { status: "completed" }), ["k"]);
    },
  },
  {
    title: "a cursor is refused by another list, and so is one that was changed",
    needs,
    async run({ start }) {
      const [engine, other] = [await start(LISTED), await start(LISTED)];
      for (const { client } of [engine, other]) {
        await client.call(ends, 1, { key: "1" });
        await client.call(ends, 2, { key: "2" });
      }
      const { client } = engine;
      const { cursor = "" } = await client.flows({ limit: 1, status: "completed" });
      const foreign = await other.client.flows({ limit: 1, status: "completed" });
      const refused = { code: "INVALID_CURSOR" };
      await rejects(client.flows({ cursor }), refused);
      await rejects(client.flows({ cursor, status: "failed" }), refused);
      await rejects(client.flows({ cursor, status: "completed", order: "oldest" }), refused);
      await rejects(client.flows({ cursor: foreign.cursor, status: "completed" }), refused);
      for (const forged of ["", "x", `${cursor}x`, cursor.slice(1), cursor.replace(".", "!")])
        await rejects(client.flows({ cursor: forged, status: "completed" }), refused);
      matches(await client.flows({ cursor, status: "completed" }), { flows: [{ id: "1" }] });
    },
  },
  {
    title: "an invalid filter is refused",
    needs,
    async run({ start }) {
      const { client } = await start([fails]);
      const invalid: readonly object[] = [
        { state: "failed" },
        { status: "done" },
        { limit: 0 },
        { limit: 1_001 },
        { limit: 1.5 },
        { order: "up" },
        { function: 7 },
        { function: {} },
        { keyPrefix: "x".repeat(257) },
        { keyPrefix: "\0" },
        { attribute: {} },
        { attribute: { a: 1, b: 2 } },
        { attribute: { a: null } },
      ];
      for (const options of invalid)
        await rejects(client.flows(options), { code: "INVALID_OPTIONS" });
      await rejects(client.countFlows({ ...invalid[0] }), { code: "INVALID_OPTIONS" });
      await rejects(client.flows({ function: "nonsense" }), { code: "INVALID_NAME" });
      await rejects(client.flows({ startedAfter: Number.NaN }), { code: "INVALID_DELAY" });
    },
  },
];
