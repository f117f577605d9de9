import { equal } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";
import { adds, ends, LISTED, startEach, waits } from "./listed.ts";

const needs = ["flowIndex"] as const;

export const countedFlowCases: readonly Case[] = [
  {
    title: "flows are counted by the same filters as they are listed",
    needs,
    async run({ start }) {
      const engine = await start(LISTED);
      const { client } = engine;
      equal(await client.countFlows(), 0);
      await startEach(engine);
      equal(await client.countFlows(), 5);
      equal(await client.countFlows({ status: "completed" }), 2);
      equal(await client.countFlows({ status: "pending" }), 1);
      equal(await client.countFlows({ function: waits }), 2);
      equal(await client.countFlows({ function: waits, status: "cancelled" }), 1);
      equal(await client.countFlows({ function: adds, status: "failed" }), 0);
      equal(await client.countFlows({ keyPrefix: "a-" }), 1);
      equal(await client.countFlows({ startedAfter: 0, status: "failed" }), 1);
    },
  },
  {
    title: "a flow counts once, however often its record changes, and no more once it is gone",
    needs,
    async run({ start, time }) {
      const { client } = await start(LISTED, { retentionMs: 1_000 });
      const flow = await client.start(waits, undefined, { key: "w" });
      await client.signal(flow, "go", 1);
      await flow.result();
      equal(await client.countFlows(), 1);
      equal(await client.countFlows({ status: "pending" }), 0);
      await client.call(ends, 1);
      equal(await client.countFlows({ status: "completed" }), 2);
      await client.purge("w");
      equal(await client.countFlows({ status: "completed" }), 1);
      await time.advance(1_000);
      equal(await client.countFlows(), 0);
    },
  },
];
