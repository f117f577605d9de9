import fc from "fast-check";
import { fn, stateful, value } from "handback";
import { expect, test } from "vitest";
import { diskKind, everyCommit, play } from "../support/every-commit.ts";
import { FAULTS } from "../support/faulty-store.ts";
import { Machine } from "../support/machine.ts";
import { program, programScenario } from "../support/programs.ts";
import type { Step } from "../support/programs.ts";
import * as blocking from "../support/blocking-scenarios.ts";
import * as scenarios from "../support/scenarios.ts";

test("the checkout completes whichever commit fails and in whichever way", async () => {
  const { result, observed } = await everyCommit(scenarios.checkout);
  expect(result).toEqual({ charged: { paid: "o1", times: 1 }, notices: [1, 1, 1] });
  expect(observed).toEqual(
    ["o1", "o1", "mail:o1", "sms:o1", "push:o1"].map((request) => ({ requests: { [request]: 1 } })),
  );
});

test("a chain of three continues from where it was", async () => {
  const { result, observed } = await everyCommit(scenarios.chainOfThree);
  expect(result).toEqual({ path: ["first", "second"], last: 1 });
  expect(observed).toEqual([{ requests: { first: 1, second: 1, third: 1 } }]);
});

test("twenty branches are joined in order, each with one effect", async () => {
  const { result, observed } = await everyCommit(scenarios.fanOut);
  expect(result).toEqual(Array.from({ length: 20 }, (_, branch) => branch * branch));
  const shards = observed as readonly { requests: Record<string, number> }[];
  expect(shards.flatMap(({ requests }) => Object.values(requests))).toEqual(
    Array.from({ length: 20 }, () => 1),
  );
});

test("a wait returns the settled futures, and handles for the rest", async () => {
  const { result, observed } = await everyCommit(scenarios.waitWithCount);
  expect(result).toMatchObject({
    ready: [
      { index: 0, value: { delay: 1000, times: 1 } },
      { index: 1, value: { delay: 2000, times: 1 } },
    ],
    later: [
      { status: "rejected", reason: { message: "three" } },
      { status: "fulfilled", value: { delay: 4000, times: 1 } },
    ],
    over: [1, 1],
  });
  expect(observed).toEqual([{ requests: { 1000: 1, 2000: 1, 4000: 1 } }]);
});

test("a promise and an event are settled once by a client that retries", async () => {
  const { result } = await everyCommit(scenarios.promiseAndEvent);
  expect(result).toEqual({ decision: "yes", note: "noted", times: 1 });
});

test("a handler that throws is retried according to its policy, and its failed attempts leave nothing behind", async () => {
  const { result, observed } = await everyCommit(scenarios.retries);
  expect(result).toMatchObject([
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: { message: "attempt 3" } },
  ]);
  expect(observed).toEqual([
    [{ requests: { "attempt 3": 1, done: 1 } }],
    { attempts: [3] },
    "NOT_FOUND",
  ]);
});

test("a failed handler has no effects, even if it fails while its state is saved", async () => {
  const { result, observed } = await everyCommit(scenarios.rollbacks);
  expect(result).toEqual(["rejected", "rejected", "rejected", "rejected"]);
  expect(observed).toEqual([{ first: "new", second: "old" }, [{ requests: { kept: 1 } }], []]);
});

test("delayed messages arrive once, unless they are canceled or replaced", async () => {
  const { observed } = await everyCommit(scenarios.delayedSends);
  expect(observed).toEqual([{ requests: { kept: 1, replacement: 1, "replacement later": 1 } }]);
});

test("replies arrive once", async () => {
  const { observed } = await everyCommit(scenarios.replies);
  expect(observed).toEqual(['{"echoed":"a"}', '{"echoed":"b"}']);
});

test("repeated egress has the same id each time", async () => {
  const { observed } = await everyCommit(scenarios.egress);
  expect(observed).toEqual(['{"name":"p","first":false}', '{"name":"p","first":true}']);
});

test("a state that is terminated or ages out is gone, with all its values", async () => {
  const { result, observed } = await everyCommit(scenarios.endings);
  expect(result).toEqual([{ first: 1, second: 2, last: 2 }, 1]);
  expect(observed).toEqual([{ requests: { ann: 2, bob: 1 } }]);
});

test("consumers too large for their message are served once, and their cells are deleted", async () => {
  const { result } = await everyCommit(scenarios.spills);
  expect(result).toBe(31);
});

test("a handle kept in a state becomes a future again for each reader", async () => {
  const { result, observed } = await everyCommit(scenarios.handles);
  expect(result).toEqual([1, 1]);
  expect(observed).toEqual([{ requests: { job: 1 } }]);
});

test("joins of large values leave none behind", async () => {
  const { result, observed } = await everyCommit(scenarios.largeValues);
  expect(result).toMatchObject([
    { value: { lengths: [50_000, 50_000, 50_000], times: [1, 1, 1], more: 50_000 } },
    { status: "rejected", reason: { message: "failing" } },
  ]);
  expect(observed).toEqual([{ requests: { a: 1, b: 1, c: 1, d: 1, e: 1 } }]);
});

