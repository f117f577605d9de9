import { fn, stateful, value } from "handback";
import type { FutureHandle, Waited } from "handback";
import type { Scenario } from "./every-commit.ts";
import { makeLedger, orIfOver, read } from "./ledger.ts";

/**
 * The naive style: one blocking handler. It may run again from its start, and its effects must
 * count once.
 */
export function naive(): Scenario<unknown> {
  const ledger = makeLedger();
  const slow = fn("test/slowly", (ctx, name: string) =>
    ctx.onComplete(ctx.sleep(15), booked, name),
  );
  const booked = fn("test/booked", (ctx, { args }: { result: void; args: string }) =>
    ctx.invoke(ledger.book, args, { id: "a" }),
  );
  const join = fn("test/joined", (_, parts: readonly number[]) => parts);
  const blocking = fn("test/blocking", async (ctx, name: string) => {
    const first = ctx.invoke(slow, `${name} first`);
    const second = ctx.invoke(slow, `${name} second`);
    ctx.send(ledger.book, `${name} sent`, { id: "a" });
    ctx.setStatus("begun");
    const times = await ctx.get(first);
    const dependent = ctx.invoke(ledger.book, `${name} dependent`, {
      id: "a",
      after: [first, second],
    });
    const joined = ctx.invoke(join, [first, dependent]);
    const waited = await ctx.get(ctx.wait([second, joined, ctx.sleep("1m")], { count: 2 }));
    ctx.send(ledger.book, `${name} delayed`, { id: "a", delay: 5 });
    await ctx.get(ctx.sleep(20));
    const same = await ctx.get(
      ctx.all([
        ctx.invoke(ledger.book, `${name} same`, { id: "a" }),
        ctx.invoke(ledger.book, `${name} same`, { id: "a" }),
      ]),
    );
    return {
      times,
      ready: waited.ready.map(({ index }) => index),
      same,
      tail: ctx.invoke(ledger.book, `${name} tail`, { id: "a" }),
    };
  });
  return {
    world: { functions: [ledger, slow, booked, join, blocking] },
    script: (client) => client.call(blocking, "n", { id: "naive-1" }),
    observe: read(ledger, "a"),
    ownRows: 1,
  };
}

/**
 * Blocks on others: an event, a promise, another blocking handler, a race of two; with its own
 * state.
 */
export function naiveAndOutside(): Scenario<unknown> {
  const ledger = makeLedger();
  const inner = fn("test/inner", async (ctx, name: string) => [
    await ctx.get(ctx.invoke(ledger.book, name, { id: "a" })),
    name,
  ]);
  const never = fn("test/never", (ctx) => ctx.event<string>("never"));
  const outer = stateful("test/outer", {
    state: { asked: value(0), handle: value<FutureHandle<unknown>>() },
    handlers: {
      async ask(ctx, name: string) {
        ctx.state.asked++;
        const decision = ctx.promise<string>();
        const kept = ctx.invoke(ledger.book, `${name} kept`, { id: "a" });
        ctx.state.handle = kept.handle();
        ctx.setStatus({ token: decision.token });
        ctx.send(ledger.book, `${name} cancelled`, { id: "a", delay: "1m", token: "t" });
        const [event, nested] = await Promise.all([
          ctx.get(ctx.event<string>("note")),
          ctx.get(ctx.invoke(inner, `${name} inner`)),
        ]);
        const first = await Promise.race([
          ctx.get(decision),
          ctx.get(ctx.invoke(never, undefined)),
        ]);
        ctx.state.asked++;
        return { event, nested, first };
      },
      again(ctx) {
        ctx.cancelSend("t");
        return {
          kept: ctx.state.handle === undefined ? undefined : ctx.future(ctx.state.handle),
          asked: ctx.state.asked,
        };
      },
    },
  });
  return {
    world: { functions: [ledger, inner, never, outer] },
    async script(client, clock) {
      const flow = await client.start(outer.ask, "o", { id: "x", key: "outer-1" });
      await client.signal(flow, "note", "noted").catch(orIfOver);
      for (;;) {
        const { custom, status } = await flow.status();
        if (custom === undefined) await clock.work(1);
        else {
          if (status === "pending") await client.settle((custom as { token: string }).token, "yes");
          await client.signal(flow, "never", "at last").catch(orIfOver);
          return [
            await flow.result(),
            await client.call(outer.again, undefined, { id: "x", key: "again-1" }),
          ];
        }
      }
    },
    observe: read(ledger, "a"),
    ownRows: 3,
  };
}

