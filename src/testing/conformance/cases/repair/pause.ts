import { value } from "../../../../core/state/value.ts";
import { fn } from "../../../../futures/define/fn.ts";
import { stateful } from "../../../../futures/define/stateful.ts";
import { equal, matches, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

/** Two steps with a wait between them, and a list of those that began. */
function makeSteps() {
  const began: unknown[] = [];
  const step = fn("test/step", (_, name: string) => {
    began.push(name);
    return name;
  });
  const later = fn("test/later", { parts: [step] }, (ctx, name: string) =>
    ctx.invoke(step, name, { after: [ctx.sleep(100)] }),
  );
  return { began, step, later };
}

/** Ends without another handler. */
const sleeper = fn("test/sleeper", (ctx) => ctx.sleep(100));

const list = stateful("test/list", {
  state: { all: value<readonly string[]>([]) },
  handlers: {
    add: (ctx, item: string) => (ctx.state.all = [...ctx.state.all, item]),
    read: (ctx) => ctx.state.all,
  },
});

export const pauseCases: readonly Case[] = [
  {
    title:
      "no handler of a paused flow starts, until it is resumed; its timers keep their instants",
    needs: ["pause"],
    async run({ start, time }) {
      const { began, later } = makeSteps();
      const { client } = await start([later]);
      const handle = await client.start(later, "a", { key: "f" });
      await client.pause(handle);
      await client.pause("f");
      const { status, pausedAt = 0, paused } = await handle.status();
      equal([status, paused], ["paused", []]);
      await time.advance(1000);
      equal(began, []);
      await client.call(later, "b");
      equal([...new Set(began)], ["b"]);
      equal((await handle.status()).pausedAt, pausedAt);
      const resumedAt = time.now();
      await client.resume(handle);
      equal(await handle.result(), "a");
      time.assertPassed(0, resumedAt);
      const ended = await handle.status();
      equal([ended.status, ended.pausedAt], ["completed", undefined]);
    },
  },
  {
    title: "a paused function holds the calls of all flows, in their order",
    needs: ["pause"],
    async run({ start, time }) {
      const { client } = await start([list]);
      await client.pause({ function: list });
      equal(await client.pausedFunctions(), ["test/list"]);
      const handles = [];
      for (const [at, item] of ["a", "b", "c"].entries())
        handles.push(await client.start(list.add, item, { id: "l", key: `f${at}` }));
      await time.advance(1000);
      matches(await client.status("f1"), { status: "pending" });
      await client.resume({ function: "test/list" });
      await Promise.all(handles.map(async (each) => each.result()));
      equal(await client.call(list.read, undefined, { id: "l" }), ["a", "b", "c"]);
      equal(await client.pausedFunctions(), []);
    },
  },
  {
    title: "a message that a flow and a function hold waits for the end of both pauses",
    needs: ["pause"],
    async run({ start, time }) {
      const { client } = await start([list]);
      await client.pause({ function: list });
      const first = await client.start(list.add, "a", { id: "l", key: "f0" });
      await client.pause(first);
      await client.start(list.add, "b", { id: "l", key: "f1" });
      await client.resume({ function: list });
      await time.eventually(async () =>
        matches(await client.status("f1"), { status: "completed" }),
      );
      matches(await first.status(), { status: "paused" });
      await client.resume(first);
      equal(await first.result(), ["b", "a"]);
    },
  },
  {
    title: "a paused flow can be canceled, and leaves no pause behind",
    needs: ["pause", "scopedCancel"],
    async run({ start, time }) {
      const { began, later } = makeSteps();
      const { client } = await start([later]);
      const handle = await client.start(later, "a", { key: "f" });
      await client.pause(handle);
      equal(await client.cancel(handle), true);
      await rejects(handle.result(), { code: "CANCELLED" });
      await time.advance(1000);
      equal(began, []);
      await rejects(client.resume(handle), {
        code: "NOT_PAUSED",
        details: { status: "cancelled" },
      });
      await rejects(client.pause(handle), { code: "FLOW_OVER", details: { status: "cancelled" } });
    },
  },
  {
    title: "the pause and the end of one are refused where there is nothing to pause or to resume",
    needs: ["pause"],
    async run({ start }) {
      const { began, later, step } = makeSteps();
      const { client } = await start([later, step]);
      await client.call(step, "a", { key: "done" });
      await rejects(client.pause("unknown"), { code: "NOT_FOUND" });
      await rejects(client.pause("done"), { code: "FLOW_OVER", details: { status: "completed" } });
      await rejects(client.resume("done"), { code: "NOT_PAUSED" });
      await rejects(client.pause({ function: "test/unknown" }), { code: "UNKNOWN_FUNCTION" });
      await rejects(client.resume({ function: step }), { code: "NOT_PAUSED" });
      equal([...new Set(began)], ["a"]);
    },
  },
  {
    title: "the flows of a filter are paused and resumed, and listed and counted as paused",
    needs: ["pause", "flowIndex"],
    async run({ start, time }) {
      const { began, later } = makeSteps();
      const { client } = await start([later]);
      for (const key of ["a1", "a2", "b1"]) await client.start(later, key, { key });
      matches(await client.pause({ keyPrefix: "a" }), { matched: 2, done: 2 });
      matches(await client.pause({ keyPrefix: "a" }), { matched: 0, done: 0 });
      await time.advance(1000);
      equal(await client.countFlows({ status: "paused" }), 2);
      const { flows } = await client.flows({ status: "paused", order: "oldest" });
      matches(flows, [
        { id: "a1", paused: [] },
        { id: "a2", paused: [] },
      ]);
      equal(
        flows.map(({ pausedAt }) => typeof pausedAt),
        ["number", "number"],
      );
      matches(await client.resume({ keyPrefix: "a" }), { matched: 2, done: 2 });
      await time.eventually(async () => equal(new Set(began).size, 3));
    },
  },
  {
    title: "a flow with a call that failed goes on first, then the call",
    needs: ["pause"],
    async run({ start, time }) {
      let isUp = false;
      const charge = fn("test/charge", { whenFailed: "pause" }, () => {
        if (!isUp) throw new Error("down");
        return "paid";
      });
      const { client } = await start([charge]);
      const handle = await client.start(charge, undefined, { key: "f" });
      await time.eventually(async () => equal((await handle.status()).paused.length, 1));
      await client.pause(handle);
      await client.resume(handle);
      const { status, paused, pausedAt } = await handle.status();
      equal([status, paused.length, pausedAt], ["paused", 1, undefined]);
      isUp = true;
      await client.pause(handle);
      await client.resume(handle, { call: paused[0]?.call ?? "" });
      await time.advance(1000);
      matches(await handle.status(), { status: "paused", paused: [] });
      await client.resume(handle);
      equal(await handle.result(), "paid");
    },
  },
  {
    title: "a flow that was paused leaves nothing behind",
    needs: ["pause", "storedValues", "virtualTime"],
    async run({ start, time }) {
      const { later } = makeSteps();
      const { client, stored } = await start([later, sleeper], { retentionMs: 1000 });
      const resumed = await client.start(later, "a", { key: "f" });
      await client.pause(resumed);
      await client.resume(resumed);
      await resumed.result();
      const settled = await client.start(sleeper, undefined, { key: "g" });
      await client.pause(settled);
      await settled.result();
      await time.advance(10_000);
      await time.eventually(async () => equal(await stored(), 0));
    },
  },
  {
    title: "the history tells of pauses",
    needs: ["pause", "history"],
    async run({ start }) {
      const { later } = makeSteps();
      const { client } = await start([later]);
      const handle = await client.start(later, "a", { key: "f" });
      await client.pause(handle);
      await client.resume(handle);
      await handle.result();
      const types: string[] = [];
      for await (const { type } of client.history("f")) types.push(type);
      equal(
        types.filter((type) => type === "paused" || type === "resumed"),
        ["paused", "resumed"],
      );
    },
  },
];
