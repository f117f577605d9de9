import { fn, NEW_STATE, stateful, value } from "handback";
import type { Client, FutureHandle } from "handback";
import {
  approval,
  chain,
  fanOut,
  monitor,
  repeat,
  retry,
  saga,
  withTimeout,
} from "handback/patterns";
import fc from "fast-check";
import { expect, test } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";
import type { World } from "../support/world.ts";

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

/** A counter whose states have ids that the system makes. */
const counter = stateful("law/counter", {
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});
/** A counter whose states age out, under ids of the user's. */
const aging = stateful("law/aging", {
  ageOut: "1h",
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});

interface Scenario {
  readonly title: string;
  /** Makes functions whose work pauses for a time. */
  readonly make: (pauseMs: number) => Made;
}

interface Made {
  readonly functions: readonly object[];
  /** Starts the work, and returns its result. `pass` lets the pause pass. */
  readonly run: (client: Client, pass: () => Promise<void>) => Promise<unknown>;
  readonly result: unknown;
}

const scenarios: readonly Scenario[] = [
  {
    title: "a call that waits for a sleep",
    make(pauseMs) {
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        const id = made.stateId;
        return ctx.invoke(counter.add, 1, { id, after: [made, ctx.sleep(pauseMs)] });
      });
      return { functions: [flow, counter], run: (client) => client.call(flow), result: 2 };
    },
  },
  {
    title: "a continuation that has the id in its arguments",
    make(pauseMs) {
      const later = fn("law/later", (ctx, { args: id }: { result: unknown; args: string }) =>
        ctx.invoke(counter.add, 1, { id }),
      );
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        const over = ctx.all([made, ctx.sleep(pauseMs)]);
        return ctx.onComplete(over, later, made.stateId ?? "");
      });
      return { functions: [flow, later, counter], run: (client) => client.call(flow), result: 2 };
    },
  },
  {
    title: "a continuation of an event",
    make() {
      const later = fn("law/later", (ctx, { args: id }: { result: unknown; args: string }) =>
        ctx.invoke(counter.add, 1, { id }),
      );
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        return ctx.onComplete(ctx.event("go"), later, made.stateId ?? "");
      });
      return {
        functions: [flow, later, counter],
        async run(client, pass) {
          const handle = await client.start(flow);
          await pass();
          await client.signal(handle, "go");
          return handle.result();
        },
        result: 2,
      };
    },
  },
  {
    title: "a continuation of a promise, at the state",
    make() {
      const asked = fn("law/asked", (ctx, _id: string): { token: string } => ({
        token: ctx.promise<number>().token ?? "",
      }));
      const box = stateful("law/box", {
        state: { n: value(1) },
        handlers: {
          wait(ctx): unknown {
            const promise = ctx.promise<number>();
            ctx.setStatus(promise.token);
            return ctx.onComplete(promise, box.add, 0, { id: ctx.self.id });
          },
          add: (ctx, { result }: { result: number; args: number }) => (ctx.state.n += result),
        },
      });
      return {
        functions: [box, asked],
        async run(client, pass) {
          const handle = await client.start(box.wait, undefined, { id: NEW_STATE });
          await pass();
          const { custom } = await handle.status();
          await client.settle(String(custom), 1);
          return handle.result();
        },
        result: 2,
      };
    },
  },
  {
    title: "a handle in the arguments of a continuation, whose future is pending",
    make(pauseMs) {
      const later = fn(
        "law/later",
        (ctx, { args }: { result: unknown; args: FutureHandle<number> }) => ctx.future(args),
      );
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        const second = ctx.invoke(counter.add, 1, {
          id: made.stateId,
          after: [made, ctx.sleep(2 * pauseMs)],
        });
        return ctx.onComplete(ctx.sleep(pauseMs), later, second.handle());
      });
      return { functions: [flow, later, counter], run: (client) => client.call(flow), result: 2 };
    },
  },
  {
    title: "one-way messages of a state to itself",
    make(pauseMs) {
      const box = stateful("law/box", {
        state: { n: value(0) },
        handlers: {
          begin(ctx): void {
            ctx.state.n = 1;
            ctx.send(box.again, undefined, { id: ctx.self.id, delay: pauseMs, token: "again" });
          },
          again(ctx): unknown {
            ctx.state.n += 1;
            return ctx.onComplete(ctx.sleep(pauseMs), box.tell, 0, { id: ctx.self.id });
          },
          tell(ctx, _: unknown): void {
            seen.push(ctx.state.n);
          },
        },
      });
      const seen: number[] = [];
      const flow = fn("law/flow", (ctx) => ctx.send(box.begin, undefined, { id: NEW_STATE }));
      return {
        functions: [flow, box],
        async run(client, pass) {
          await client.call(flow);
          await pass();
          await pass();
          await pass();
          return seen;
        },
        result: [2],
      };
    },
  },
  {
    title: "a state with an id of the user's, which a flow comes back to",
    make(pauseMs) {
      const flow = fn("law/flow", (ctx) => {
        const first = ctx.invoke(aging.add, 1, { id: "a" });
        return ctx.invoke(aging.add, 1, { id: "a", after: [first, ctx.sleep(pauseMs)] });
      });
      return { functions: [flow, aging], run: (client) => client.call(flow), result: 2 };
    },
  },
  {
    title: "a state that calls of others reach during the pause",
    make(pauseMs) {
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        ctx.setStatus(made.stateId);
        return ctx.invoke(counter.add, 1, {
          id: made.stateId,
          after: [made, ctx.sleep(2 * pauseMs + 600_000)],
        });
      });
      return {
        functions: [flow, counter],
        async run(client, pass) {
          const handle = await client.start(flow);
          const result = handle.result();
          await pass();
          const id = String((await handle.status()).custom);
          expect(await client.readState(counter, id)).toEqual({ n: 1 });
          await client.call(counter.add, 1, { id });
          await pass();
          return result;
        },
        result: 3,
      };
    },
  },
  {
    title: "a retry policy",
    make(pauseMs) {
      let runs = 0;
      const flaky = stateful("law/flaky", {
        state: { n: value(0) },
        retry: { maxAttempts: 2, initialDelay: pauseMs, maxDelay: pauseMs },
        handlers: {
          add(ctx, n: number) {
            if (n === 0 && runs++ === 0) throw new Error("again");
            return (ctx.state.n += 1);
          },
        },
      });
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(flaky.add, 1);
        return ctx.invoke(flaky.add, 0, { id: made.stateId, after: [made] });
      });
      return { functions: [flow, flaky], run: (client) => client.call(flow), result: 2 };
    },
  },
  {
    title: "a monitor of a state",
    make(pauseMs) {
      const watch = monitor("law/watch", {
        check: stateful("law/site", {
          state: { looks: value(0) },
          handlers: { look: (ctx, _: string) => ++ctx.state.looks },
        }).look,
        until: (looks) => looks === 3,
        every: pauseMs,
      });
      return {
        functions: [watch],
        run: (client) => client.call(watch, "url"),
        result: { status: "done", value: 3, checks: 3 },
      };
    },
  },
  {
    title: "a monitor whose checks take long, and that expires",
    make(pauseMs) {
      const site = stateful("law/site", {
        state: { looks: value(0) },
        handlers: {
          look(ctx, _: string): unknown {
            ctx.state.looks += 1;
            return ctx.onComplete(ctx.sleep(pauseMs), counted, ctx.state.looks);
          },
          end: (ctx, _: string) => ctx.state.looks,
        },
      });
      const counted = fn("law/counted", (_, { args }: { result: unknown; args: number }) => args);
      const watch = monitor("law/watch", {
        check: site.look,
        until: () => false,
        every: SECOND_MS,
        attempts: 2,
        onDeadline: site.end,
      });
      return {
        functions: [watch, counted],
        run: (client) => client.call(watch, "url"),
        result: { status: "expired", reason: "attempts", last: 2, checks: 2, value: 2 },
      };
    },
  },
  {
    title: "an approval",
    make() {
      const ask = fn("law/ask", (_, _request: unknown) => undefined);
      const approve = approval("law/approve", { ask });
      return {
        functions: [approve],
        async run(client, pass) {
          const handle = await client.start(approve, "input", { id: "a" });
          await pass();
          await client.call(approve.decide, { by: "ada", decision: "approve" }, { id: "a" });
          return (await handle.result()).status;
        },
        result: "approved",
      };
    },
  },
  {
    title: "a fan-out with a window",
    make(pauseMs) {
      const each = fn("law/each", (ctx, n: number) => ctx.onComplete(ctx.sleep(pauseMs), same, n));
      const same = fn("law/same", (_, { args }: { result: unknown; args: number }) => args);
      const all = fanOut("law/all", {
        split: (ns: readonly number[]) => [...ns],
        each,
        join: (ns) => ns,
        concurrency: 1,
      });
      return {
        functions: [all, same],
        run: (client) => client.call(all, [1, 2, 3]),
        result: [1, 2, 3],
      };
    },
  },
  {
    title: "a chain, a saga, a retry, a repeat and a timeout",
    make(pauseMs) {
      const slow = fn("law/slow", (ctx, n: number) =>
        ctx.onComplete(ctx.sleep(pauseMs), same, n + 1),
      );
      const same = fn("law/same", (_, { args }: { result: unknown; args: number }) => args);
      const steps = chain(
        "law/steps",
        slow,
        saga("law/saga", { do: slow, undo: slow }, slow),
        retry("law/retry", slow, { maxAttempts: 2 }),
        withTimeout("law/timeout", slow, 2 * pauseMs),
        repeat("law/repeat", slow, { until: (n) => n >= 7, pause: pauseMs }),
      );
      return { functions: [steps, same], run: (client) => client.call(steps, 0), result: 7 };
    },
  },
];

