// Node also runs this file in a child process, where the alias "handback" does not exist.
import { fn, HandbackError, stateful, value } from "../../../src/index.ts";
import type { Client, FlowHandle, Future, Settlement } from "../../../src/index.ts";
import { chain, fanOut, retry, saga, withTimeout } from "../../../src/patterns/index.ts";

/** Counts each effect under its name. Each must count one. */
export const ledger = stateful("kill/ledger", {
  state: { effects: value<Record<string, number>>({}) },
  handlers: {
    book(ctx, effect: string) {
      ctx.state.effects[effect] = (ctx.state.effects[effect] ?? 0) + 1;
      return effect;
    },
  },
});

const last = fn("kill/last", (ctx, key: string) =>
  ctx.invoke(ledger.book, `${key}/last`, { id: shelf(key) }),
);
const middle = fn(
  "kill/middle",
  (ctx, { args: key }: { result: string; args: string }): Future<string> => ctx.invoke(last, key),
);
const line = fn("kill/chain", (ctx, key: string): Future<string> =>
  ctx.onComplete(ctx.invoke(ledger.book, `${key}/first`, { id: shelf(key) }), middle, key),
);

const branch = fn("kill/branch", (ctx, { key, branch }: { key: string; branch: number }) =>
  ctx.onComplete(ctx.sleep((branch * 7) % 20), booked, `${key}/branch ${branch}`),
);
const booked = fn("kill/booked", (ctx, { args }: { result: void; args: string }) =>
  ctx.invoke(ledger.book, args, { id: shelf(args) }),
);
const fan = fn("kill/fan", (ctx, key: string) =>
  ctx.all(Array.from({ length: 20 }, (_, branch_) => ctx.invoke(branch, { key, branch: branch_ }))),
);

const timer = fn("kill/timer", (ctx, key: string): Future<string> =>
  ctx.onComplete(ctx.sleep(40), rang, { key, dueAt: ctx.now() + 40 }),
);
const rang = fn(
  "kill/rang",
  (
    ctx,
    { args: { key, dueAt } }: { result: void; args: { key: string; dueAt: number } },
  ): Future<string> => {
    if (ctx.now() < dueAt) throw new Error(`${dueAt - ctx.now()} ms early`);
    return ctx.invoke(ledger.book, `${key}/rang`, { id: shelf(key) });
  },
);

const promise = fn("kill/promise", (ctx, key: string): Future<string> => {
  const decision = ctx.promise<string>();
  ctx.setStatus({ token: decision.token });
  return ctx.onComplete(decision, decided, key);
});
const decided = fn("kill/decided", (ctx, { result, args }: { result: string; args: string }) =>
  ctx.invoke(ledger.book, `${args}/${result}`, { id: shelf(args) }),
);

const naive = fn("kill/naive", async (ctx, key: string): Promise<string> => {
  const first = await ctx.get(ctx.invoke(ledger.book, `${key}/naive first`, { id: shelf(key) }));
  await ctx.get(ctx.sleep(10));
  return `${first}, ${await ctx.get(ctx.invoke(ledger.book, `${key}/naive second`, { id: shelf(key) }))}`;
});

const parked = fn("kill/parked", (ctx, key: string): Future<unknown> => {
  ctx.setStatus("parked");
  const sleeps = Array.from({ length: 20 }, () =>
    ctx.onComplete(ctx.sleep("1h"), booked, `${key}/never`),
  );
  return ctx.race([ctx.all(sleeps), ctx.onSettled(ctx.promise(), cleanUp, key)]);
});
const cleanUp = fn(
  "kill/clean-up",
  (ctx, { result, args }: { result: Settlement<unknown>; args: string }): Future<unknown> =>
    ctx.onComplete(
      ctx.sleep(1),
      booked,
      `${args}/${result.status === "rejected" ? result.reason.code : "done"}`,
    ),
);

/** Books a part of a key, and returns the key. */
const bookPart = (type: string, part: string) => {
  const given = fn(`${type}-given`, (_, { args: key }: { result: string; args: string }) => key);
  return fn(type, { parts: [ledger, given] }, (ctx, key: string) =>
    ctx.onComplete(ctx.invoke(ledger.book, `${key}/${part}`, { id: shelf(key) }), given, key),
  );
};
const refuse = fn("kill/refuse", (_, key: string): string => {
  throw new Error(`no ${key}`);
});
const undone = saga(
  "kill/saga",
  { do: bookPart("kill/do-a", "a"), undo: bookPart("kill/undo-a", "-a") },
  {
    do: chain("kill/do-bs", bookPart("kill/do-b", "b"), bookPart("kill/do-b2", "b2")),
    undo: bookPart("kill/undo-b", "-b"),
  },
  refuse,
);

