import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { value } from "../../../core/state/value.ts";
import { equal, matches, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";

const counter = stateful("test/counter", {
  state: { count: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.count += n) },
});
const count = fn("test/count", (ctx, n: number) => ctx.invoke(counter.add, n, { id: "c" }));
const other = fn("test/other", (_, n: number) => n);
const fail = fn("test/fail", (_, why: string): number => {
  throw new Error(why);
});
const PARTS = [counter, count, other, fail];

const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** Tells the trace of each kind of call: a call, continuations, a clean-up, and a one-way message. */
const tracing = () => {
  const told = fn("test/told", (ctx) => ctx.traceparent ?? "none");
  const after = fn("test/after", (ctx, before: unknown) => [before, ctx.traceparent]);
  const flaky = fn("test/flaky-trace", { retry: { maxAttempts: 2, initialDelay: 1 } }, (ctx) => {
    if (ctx.attempt === 1) throw new Error("once");
    return ctx.traceparent;
  });
  const log = stateful("test/traces", {
    state: { seen: value<string[]>([]) },
    handlers: {
      add: (ctx) => void ctx.state.seen.push(ctx.traceparent ?? "none"),
      read: (ctx) => ctx.state.seen,
    },
  });
  const main = fn("test/traced", (ctx) => {
    ctx.send(log.add, undefined, { id: "log" });
    const handle = ctx.future(ctx.invoke(told).handle());
    const slept = ctx.invoke(told, undefined, { after: [ctx.sleep(1)] });
    return ctx.all([
      ctx.onComplete(handle, after),
      slept,
      ctx.invoke(flaky),
      ctx.race([ctx.invoke(told)]),
    ]);
  });
  return { main, log, parts: [told, after, flaky, log, main] };
};

