import { fn, stateful, value } from "handback";
import type {
  Client,
  Context,
  FlowHandle,
  Future,
  FutureHandle,
  HandbackError,
  Settlement,
} from "handback";
import type { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import type { Scenario } from "./every-commit.ts";
import { makeLedger, orIfOver, withoutStacks } from "./ledger.ts";
import type { Machine } from "./machine.ts";

type Ledger = ReturnType<typeof makeLedger>;

/** The ways in which work may be parked. */
export const WAYS = [
  "sleep",
  "call",
  "event",
  "promise",
  "retry",
  "all",
  "any",
  "timeout",
  "handle",
  "wait",
] as const;

/**
 * Work that is parked for long in some way, and cleans up in any case, with a function that calls
 * another one.
 */
function makeParking(ledger: Ledger) {
  const booked = fn("test/booked", (ctx, { args }: { result: unknown; args: string }) =>
    ctx.invoke(ledger.book, args, { id: "a" }),
  );
  const cleanUp = fn(
    "test/clean-up",
    (ctx, { result, args }: { result: Settlement<unknown>; args: string }) => {
      const how = result.status === "fulfilled" ? "done" : result.reason.code;
      return ctx.onComplete(ctx.sleep(3), booked, `${how} ${args}`);
    },
  );
  const slow = fn("test/slow", (ctx, name: string) =>
    ctx.onComplete(ctx.sleep("40m"), booked, name),
  );
  const resource = fn("test/resource", (_, name: string) => name);
  const stuck = stateful("test/stuck", {
    state: { tries: value(0) },
    retry: { maxAttempts: 9, initialDelay: "1h" },
    handlers: {
      work(): void {
        throw new Error("stuck");
      },
    },
  });
  const ways: Record<(typeof WAYS)[number], (ctx: Context, name: string) => Future<unknown>> = {
    sleep: (ctx) => ctx.sleep("1h"),
    call: (ctx, name) => ctx.invoke(slow, name),
    event: (ctx) => ctx.event("never"),
    promise: (ctx) => ctx.promise(),
    retry: (ctx) => ctx.invoke(stuck.work, undefined, { id: "s" }),
    all: (ctx, name) => ctx.all([ctx.invoke(slow, name), ctx.sleep(1)]),
    any: (ctx, name) =>
      ctx.any([ctx.invoke(slow, name), ctx.onComplete(ctx.promise(), booked, name)]),
    timeout: (ctx, name) => ctx.timeout(ctx.timeout(ctx.invoke(slow, name), "2h"), "3h"),
    handle: (ctx, name) => ctx.future(ctx.invoke(slow, name).handle()),
    wait: (ctx, name) => ctx.wait([ctx.invoke(slow, name), ctx.promise()], { timeout: "2h" }),
  };
  /** Parks work in each way, each with its clean-up. */
  const park = (ctx: Context, prefix: string): readonly Future<unknown>[] =>
    WAYS.map((way) =>
      ctx.onSettled(
        ways[way](ctx, `late ${way}`),
        cleanUp,
        ctx.invoke(resource, `${prefix} ${way}`),
      ),
    );
  return { functions: [booked, cleanUp, slow, resource, stuck], park, booked };
}

/** Reads the bookings, and whether the bill of the flow is complete. */
function readBooked(ledger: Ledger, flow: string) {
  return async ({ engine }: Machine): Promise<unknown> => {
    const { requests } = await engine.client.readState(ledger, "a").catch(() => ({ requests: {} }));
    const { final } = await engine.meter.flow(flow);
    return { requests, final };
  };
}

/**
 * Waits until a flow has a custom status. Polls by a message, so that no client keeps polling a
 * dead engine.
 */
async function untilHeard(
  begin: () => Promise<FlowHandle<unknown>>,
  clock: VirtualClock,
): Promise<FlowHandle<unknown>> {
  for (;;) {
    const flow = await begin();
    if ((await flow.status()).custom !== undefined) return flow;
    await clock.work(1);
  }
}

/** Cancels a flow, with a client that retries when the outcome is unknown. */
async function cancelSurely(client: Client, flow: FlowHandle<unknown>): Promise<unknown> {
  await client.cancel(flow);
  const outcome: unknown = await flow.result().catch((error: HandbackError) => error.code);
  return { outcome, status: (await flow.status()).status };
}

/** Races whose losers are parked in every way. */
export function races(): Scenario<unknown> {
  const ledger = makeLedger();
  const { functions, park, booked } = makeParking(ledger);
  const race = fn("test/race", (ctx, how: "race" | "any" | "timeout") => {
    const lost = park(ctx, how);
    if (how === "timeout") return ctx.timeout(ctx.all(lost), 20);
    return ctx[how]([...lost, ctx.onComplete(ctx.sleep(20), booked, `${how} won`)]);
  });
  const all = fn("test/all", (ctx) =>
    ctx.allSettled((["race", "any", "timeout"] as const).map((how) => ctx.invoke(race, how))),
  );
  return {
    world: { functions: [...functions, ledger, race, all] },
    script: async (client) => withoutStacks(await client.call(all, undefined, { id: "races-1" })),
    observe: readBooked(ledger, "races-1"),
    ownRows: 1,
  };
}

/**
 * A flow that is canceled from outside while it is parked in every way, with calls queued behind a
 * busy state.
 */
export function cancelledFlow(): Scenario<unknown> {
  const ledger = makeLedger();
  const { functions, park } = makeParking(ledger);
  const away = fn("test/away", (ctx, name: string) =>
    ctx.invoke(ledger.book, name, { id: "a", after: [ctx.race([ctx.sleep(50), ctx.sleep("1h")])] }),
  );
  const main = fn("test/main", (ctx) => {
    ctx.setStatus("parked");
    ctx.send(away, "one-way");
    ctx.send(ledger.book, "one-way, delayed", { id: "a", delay: 100 });
    return ctx.all([
      ...park(ctx, "flow"),
      ctx.race(park(ctx, "branch")),
      ctx.invoke(ledger.book, "called", { id: "a" }),
    ]);
  });
  return {
    world: { functions: [...functions, ledger, away, main] },
    async script(client, clock) {
      const flow = await untilHeard(() => client.start(main, undefined, { id: "flow-1" }), clock);
      await clock.work(10);
      return cancelSurely(client, flow);
    },
    observe: readBooked(ledger, "flow-1"),
    ownRows: 1,
  };
}

/**
 * A future canceled through its handle, from inside its own flow, while another flow waits for it.
 */
export function cancelledHandle(): Scenario<unknown> {
  const ledger = makeLedger();
  const { functions, park } = makeParking(ledger);
  const work = fn("test/work", (ctx) => ctx.all(park(ctx, "work")));
  const box = stateful("test/box", {
    state: { handle: value<FutureHandle<unknown>>() },
    handlers: {
      begin(ctx) {
        const work_ = ctx.invoke(work);
        ctx.state.handle = work_.handle();
        ctx.setStatus("begun");
        return ctx.allSettled([
          work_,
          ctx.onComplete(ctx.event("cancel"), cancel, ctx.state.handle),
        ]);
      },
      follow: (ctx): unknown => ctx.state.handle && ctx.future(ctx.state.handle),
    },
  });
  const cancel = fn(
    "test/cancel",
    (ctx, { args }: { result: unknown; args: FutureHandle<unknown> }) => {
      ctx.cancel(ctx.future(args));
      return "cancelled";
    },
  );
  return {
    world: { functions: [...functions, ledger, work, box, cancel] },
    async script(client, clock) {
      const flow = await untilHeard(
        () => client.start(box.begin, undefined, { id: "x", key: "handle-1" }),
        clock,
      );
      const other = await client.start(box.follow, undefined, { id: "x", key: "other-1" });
      await client.signal(flow, "cancel").catch(orIfOver);
      const followed: unknown = await other.result().catch((error: HandbackError) => error.code);
      return withoutStacks([await flow.result(), followed]);
    },
    observe: readBooked(ledger, "handle-1"),
    ownRows: 2,
  };
}

/**
 * A flow whose handlers block, some on races, when it is canceled: the messages they sent must not
 * continue.
 */
export function cancelledBlocking(): Scenario<unknown> {
  const ledger = makeLedger();
  const { functions, park } = makeParking(ledger);
  const blocking = fn("test/blocking", async (ctx, name: string) => {
    const parked = park(ctx, name);
    const first = await ctx.get(
      ctx.race([ctx.invoke(ledger.book, `${name} first`, { id: "a" }), ctx.sleep("1h")]),
    );
    const lost = await ctx.get(ctx.onSettled(ctx.timeout(ctx.sleep("1h"), 5), status));
    ctx.send(ledger.book, `${name} sent`, { id: "a" });
    ctx.setStatus({ first, lost });
    await ctx.get(ctx.all(parked));
    ctx.send(ledger.book, `${name} never`, { id: "a" });
  });
  const status = fn("test/status", (_, settlement: Settlement<unknown>) => settlement.status);
  const main = fn("test/main", (ctx) => ctx.all([ctx.invoke(blocking, "one"), ctx.sleep("1h")]));
  return {
    world: { functions: [...functions, ledger, blocking, status, main] },
    async script(client, clock) {
      const flow = await untilHeard(
        () => client.start(main, undefined, { id: "blocking-1" }),
        clock,
      );
      await clock.work(5);
      return cancelSurely(client, flow);
    },
    observe: readBooked(ledger, "blocking-1"),
    ownRows: 1,
  };
}
