import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Context, Future, FutureHandle, Settlement } from "handback";
import type { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

/** Work that may be parked in any way. */
export type Work =
  | { readonly do: "leaf"; readonly ms: number; readonly heeds: boolean }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "event" | "promise" | "retry" }
  | { readonly do: Gathering; readonly parts: readonly Work[] }
  | { readonly do: Wrapping; readonly part: Work };

type Gathering = "all" | "race" | "any" | "settled" | "wait" | "input";
type Wrapping = (typeof WRAPPINGS)[number];

const WRAPPINGS = [
  "then",
  "cleanUp",
  "cleanUpWith",
  "nested",
  "get",
  "state",
  "handle",
  "timeout",
  "twice",
  "background",
  "cancelled",
  "cancelledLater",
] as const;

export const { work } = fc.letrec<{ work: Work }>((tie) => ({
  work: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.record({ do: fc.constant("leaf"), ms: fc.nat(40), heeds: fc.boolean() } as const),
    fc.record({ do: fc.constant("sleep"), ms: fc.nat(60) } as const),
    fc.record({ do: fc.constantFrom("event", "promise", "retry") } as const),
    fc.record({
      do: fc.constantFrom("all", "race", "any", "settled", "wait", "input"),
      parts: fc.array(tie("work"), { minLength: 1, maxLength: 3, depthIdentifier: "parts" }),
    } as const),
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom(...WRAPPINGS), part: tie("work") }) },
  ),
}));

/** Tells whether some part of the work is of one of these kinds. */
export function hasAny(todo: Work, ...kinds: readonly Work["do"][]): boolean {
  const parts = "parts" in todo ? todo.parts : "part" in todo ? [todo.part] : [];
  return kinds.includes(todo.do) || parts.some((part) => hasAny(part, ...kinds));
}

/** A started run that is not a clean-up. */
export interface Run {
  readonly startedAt: number;
  /** Set if its input is the settlement of a future that its handler canceled. */
  readonly ofCancelled: boolean;
}

/** The outcome of one clean-up. */
export interface CleanUp {
  /** The number of calls. */
  times: number;
  /** The settlement of the last call. */
  told: string | undefined;
  /** The number of calls of its continuation. */
  finished: number;
}

/** Functions that do such work, and observations of it. */
export function makeWorkers(clock: VirtualClock) {
  const runs: Run[] = [];
  const cleanUps = new Map<number, CleanUp>();
  let made = 0;
  const begin = (ofCancelled = false): void =>
    void runs.push({ startedAt: clock.now(), ofCancelled });

  const leaf = fn("work/leaf", async (ctx, { ms, heeds }: { ms: number; heeds: boolean }) => {
    begin();
    const worked = clock.work(ms).then(() => ms);
    if (!heeds) return worked;
    const { promise, reject } = Promise.withResolvers<never>();
    ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    return Promise.race([worked, promise]);
  });
  const flaky = fn("work/flaky", { retry: { maxAttempts: 3, initialDelay: 10 } }, (): void => {
    begin();
    throw new Error("flaky");
  });
  const next = fn("work/next", (_, _done: unknown) => begin());
  const look = fn("work/look", (_, _settlement: Settlement<unknown>) => begin(true));
  const both = fn("work/both", (_, _all: readonly unknown[]) => begin());
  const cleanUp = fn(
    "work/clean-up",
    (
      ctx,
      { result, args }: { result: Settlement<unknown>; args: { number: number; resource: string } },
    ) => {
      const seen = cleanUps.get(args.number);
      if (seen !== undefined) seen.times++;
      if (seen !== undefined)
        seen.told = result.status === "fulfilled" ? "fulfilled" : result.reason.code;
      return ctx.onComplete(ctx.sleep(2), cleanedUp, args.number);
    },
  );
  const cleanedUp = fn("work/cleaned-up", (_, { args }: { result: void; args: number }) => {
    const seen = cleanUps.get(args);
    if (seen !== undefined) seen.finished++;
  });
  const nested = fn("work/nested", (ctx, part: Work): Future<unknown> => {
    begin();
    return build(ctx, part);
  });
  const blocking = fn("work/blocking", async (ctx, part: Work): Promise<unknown> => {
    begin();
    return ctx.get(build(ctx, part));
  });
  const room = stateful("work/room", {
    state: { visits: value(0) },
    handlers: {
      enter(ctx, part: Work): Future<unknown> {
        begin();
        ctx.state.visits++;
        return build(ctx, part);
      },
    },
  });
  const cancel = fn(
    "work/cancel",
    (ctx, { args }: { result: void; args: FutureHandle<unknown> }) => {
      begin();
      ctx.cancel(ctx.future(args));
    },
  );
  const start = fn("work/start", (ctx, todo: Work): Future<unknown> => build(ctx, todo));

  const withCleanUp = (
    ctx: Context,
    part: Work,
    resource: string | Future<string>,
  ): Future<unknown> => {
    const number = made++;
    const future = build(ctx, part);
    cleanUps.set(number, { times: 0, told: undefined, finished: 0 });
    return ctx.onSettled(future, cleanUp, { number, resource });
  };
  const build = (ctx: Context, todo: Work): Future<unknown> => {
    switch (todo.do) {
      case "leaf":
        return ctx.invoke(leaf, todo);
      case "sleep":
        return ctx.sleep(todo.ms);
      case "event":
        return ctx.event("go");
      case "promise":
        return ctx.promise();
      case "retry":
        return ctx.invoke(flaky);
      case "then":
        return ctx.onComplete(build(ctx, todo.part), next);
      case "cleanUp":
        return withCleanUp(ctx, todo.part, "known");
      case "cleanUpWith":
        return withCleanUp(ctx, todo.part, ctx.resolved("awaited"));
      case "nested":
        return ctx.invoke(nested, todo.part);
      case "get":
        return ctx.invoke(blocking, todo.part);
      case "state":
        return ctx.invoke(room.enter, todo.part, { id: "room" });
      case "handle":
        return ctx.future(build(ctx, todo.part).handle());
      case "timeout":
        return ctx.timeout(build(ctx, todo.part), 25);
      case "twice": {
        const once = build(ctx, todo.part);
        return ctx.all([ctx.timeout(once, 20), once]);
      }
      case "background":
        build(ctx, todo.part);
        return ctx.sleep(30);
      case "cancelled": {
        const before = new Set(cleanUps.keys());
        const future = build(ctx, todo.part);
        // Work canceled before its start has nothing to clean up.
        for (const number of cleanUps.keys()) if (!before.has(number)) cleanUps.delete(number);
        ctx.cancel(future);
        return ctx.onSettled(future, look);
      }
      case "cancelledLater": {
        const handle = build(ctx, todo.part).handle();
        return ctx.allSettled([ctx.future(handle), ctx.onComplete(ctx.sleep(15), cancel, handle)]);
      }
      default:
        return gather(
          ctx,
          todo.do,
          todo.parts.map((part) => build(ctx, part)),
        );
    }
  };
  const gather = (ctx: Context, how: Gathering, parts: Future<unknown>[]): Future<unknown> => {
    switch (how) {
      case "settled":
        return ctx.allSettled(parts);
      case "wait":
        return ctx.wait(parts, { count: 1 });
      case "input":
        return ctx.invoke(both, parts);
      default:
        return ctx[how](parts);
    }
  };
  const functions = [
    leaf,
    flaky,
    next,
    look,
    both,
    cleanUp,
    cleanedUp,
    nested,
    blocking,
    room,
    cancel,
    start,
  ];
  return { start, nested, room, runs, cleanUps, functions };
}