export const flowCases: readonly Case[] = [
  {
    title: "the trace of a start reaches every call and message of its flow, and no other flow",
    async run({ start }) {
      const { main, log, parts } = tracing();
      const { client } = await start(parts);
      const traced = await client.call(main, undefined, { key: "f", traceparent: TRACE });
      equal(traced, [[TRACE, TRACE], TRACE, TRACE, TRACE]);
      const untraced = await client.call(main);
      equal(untraced, [["none", undefined], "none", undefined, "none"]);
      equal((await client.call(log.read, undefined, { id: "log" })).toSorted(), [TRACE, "none"]);
    },
  },
  {
    title: "a trace that W3C does not know is refused",
    async run({ start }) {
      const { client } = await start(PARTS);
      const wrong = ["", `${TRACE}0`, TRACE.toUpperCase(), TRACE.replace("00", "ff"), 7, null];
      const zero = [
        TRACE.replace(/0af\w*/, "0".repeat(32)),
        TRACE.replace(/b7\w*/, "0".repeat(16)),
      ];
      for (const traceparent of [...wrong, ...zero])
        await rejects(client.start(other, 1, { traceparent } as object), {
          code: "INVALID_OPTIONS",
        });
      await client.call(other, 1, { traceparent: `01${TRACE.slice(2)}-more` });
    },
  },
  {
    title: "the status of a flow shows pending, completed or failed, its times, and its failure",
    async run({ start, time }) {
      const sleeper = fn("test/sleeper", (ctx, ms: number) =>
        ctx.all([ctx.sleep(ms), ctx.event("go")]),
      );
      const { client } = await start([sleeper, ...PARTS]);
      const began = time.now();
      const handle = await client.start(sleeper, 500, { id: "s" });
      const { startedAt, ...pending } = await handle.status();
      equal(pending, {
        function: "test/sleeper",
        status: "pending",
        custom: undefined,
        settledAt: undefined,
        failure: undefined,
        unhandled: [],
        paused: [],
      });
      time.assertPassed(0, began, startedAt);
      await client.signal(handle, "go");
      await handle.result();
      const completed = await client.status("s");
      matches(completed, { status: "completed", startedAt });
      time.assertPassed(500, startedAt, completed.settledAt);
      const failing = await client.start(fail, "why", { id: "f" });
      await rejects(failing.result(), { code: "FUNCTION_FAILED" });
      matches(await failing.status(), {
        status: "failed",
        failure: { message: "why", function: "test/fail" },
      });
    },
  },
  {
    title: "the last custom status stays visible while the flow runs and afterwards",
    async run({ start, time }) {
      const second = fn("test/second", (ctx) => {
        ctx.setStatus("thrown away");
        ctx.setStatus({ step: 2 });
        return "end";
      });
      const first = fn("test/first", (ctx) => {
        ctx.setStatus({ step: 1 });
        return ctx.onComplete(ctx.event("go"), second);
      });
      const { client } = await start([first, second]);
      const handle = await client.start(first, undefined, { id: "s" });
      await time.eventually(async () => equal((await handle.status()).custom, { step: 1 }));
      await client.signal(handle, "go");
      equal(await handle.result(), "end");
      equal((await handle.status()).custom, { step: 2 });
    },
  },
  {
    title:
      "a second start with the same key, function and input attaches to the first, running or done",
    async run({ start }) {
      const { client } = await start(PARTS);
      const [one, two] = await Promise.all([
        client.start(count, 5, { id: "k" }),
        client.start(count, 5, { id: "k" }),
      ]);
      equal(await Promise.all([one.result(), two.result()]), [5, 5]);
      equal(await client.call(count, 5, { id: "k" }), 5);
      equal(await client.call(count, 0, { id: "another" }), 5);
    },
  },
  {
    title: "a second start with the same key but another input or function is rejected",
    async run({ start }) {
      const { client } = await start(PARTS);
      equal(await client.call(count, 5, { id: "k" }), 5);
      await rejects(client.start(count, 6, { id: "k" }), { code: "IDEMPOTENCY_CONFLICT" });
      await rejects(client.start(other, 5, { id: "k" }), { code: "IDEMPOTENCY_CONFLICT" });
      equal(await client.flow("k").result(), 5);
      equal(await client.call(count, 0, { id: "another" }), 5);
    },
  },
  {
    title: "the address of a stateful function and the key of a flow are separate",
    async run({ start }) {
      const { client } = await start(PARTS);
      equal(await client.call(counter.add, 1, { id: "c", key: "k" }), 1);
      equal(await client.call(counter.add, 1, { id: "c", key: "k" }), 1);
      equal(await client.call(counter.add, 1, { id: "c" }), 2);
      equal(await client.call(counter.add, 1, { id: "d", key: "k2" }), 1);
      await rejects(client.call(counter.add, 1, { id: "d", key: "k" }), {
        code: "IDEMPOTENCY_CONFLICT",
      });
    },
  },
  {
    title: "a flow is found again by its key, and an unknown key says NOT_FOUND",
    async run({ start }) {
      const { client } = await start(PARTS);
      await client.start(count, 3, { id: "again" });
      equal(await client.flow("again").result(), 3);
      await rejects(client.flow("never").result(), { code: "NOT_FOUND" });
      await rejects(client.status("never"), { code: "NOT_FOUND" });
    },
  },
  {
    title: "a flow is forgotten when its retention has passed, not before",
    async run({ start, time }) {
      const { client } = await start(PARTS, { retentionMs: 2000 });
      await client.call(count, 1, { id: "k" });
      await time.advance(time.almost(2000));
      equal(await client.flow("k").result(), 1);
      await time.advance(2000 - time.almost(2000));
      await rejects(client.flow("k").result(), { code: "NOT_FOUND" });
      equal(await client.call(count, 1, { id: "k" }), 2);
    },
  },
  {
    title: "purging forgets a finished flow and frees its key, but leaves a running flow alone",
    async run({ start, time }) {
      const sleeper = fn("test/sleeper", (ctx, ms: number) => {
        ctx.setStatus("asleep");
        return ctx.sleep(ms);
      });
      const { client } = await start([sleeper, ...PARTS]);
      const handle = await client.start(sleeper, 2000, { id: "k" });
      equal(await client.purge("k"), false);
      await handle.result();
      await time.eventually(async () => equal((await client.status("k")).custom, "asleep"));
      equal(await client.purge(handle), true);
      await rejects(client.status("k"), { code: "NOT_FOUND" });
      await rejects(client.purge("k"), { code: "NOT_FOUND" });
      equal(await client.call(count, 5, { id: "k" }), 5);
      const status = await client.status("k");
      equal([status.function, status.custom], ["test/count", undefined]);
    },
  },
  {
    title: "an aborted wait for a result ends, while the flow continues",
    async run({ start }) {
      const sleeper = fn("test/sleeper", (ctx) => ctx.onComplete(ctx.sleep(500), end));
      const end = fn("test/end", () => "end");
      const { client } = await start([sleeper, end]);
      const handle = await client.start(sleeper);
      const [early, late] = [new AbortController(), new AbortController()];
      const waiting = handle.result({ signal: early.signal }).catch((error: unknown) => error);
      const staying = handle.result({ signal: late.signal });
      early.abort("enough");
      equal(await waiting, "enough");
      equal(await staying, "end");
      late.abort("too late");
      equal(
        await handle.result({ signal: early.signal }).catch((error: unknown) => error),
        "enough",
      );
      equal(await handle.result(), "end");
    },
  },
  {
    title: "a rejection without a consumer is recorded, and does not fail the flow",
    async run({ start, time }) {
      const parent = fn("test/parent", (ctx) => {
        ctx.invoke(fail, "alone");
        ctx.onComplete(ctx.invoke(fail, "passed on"), other);
        return "fine";
      });
      const { client } = await start([parent, ...PARTS]);
      const handle = await client.start(parent, undefined, { id: "u" });
      equal(await handle.result(), "fine");
      await time.eventually(async () => {
        const { status, unhandled } = await handle.status();
        equal(status, "completed");
        equal(unhandled.map(({ message }) => message).sort(), ["alone", "passed on"]);
      });
    },
  },
];