/** Pauses from a second to a century. */
const pauses = fc.oneof(
  fc.integer({ min: 1, max: 3_600 }).map((seconds) => seconds * SECOND_MS),
  fc.integer({ min: 1, max: 60 }).map((days) => days * DAY_MS),
  fc.integer({ min: 1, max: 100 }).map((years) => years * 365 * DAY_MS),
);
const settings = fc.record({
  ageOut: fc.constantFrom(SECOND_MS, 3_600_000, 7 * DAY_MS),
  retention: fc.constantFrom(3_600_000, 7 * DAY_MS, 365 * DAY_MS),
});

/** Longer than the collector of expired values rests. */
const REST_MS = 61_000;

/** Pauses that pass at the moment: one after the other, because a clock has one time. */
const passing = new WeakMap<World, Promise<void>>();

/** Lets a time pass as for a machine that sleeps most of it, so that a century takes a moment. */
function pass(world: World, ms: number): Promise<void> {
  const next = (passing.get(world) ?? Promise.resolve()).then(async () => {
    for (let part = 0; part < 2; part++) {
      world.clock.skip(ms / 2);
      await world.clock.advance(REST_MS);
    }
  });
  passing.set(world, next);
  return next;
}

/** Lets pauses pass until the work has ended. */
async function outcomeOf(world: World, work: Promise<unknown>, pauseMs: number): Promise<unknown> {
  let left = 14;
  const end = (): void => void (left = 0);
  work.then(end, end);
  await pass(world, 0);
  for (; left > 0; left--) await pass(world, pauseMs);
  return Promise.race([work, Promise.resolve("still pending")]);
}