test("a blocked handler runs again after a crash, and attaches to the work it started before", async () => {
  const { result, observed } = await everyCommit(blocking.naive);
  expect(result).toEqual({ times: 1, ready: [0, 1], same: [1, 2], tail: 1 });
  const requests = {
    "n first": 1,
    "n second": 1,
    "n sent": 1,
    "n dependent": 1,
    "n delayed": 1,
    "n same": 2,
    "n tail": 1,
  };
  expect(observed).toEqual([{ requests }]);
});

test("a blocked handler takes an event once, and can cancel a message that an earlier run sent", async () => {
  const { result, observed } = await everyCommit(blocking.naiveAndOutside);
  expect(result).toEqual([
    { event: "noted", nested: [1, "o inner"], first: "yes" },
    { kept: 1, asked: 2 },
  ]);
  expect(observed).toEqual([{ requests: { "o kept": 1, "o inner": 1 } }]);
});

test("a handler that blocks and then throws starts again, and its sent messages stay sent", async () => {
  const { result, observed } = await everyCommit(blocking.naiveRetries);
  expect(result).toMatchObject({ booked: 1 });
  expect(observed).toEqual([{ requests: { "r 1": 1, "r 2": 1 } }]);
});

test("a promise of a blocked handler settles once for each consumer, however often the handler has run", async () => {
  const { result, observed } = await everyCommit(blocking.naivePromises);
  expect(result).toEqual({ joined: ["yes", 1], waited: [0, 1] });
  expect(observed).toEqual([{ requests: { joined: 1, waited: 1 } }]);
});

test("a blocked handler attaches to the work it started before, though its next run uses other instants", async () => {
  const { result, observed } = await everyCommit(blocking.naiveInstants);
  expect(result).toEqual({
    later: { result: 1, isLater: true },
    shared: 1,
    told: { told: 1, job: 1 },
  });
  expect(observed).toEqual([{ requests: { shared: 1, kept: 1, told: 1 } }]);
});

test("a handler blocked for longer than the retention still attaches to the work it started, and leaves nothing behind", async () => {
  const ledger = stateful("test/ledger", {
    state: { times: value(0) },
    handlers: { book: (ctx) => ++ctx.state.times },
  });
  const blocking = fn("test/blocking", async (ctx) => {
    ctx.send(ledger.book, undefined, { id: "sent" });
    const called = await ctx.get(ctx.invoke(ledger.book, undefined, { id: "called" }));
    return { called, went: await ctx.get(ctx.event<string>("go")) };
  });
  const machine = new Machine({ functions: [ledger, blocking], options: { retention: "1h" } });
  const { clock } = machine;
  await (await machine.boot()).client.start(blocking, undefined, { id: "b" });
  await clock.advance(3 * 3_600_000);
  await machine.cut();
  const { client } = await machine.boot();
  await clock.quiet();
  await client.signal("b", "go", "went");
  expect(await clock.until(client.flow("b").result())).toEqual({ called: 1, went: "went" });
  await clock.quiet();
  expect([
    await client.readState(ledger, "sent"),
    await client.readState(ledger, "called"),
  ]).toEqual([{ times: 1 }, { times: 1 }]);
  expect(machine.disk.rows().filter(({ type }) => type.startsWith("_sys/"))).toMatchObject([
    { type: "_sys/flow" },
  ]);
  await clock.until(machine.engine.close());
});

const crash = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.constantFrom(...FAULTS));

test("any number of failures in a row changes no outcome", async () => {
  const all = [...Object.values(scenarios), ...Object.values(blocking)];
  const calm = new Map(
    await Promise.all(all.map(async (make) => [make, await play<unknown>(make(), [])] as const)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...all),
      fc.array(crash, { minLength: 2, maxLength: 6 }),
      diskKind,
      async (make, crashes, disk) => {
        expect(await play<unknown>(make(), crashes, disk)).toEqual({
          ...calm.get(make),
          commits: expect.any(Number) as unknown,
        });
      },
    ),
  );
});

/** A value gets a handle, then a call waits for the value: each is flushed by its own get. */
const HANDLE_OF_A_VALUE: readonly Step[] = [
  { do: "handle", of: 0 },
  { do: "sleep", ms: 0 },
  { do: "get", from: 1 },
  { do: "call", inputs: [], after: [0], fails: false },
  { do: "get", from: 4 },
];

test("for any program of calls, joins, sends and gets, effects count once", async () => {
  await fc.assert(
    fc.asyncProperty(
      program,
      fc.array(crash, { minLength: 1, maxLength: 3 }),
      diskKind,
      async (steps, crashes, disk) => {
        const calm = await play(programScenario(steps), []);
        for (const requests of calm.observed as readonly (
          | { requests: Record<string, number> }
          | string
        )[]) {
          if (typeof requests === "object")
            expect(Object.values(requests.requests)).toEqual(
              Object.values(requests.requests).fill(1),
            );
        }
        expect(await play(programScenario(steps), crashes, disk)).toEqual({
          ...calm,
          commits: expect.any(Number) as unknown,
        });
      },
    ),
    { examples: [[HANDLE_OF_A_VALUE, [[1, "lost"]], { commitMs: [], queues: false }]] },
  );
});
