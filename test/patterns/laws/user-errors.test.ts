import { ERROR_CODES, fn, HandbackError } from "handback";
import type { Fn, Settlement } from "handback";
import {
  approval,
  chain,
  choose,
  fanOut,
  monitor,
  parallel,
  repeat,
  retry,
  saga,
  tap,
  withTimeout,
} from "handback/patterns";
import { record, simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { endOf, measure } from "./compare.ts";

/** What a run leaves behind: its calls in order, and its result. */
interface Trail {
  readonly calls: readonly string[];
  readonly ended: unknown;
  readonly status: string;
  readonly failure: unknown;
}

/** Notes that it was called. */
const noting = (name: string, notes: string[]): Fn<unknown, void> =>
  fn(name, (_: unknown, _input: unknown) => void notes.push(name));

type Compose = (broken: Fn<number, unknown>, notes: string[]) => Fn<number, unknown>;

const pass = fn("law/pass", (_, n: number) => n);
const total = (all: readonly unknown[]): number => all.length;
const items = (n: number): number[] => [n, n + 1, n + 2, n + 3];

/** Every pattern that decides by how a part has failed, around a part that fails. */
const PATTERNS: Readonly<Record<string, Compose>> = {
  retry: (broken) => retry("law/it", broken, { maxAttempts: 3 }),
  "the option retry around a blocked call": (broken) =>
    fn("law/it", { retry: { maxAttempts: 3 }, parts: [broken] }, (ctx, n: number) =>
      ctx.get(ctx.invoke(broken, n)),
    ),
  chain: (broken) => chain("law/it", pass, broken, (end) => end),
  "a chain of parts": (broken) =>
    chain(
      "law/it",
      tap(pass),
      parallel(pass, broken),
      choose(
        { total: fn("law/total", (_, all: readonly unknown[]) => total(all)) },
        () => "total" as const,
      ),
    ),
  saga: (broken, notes) =>
    saga(
      "law/it",
      { do: pass, undo: noting("law/undo-one", notes) },
      { do: broken, undo: noting("law/undo", notes), ifUnsure: noting("law/unsure", notes) },
    ),
  "a saga whose compensation fails": (broken, notes) =>
    saga(
      "law/it",
      { do: pass, undo: noting("law/undo-one", notes) },
      { do: pass, undo: broken },
      fn("law/refuse", () => {
        throw new Error("refused");
      }),
    ),
  "fanOut that cancels": (broken) => fanOut("law/it", { split: items, each: broken, join: total }),
  "fanOut with a limit": (broken) =>
    fanOut("law/it", { split: items, each: broken, concurrency: 2, join: total }),
  "fanOut that settles": (broken) =>
    fanOut("law/it", { split: items, each: broken, onFailure: "settle" }),
  "fanOut that tolerates": (broken) =>
    fanOut("law/it", {
      split: items,
      each: broken,
      concurrency: 2,
      onFailure: { tolerate: 2 },
    }),
  "fanOut whose first work fails": (broken) =>
    fanOut("law/it", { split: broken as Fn<number, number[]>, each: pass }),
  monitor: (broken) =>
    monitor("law/it", { check: broken, until: () => true, every: "1s", attempts: 5, tolerate: 2 }),
  "a monitor that expires": (broken, notes) =>
    monitor("law/it", {
      check: broken,
      until: () => true,
      every: "1s",
      attempts: 2,
      tolerate: 9,
      onDeadline: noting("law/expired", notes),
    }),
  repeat: (broken) => repeat("law/it", broken as Fn<number, number>, { times: 2 }),
  withTimeout: (broken, notes) =>
    withTimeout("law/it", broken, "1h", { onTimeout: noting("law/timeout", notes) }),
  "a saga of a retried chain": (broken, notes) =>
    saga(
      "law/it",
      { do: pass, undo: noting("law/undo-one", notes) },
      {
        do: retry("law/retried", chain("law/chained", broken), { maxAttempts: 2 }),
        undo: noting("law/undo", notes),
        ifUnsure: noting("law/unsure", notes),
      },
    ),
  "approval that cannot ask": (broken, notes) => {
    const ask = fn("law/ask", { parts: [broken] }, (ctx, _request: unknown) =>
      ctx.invoke(broken, 1),
    );
    const request = approval<number, unknown>("law/approval", { ask });
    const view = fn("law/view", { parts: [request] }, (ctx, { status }: { status: string }) =>
      ctx.onComplete(ctx.invoke(request.view, undefined, { id: "a" }), read, status),
    );
    const read = fn("law/read", (_, { result }: { result: unknown; args: string }) => {
      const { status } = result as { status: string };
      notes.push(status);
      return status;
    });
    return fn("law/it", { parts: [request, view, read] }, (ctx, n: number) =>
      ctx.onSettled(ctx.invoke(request, n, { id: "a" }), view),
    );
  },
};

/** The ways in which user code says how it failed. */
const THROWN: Readonly<Record<string, (code: string) => unknown>> = {
  "an error": (code) => Object.assign(new Error("a word of the carrier's"), { code }),
  "an error that calls itself a HandbackError": (code) =>
    Object.assign(new Error("a word of the carrier's"), { name: "HandbackError", code }),
  "an object": (code) => ({ name: "StatusObject", message: "a word of the carrier's", code }),
  "an error with a cause": (code) =>
    new Error("wrapped", { cause: Object.assign(new Error("inside"), { code }) }),
  "an error with a cause that calls itself a HandbackError": (code) =>
    new Error("wrapped", {
      cause: Object.assign(new Error("inside"), { name: "HandbackError", code }),
    }),
  "several errors": (code) =>
    new AggregateError([Object.assign(new Error("inside"), { code }), new Error("other")], "both"),
};

/** Codes with which only the system ends work, so that user code cannot end its own with them. */
const ENDING = [
  "CANCELLED",
  "TIMEOUT",
  "HANDLER_TIMEOUT",
  "POISONED",
  "STEP_FAILED",
  "COMPENSATION_FAILED",
  "BRANCHES_FAILED",
] as const;

/** What a run does: the functions that it calls, and how it ends. */
async function trailOf(compose: Compose, thrown: () => unknown): Promise<Trail> {
  const calls: string[] = [];
  const broken = fn("law/broken", (_, _n: number): unknown => {
    calls.push("law/broken");
    throw thrown();
  });
  const f = compose(broken, calls);
  const run = await simulate({ functions: [f] }, async (t) => {
    const flow = await t.client.start(f, 1, { key: "flow" });
    const ended = await endOf(flow.result());
    await t.idle();
    const { status, failure } = await flow.status();
    return { ended, status, failure };
  });
  return { calls, ...run.result };
}

/** Replaces a code everywhere, and leaves stacks out. */
function without(code: string, trail: Trail): unknown {
  const text = JSON.stringify(trail, (key, value: unknown) => (key === "stack" ? "" : value));
  return JSON.parse(text.replaceAll(code, "X"));
}

describe.each(Object.entries(PATTERNS))("%s", (_, compose) => {
  test.each(Object.entries(THROWN))(
    "takes %s with any of the library's codes as it takes one with another code",
    async (_form, thrown) => {
      const plain = await trailOf(compose, () => thrown("X"));
      for (const code of Object.keys(ERROR_CODES)) {
        const trail = await trailOf(compose, () => thrown(code));
        expect({ code, trail: without(code, trail) }).toEqual({
          code,
          trail: without(code, plain),
        });
      }
    },
  );

  test("takes a HandbackError that user code made for a user's, if only the system ends so", async () => {
    const { calls } = await trailOf(compose, () => new Error("a word of the carrier's"));
    for (const code of ENDING) {
      const made = await trailOf(compose, () => new HandbackError(code, "a word of the carrier's"));
      expect([code, made.calls]).toEqual([code, calls]);
    }
  });
});

/** Work that the system cancels. */
const cancelled = fn("law/cancelled", (ctx, _: number) => {
  const sleeping = ctx.sleep("1h");
  ctx.cancel(sleeping);
  return sleeping;
});

describe("a failure that the system caused", () => {
  const on = { parts: [cancelled] };
  const rejects = fn("law/rejects", (ctx, end: Settlement<unknown>) =>
    ctx.rejected("reason" in end ? end.reason : "no reason"),
  );
  const throws = fn("law/throws", (_, end: Settlement<unknown>) => {
    // oxlint-disable-next-line only-throw-error -- a failure is thrown as it came
    throw "reason" in end ? end.reason : new Error("no reason");
  });
  const wraps = fn("law/wraps", { parts: [cancelled] }, async (ctx, n: number) => {
    try {
      await ctx.get(ctx.invoke(cancelled, n));
    } catch (cause) {
      throw new Error("wrapped", { cause });
    }
  });

  test.each<readonly [string, Fn<number, unknown>]>([
    ["handed back", fn("law/same", on, (ctx, n: number) => ctx.invoke(cancelled, n))],
    ["thrown again", fn("law/same", on, (ctx, n: number) => ctx.get(ctx.invoke(cancelled, n)))],
    [
      "thrown again as data",
      fn("law/same", { parts: [cancelled, throws] }, (ctx, n: number) =>
        ctx.onSettled(ctx.invoke(cancelled, n), throws),
      ),
    ],
    [
      "made a rejection again",
      fn("law/same", { parts: [cancelled, rejects] }, (ctx, n: number) =>
        ctx.onSettled(ctx.invoke(cancelled, n), rejects),
      ),
    ],
  ])("stays one when it is %s", async (_, f) => {
    const it = retry("law/it", f, { retryIf: () => true });
    expect((await measure(it, 1, { functions: [record(f)] })).run.calls(f)).toHaveLength(1);
    expect((await measure(chain("law/it", f), 1)).ended).toMatchObject({ code: "CANCELLED" });
  });

  test("is one of user code once it is wrapped, and its step may have been done", async () => {
    const undone: string[] = [];
    const step = { do: wraps, undo: noting("law/undo", undone) };
    const it = saga("law/it", { ...step, ifUnsure: noting("law/unsure", undone) });
    expect((await measure(it, 1)).ended).toMatchObject({ code: "STEP_FAILED" });
    expect(undone).toEqual(["law/unsure"]);
    const again = retry("law/it", wraps, { maxAttempts: 2 });
    expect((await measure(again, 1, { functions: [record(wraps)] })).run.calls(wraps)).toHaveLength(
      2,
    );
  });
});
