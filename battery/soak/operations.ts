import { deepStrictEqual } from "node:assert/strict";
import { fn, HandbackError, stateful, value } from "../../src/index.ts";
import type { Client, FlowHandle, Future, Settlement } from "../../src/index.ts";

/** A complete task of a client. Rejects if the outcome is wrong. */
export type Operation = (client: Client, number: number) => Promise<void>;

const COUNTERS = 200;
const LEAVES = 12;
const LONGEST_NAP_MS = 400;
const LOOK_AGAIN_MS = 2;

const increment = fn("soak/increment", (_, n: number): number => n + 1);
const chain = fn("soak/chain", (ctx, n: number): Future<number> =>
  ctx.onComplete(ctx.onComplete(ctx.invoke(increment, n), increment), increment),
);

const sum = fn("soak/sum", (_, parts: readonly number[]): number =>
  parts.reduce((all, each) => all + each, 0),
);
const fanOut = fn("soak/fan-out", (ctx, n: number): Future<number> =>
  ctx.invoke(
    sum,
    Array.from({ length: LEAVES }, (_, index) => ctx.invoke(increment, n + index)),
  ),
);

const nap = fn("soak/nap", (ctx, ms: number): Future<boolean> => {
  // Computed before the engine reads the clock.
  const dueAt = ctx.now() + ms;
  return ctx.onComplete(ctx.sleep(ms), isInTime, dueAt);
});
const isInTime = fn(
  "soak/is-in-time",
  (ctx, { args: dueAt }: { result: void; args: number }): boolean => ctx.now() >= dueAt,
);

const counter = stateful("soak/counter", {
  state: { count: value(0) },
  handlers: {
    add: (ctx, by: number): number => (ctx.state.count += by),
    // The next call cancels its message, or the message is delivered.
    remind(ctx, n: number): string {
      ctx.cancelSend("reminder");
      ctx.send(counter.add, 0, {
        id: ctx.self.id,
        delay: n % 2 === 0 ? "1h" : LONGEST_NAP_MS,
        token: "reminder",
      });
      if (n % 2 === 0) ctx.cancelSend("reminder");
      return "set";
    },
    forget(ctx): string {
      ctx.terminate();
      return "gone";
    },
  },
});
/** A state with a generated id: it is deleted when it ages out. */
const anew = fn("soak/anew", (ctx, n: number): Future<number> => ctx.invoke(counter.add, n));

const ask = fn("soak/ask", (ctx): Future<number> => {
  const answer = ctx.promise<number>();
  ctx.setStatus(answer.token);
  return answer;
});
const hear = fn("soak/hear", (ctx): Future<readonly number[]> =>
  ctx.all([ctx.event<number>("word"), ctx.event<number>("word")]),
);

const block = fn("soak/block", async (ctx, n: number): Promise<number> => {
  const first = await ctx.get(ctx.invoke(increment, n));
  await ctx.get(ctx.sleep(5));
  return ctx.get(ctx.invoke(increment, first));
});

const park = fn("soak/park", (ctx, n: number): Future<unknown> =>
  ctx.race([ctx.sleep("1h"), ctx.onSettled(ctx.promise(), cleanUp, n)]),
);
const cleanUp = fn(
  "soak/clean-up",
  (_, { args: n }: { result: Settlement<unknown>; args: number }): number => n,
);

const retry = { maxAttempts: 2, initialDelay: 10 };
const stumble = fn("soak/stumble", { retry }, (ctx, n: number): number => {
  if (ctx.attempt === 1) throw new Error("as planned");
  return n;
});
const fall = fn("soak/fall", (): never => {
  throw new Error("as planned");
});
const sendFall = fn("soak/send-fall", (ctx): string => {
  ctx.send(fall);
  return "sent";
});
const giveUp = fn("soak/give-up", (ctx, ms: number): Future<unknown> =>
  ctx.timeout(ctx.promise(), ms),
);

/** All functions to register. */
export const functions: readonly object[] = [
  increment,
  chain,
  sum,
  fanOut,
  nap,
  isInTime,
  counter,
  anew,
  ask,
  hear,
  block,
  park,
  cleanUp,
  stumble,
  fall,
  sendFall,
  giveUp,
];

/** The operations of the mixture, by name. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["chain", async (client, n) => deepStrictEqual(await client.call(chain, n), n + 3)],
  [
    "fan-out",
    async (client, n) =>
      deepStrictEqual(await client.call(fanOut, n), LEAVES * (n + 1) + (LEAVES * (LEAVES - 1)) / 2),
  ],
  ["timer", async (client, n) => deepStrictEqual(await client.call(nap, n % LONGEST_NAP_MS), true)],
  [
    "counter",
    async (client, n) =>
      deepStrictEqual((await client.call(counter.add, 1, { id: counterOf(n) })) > 0, true),
  ],
  [
    "reminder",
    async (client, n) =>
      deepStrictEqual(await client.call(counter.remind, n, { id: counterOf(n) }), "set"),
  ],
  ["new state", async (client, n) => deepStrictEqual(await client.call(anew, n), n)],
  ["short-lived state", liveShortly],
  ["promise", askAndAnswer],
  ["event", signalTwice],
  ["blocked", async (client, n) => deepStrictEqual(await client.call(block, n), n + 2)],
  ["cancelled", parkAndCancel],
  ["retried", async (client, n) => deepStrictEqual(await client.call(stumble, n), n)],
  ["failed", async (client) => deepStrictEqual(await codeOf(client.call(fall)), "FUNCTION_FAILED")],
  ["dead letter", async (client) => deepStrictEqual(await client.call(sendFall), "sent")],
  [
    "timeout",
    async (client, n) =>
      deepStrictEqual(await codeOf(client.call(giveUp, n % LONGEST_NAP_MS)), "TIMEOUT"),
  ],
]);

async function liveShortly(client: Client, n: number): Promise<void> {
  const id = `short-lived ${n}`;
  // Never 0, because a value that equals its initial value is not stored.
  const count = n + 1;
  deepStrictEqual(await client.call(counter.add, count, { id }), count);
  deepStrictEqual(await client.readState(counter, id), { count });
  deepStrictEqual(await client.call(counter.forget, undefined, { id }), "gone");
}

async function askAndAnswer(client: Client, n: number): Promise<void> {
  const handle = await client.start(ask);
  const result = handle.result();
  await client.settle(await tokenOf(handle), n);
  deepStrictEqual(await result, n);
}

async function signalTwice(client: Client, n: number): Promise<void> {
  const handle = await client.start(hear);
  const result = handle.result();
  await client.signal(handle, "word", n);
  await client.signal(handle, "word", n + 1);
  deepStrictEqual(await result, [n, n + 1]);
}

async function parkAndCancel(client: Client, n: number): Promise<void> {
  const handle = await client.start(park, n);
  const ended = codeOf(handle.result());
  await client.cancel(handle);
  deepStrictEqual(await ended, "CANCELLED");
}

function counterOf(n: number): string {
  return `counter ${n % COUNTERS}`;
}

async function tokenOf(handle: FlowHandle<unknown>): Promise<string> {
  for (;;) {
    const { custom } = await handle.status();
    if (typeof custom === "string") return custom;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (!HandbackError.is(error)) throw error;
    return error.code;
  }
}