/** A blocking handler that fails after a send, and is retried: its message stays sent. */
export function naiveRetries(): Scenario<unknown> {
  const ledger = makeLedger();
  const fails = fn("test/fails", (_, why: string): number => {
    throw new Error(why);
  });
  const blocking = fn(
    "test/blocking-retry",
    { retry: { maxAttempts: 2, initialDelay: 10 } },
    async (ctx, name: string) => {
      const booked = await ctx.get(ctx.invoke(ledger.book, `${name} ${ctx.attempt}`, { id: "a" }));
      const failed = await ctx.get(ctx.invoke(fails, "no")).catch((error: Error) => error.message);
      if (ctx.attempt === 1) throw new Error("once more");
      return { booked, failed };
    },
  );
  return {
    world: { functions: [ledger, fails, blocking] },
    script: (client) => client.call(blocking, "r", { id: "naive-retry-1" }),
    observe: read(ledger, "a"),
    ownRows: 1,
    cells: 0,
  };
}

/**
 * Blocks on a join of its own promise with other work. Each run makes another token, and each token
 * is valid.
 */
export function naivePromises(): Scenario<unknown> {
  const ledger = makeLedger();
  const slow = fn("test/slowly", (ctx, name: string) =>
    ctx.onComplete(ctx.sleep(30), booked, name),
  );
  const booked = fn("test/booked", (ctx, { args }: { result: void; args: string }) =>
    ctx.invoke(ledger.book, args, { id: "a" }),
  );
  const indexes = fn("test/indexes", (_, { ready }: Waited<unknown>) =>
    ready.map(({ index }) => index),
  );
  const blocking = fn("test/blocking", async (ctx) => {
    const decision = ctx.promise<string>();
    ctx.setStatus({ token: decision.token });
    const joined = ctx.all([decision, ctx.invoke(slow, "joined")]);
    const waited = ctx.onComplete(
      ctx.wait([decision, ctx.invoke(slow, "waited"), ctx.sleep("1m")], { count: 2 }),
      indexes,
    );
    await ctx.get(ctx.sleep(10));
    await ctx.get(ctx.sleep(10));
    return { joined, waited };
  });
  return {
    world: { functions: [ledger, slow, booked, indexes, blocking] },
    async script(client, clock) {
      for (;;) {
        // Polled by a message, so that no client keeps polling a dead engine.
        const flow = await client.start(blocking, undefined, { id: "promises-1" });
        const { custom } = await flow.status();
        if (custom !== undefined) {
          await client.settle((custom as { token: string }).token, "yes");
          return flow.result();
        }
        await clock.work(1);
      }
    },
    observe: read(ledger, "a"),
    ownRows: 1,
  };
}

/**
 * Blocks after it has used instants in an argument and in a handle, which differ when it runs
 * again.
 */
export function naiveInstants(): Scenario<unknown> {
  const ledger = makeLedger();
  const slow = fn("test/slowly", (ctx, name: string) =>
    ctx.onComplete(ctx.sleep(30), booked, name),
  );
  const booked = fn("test/booked", (ctx, { args }: { result: void; args: string }) =>
    ctx.invoke(ledger.book, args, { id: "a" }),
  );
  const tell = fn(
    "test/tell",
    (ctx, { job, name }: { job: FutureHandle<number>; name: string }) => ({
      told: ctx.invoke(ledger.book, name, { id: "a" }),
      job: ctx.future(job),
    }),
  );
  const since = fn("test/since", (_, { result, args }: { result: number; args: number }) => ({
    result,
    isLater: args > 0,
  }));
  const blocking = fn("test/blocking", async (ctx) => {
    const shared = ctx.invoke(slow, "shared");
    const kept = ctx.invoke(slow, "kept");
    const told = ctx.invoke(tell, { job: kept.handle(), name: "told" });
    const later = await ctx.get(ctx.onComplete(shared, since, ctx.now()));
    return { later, shared: await ctx.get(shared), told };
  });
  return {
    world: { functions: [ledger, slow, booked, tell, since, blocking] },
    script: (client) => client.call(blocking, undefined, { id: "instants-1" }),
    observe: read(ledger, "a"),
    ownRows: 1,
  };
}