for (const { title, make } of scenarios)
  law(
    `${title} ends the same, however long the pause is and however soon states age out`,
    [pauses, settings],
    (pauseMs, { ageOut, retention }) =>
      inWorld(async (world) => {
        const { functions, run, result } = make(pauseMs);
        await world.start(functions, { ageOut, retention });
        const { client } = world.engine;
        const work = run(client, () => pass(world, pauseMs));
        expect(await outcomeOf(world, work, pauseMs)).toEqual(result);
      }),
    { runs: 40 },
  );

test.each(["while it is registered", "while it is missing"])(
  "a message that waits for a missing function finds its state %s",
  (way) =>
    inWorld(async (world) => {
      const kept = { retention: "365d" } as const;
      const flow = fn("law/flow", (ctx) => {
        const made = ctx.invoke(counter.add, 1);
        return ctx.invoke(counter.add, 1, { id: made.stateId, after: [made, ctx.sleep("2d")] });
      });
      const handle = await (
        await world.start([flow, counter], kept)
      ).start(flow, undefined, { id: "f" });
      await pass(world, DAY_MS);
      await world.start(way === "while it is missing" ? [flow] : [flow, counter], kept);
      await pass(world, 30 * DAY_MS);
      const client = await world.start([flow, counter], kept);
      expect(await client.flow(handle.id).result()).toBe(2);
    }),
);

test("a state ages out once nothing that may come back to it is left, and its store is empty", () =>
  inWorld(async (world) => {
    const flow = fn("law/flow", (ctx) => {
      const made = ctx.invoke(counter.add, 1);
      ctx.setStatus(made.stateId);
      return ctx.all([made, ctx.sleep("60d")]);
    });
    const client = await world.start([flow, counter]);
    const handle = await client.start(flow);
    await pass(world, 59 * DAY_MS);
    const id = String((await handle.status()).custom);
    expect(await client.readState(counter, id)).toEqual({ n: 1 });
    await pass(world, 2 * DAY_MS);
    await pass(world, 8 * DAY_MS);
    await expect(client.readState(counter, id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(world.store.count().state).toBe(0);
  }));