const ITEMS = 37;
const item = fn("kill/item", (ctx, { key, at }: { key: string; at: number }) =>
  ctx.onComplete(ctx.sleep((at * 7) % 5), booked, `${key}/item ${at}`),
);
const window = fanOut("kill/window", {
  split: (key: string) => Array.from({ length: ITEMS }, (_, at) => ({ key, at })),
  each: withTimeout("kill/item-in-time", item, "1h"),
  concurrency: 5,
});

const tries = stateful("kill/tries", {
  state: { count: value(0) },
  handlers: { next: (ctx) => ++ctx.state.count },
});
const attempted = fn("kill/attempted", (_, { args: count }: { result: string; args: number }) => {
  if (count < 3) throw new Error(`not at attempt ${count}`);
  return count;
});
const counted = fn(
  "kill/counted",
  (ctx, { result: count, args: key }: { result: number; args: string }): Future<number> =>
    ctx.onComplete(
      ctx.invoke(ledger.book, `${key}/attempt ${count}`, { id: shelf(key) }),
      attempted,
      count,
    ),
);
const flaky = fn(
  "kill/flaky",
  { parts: [tries, counted, attempted] },
  (ctx, key: string): Future<number> =>
    ctx.onComplete(ctx.invoke(tries.next, undefined, { id: key }), counted, key),
);
const retried = retry("kill/retry", flaky, { initialDelay: 5, maxAttempts: 5 });

export const functions = [
  ledger,
  undone,
  window,
  retried,
  line,
  middle,
  last,
  fan,
  branch,
  booked,
  timer,
  rang,
  promise,
  decided,
  naive,
  parked,
  cleanUp,
];

/** The number of kinds of flows. */
export const KINDS = 10;

/** The key under which a flow's effects are counted. */
function shelf(key: string): string {
  return `shelf ${Number.parseInt(key.slice(3), 10) % 7}`;
}

/** Returns the function and input of the flow with the given number. */
export function effectsOf(number: number): readonly string[] {
  const key = keyOf(number);
  const kinds = [
    [`${key}/first`, `${key}/last`],
    Array.from({ length: 20 }, (_, branch_) => `${key}/branch ${branch_}`),
    [`${key}/rang`],
    [`${key}/yes`],
    [`${key}/naive first`, `${key}/naive second`],
    [`${key}/CANCELLED`],
    [`${key}/alone`],
    ["a", "b", "b2", "-b", "-a"].map((part) => `${key}/${part}`),
    Array.from({ length: ITEMS }, (_, at) => `${key}/item ${at}`),
    [1, 2, 3].map((attempt) => `${key}/attempt ${attempt}`),
  ];
  return kinds[number % kinds.length] ?? [];
}

export function keyOf(number: number): string {
  return `op-${number}`;
}

/** Starts the flow with that number, or attaches to it. */
export function startFlow(client: Client, number: number): Promise<FlowHandle<unknown>> {
  const key = keyOf(number);
  const kinds = [line, fan, timer, promise, naive, parked, undefined, undone, window, retried];
  const kind = kinds[number % KINDS];
  return kind === undefined
    ? client.start(ledger.book, `${key}/alone`, { id: shelf(key), key })
    : client.start<NonNullable<(typeof kinds)[number]>>(kind, key, { id: key });
}

/** Waits for a flow's result. Settles its promise, or cancels the flow when it is parked. */
export async function finishFlow(client: Client, handle: FlowHandle<unknown>): Promise<unknown> {
  const kind = Number.parseInt(handle.id.slice(3), 10) % KINDS;
  if (kind === 7) return handle.result().catch((error: HandbackError) => error.details["undone"]);
  if (kind === 3) {
    const { status, custom } = await untilHeard(handle);
    if (status === "pending")
      await client.settle((custom as { token: string }).token, "yes").catch(orIfSettled);
  }
  if (kind !== 5) return handle.result();
  await untilHeard(handle);
  await client.cancel(handle);
  const effect = effectsOf(5).map((each) => each.replace(keyOf(5), handle.id))[0] ?? "";
  const isCleanedUp = async (): Promise<boolean> => {
    const { effects } = await client
      .readState(ledger, shelf(handle.id))
      .catch(() => ({ effects: {} }));
    return effect in effects;
  };
  while (!(await isCleanedUp())) await turn();
  return handle.result().catch((error: HandbackError) => error.code);
}

/** Returns the status of a flow once it has a custom status, or has ended. */
async function untilHeard(handle: FlowHandle<unknown>) {
  for (;;) {
    const standing = await handle.status();
    if (standing.status !== "pending" || standing.custom !== undefined) return standing;
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Ignores that the flow may have settled since its status was read. */
function orIfSettled(error: unknown): void {
  if (!HandbackError.is(error, "NOT_FOUND")) throw error;
}
