import { fn, stateful, value } from "handback";
import type { Future, FutureHandle, Waited } from "handback";
import type { Scenario } from "./every-commit.ts";
import { makeLedger, orIfOver, read, withoutStacks } from "./ledger.ts";

interface Order {
  readonly id: string;
  readonly channels: readonly string[];
}

/** The example of the front page, each of its steps with an effect. */
export function checkout(): Scenario<unknown> {
  const ledger = makeLedger();
  const reserve = fn("shop/reserve", (ctx, { id }: Order) => ({
    reservation: id,
    times: ctx.invoke(ledger.book, id, { id: "stock" }),
  }));
  const charge = fn(
    "shop/charge",
    (ctx, { reserved }: { order: Order; reserved: { reservation: string } }) => ({
      paid: reserved.reservation,
      times: ctx.invoke(ledger.book, reserved.reservation, { id: "bank" }),
    }),
  );
  const notify = fn(
    "shop/notify",
    (ctx, { channel, charged: { paid } }: { channel: string; charged: { paid: string } }) =>
      ctx.invoke(ledger.book, `${channel}:${paid}`, { id: channel }),
  );
  const receipt = fn(
    "shop/receipt",
    (_, all: { charged: { paid: string }; notices: readonly number[] }) => all,
  );
  const checkout = fn("shop/checkout", (ctx, order: Order): Future<unknown> => {
    const reserved = ctx.invoke(reserve, order);
    const charged = ctx.invoke(charge, { order, reserved });
    const notices = order.channels.map((channel) => ctx.invoke(notify, { channel, charged }));
    return ctx.invoke(receipt, { charged, notices });
  });
  const order = { id: "o1", channels: ["mail", "sms", "push"] };
  return {
    world: { functions: [ledger, reserve, charge, notify, receipt, checkout] },
    script: (client) => client.call(checkout, order, { id: "order-1" }),
    observe: read(ledger, "stock", "bank", ...order.channels),
    ownRows: 5,
    cells: 0,
  };
}

/** Three steps, each returning the next. */
export function chainOfThree(): Scenario<unknown> {
  const ledger = makeLedger();
  const third = fn("test/third", (ctx, path: readonly string[]) => ({
    path,
    last: ctx.invoke(ledger.book, "third", { id: "a" }),
  }));
  const second = fn("test/second", (ctx, path: readonly string[]): Future<unknown> => {
    ctx.send(ledger.book, "second", { id: "a" });
    return ctx.invoke(third, [...path, "second"]);
  });
  const first = fn("test/first", (ctx, name: string): Future<unknown> =>
    ctx.onComplete(ctx.invoke(ledger.book, "first", { id: "a" }), continued, name),
  );
  const continued = fn("test/continued", (ctx, { args }: { result: number; args: string }) =>
    ctx.invoke(second, [args]),
  );
  return {
    world: { functions: [ledger, first, continued, second, third] },
    script: (client) => client.call(first, "first", { id: "chain-1" }),
    observe: read(ledger, "a"),
    ownRows: 1,
    cells: 0,
  };
}

/** A join of twenty branches, some slow; more than one join can hold. */
export function fanOut(): Scenario<readonly number[]> {
  const ledger = makeLedger();
  const slow = fn("test/slow", (ctx, branch: number) =>
    ctx.onComplete(ctx.sleep((branch % 4) * 10), work, branch),
  );
  const work = fn("test/work", (ctx, { args: branch }: { result: void; args: number }) =>
    ctx.onComplete(
      ctx.invoke(ledger.book, `branch ${branch}`, { id: `shard-${branch % 3}` }),
      square,
      branch,
    ),
  );
  const square = fn(
    "test/square",
    (_, { result, args }: { result: number; args: number }) => args * args * result,
  );
  const fan = fn("test/fan", (ctx, width: number) =>
    ctx.all(Array.from({ length: width }, (_, branch) => ctx.invoke(slow, branch))),
  );
  return {
    world: { functions: [ledger, slow, work, square, fan] },
    script: (client) => client.call(fan, 20, { id: "fan-1" }),
    observe: read(ledger, "shard-0", "shard-1", "shard-2"),
    ownRows: 3,
    cells: 0,
  };
}

/** Waits for two of four, then, through the handles, for the others; one fails. */
export function waitWithCount(): Scenario<unknown> {
  const ledger = makeLedger();
  const branch = fn("test/branch", (ctx, delay: number) =>
    ctx.onComplete(ctx.sleep(delay), after, delay),
  );
  const after = fn("test/after", (ctx, { args }: { result: void; args: number }) => {
    if (args === 3000) throw new Error("three");
    return { delay: args, times: ctx.invoke(ledger.book, `${args}`, { id: "a" }) };
  });
  const rest = fn("test/rest", (ctx, { ready, pending }: Waited<unknown>) => ({
    ready,
    later: ctx.allSettled(pending.map(({ handle }) => ctx.future(handle))),
    over: ctx.onComplete(ctx.wait([ctx.sleep(500), ctx.sleep(5000)], { timeout: 2000 }), count),
  }));
  const count = fn("test/count", (_, { ready, pending }: Waited<unknown>) => [
    ready.length,
    pending.length,
  ]);
  const waiter = fn("test/waiter", (ctx) =>
    ctx.onComplete(
      ctx.wait(
        [1000, 2000, 3000, 4000].map((delay) => ctx.invoke(branch, delay)),
        { count: 2 },
      ),
      rest,
    ),
  );
  return {
    world: { functions: [ledger, branch, after, rest, count, waiter] },
    script: async (client) => client.call(waiter, undefined, { id: "wait-1" }).then(withoutStacks),
    observe: read(ledger, "a"),
    ownRows: 1,
  };
}

/** A promise and an event, both settled by a client that retries when the outcome is unknown. */
export function promiseAndEvent(): Scenario<unknown> {
  const ledger = makeLedger();
  const decided = fn(
    "test/decided",
    (ctx, { decision, note }: { decision: string; note: string }) => ({
      decision,
      note,
      times: ctx.invoke(ledger.book, decision, { id: "a" }),
    }),
  );
  const ask = fn("test/ask", (ctx) => {
    const decision = ctx.promise<string>();
    ctx.setStatus({ token: decision.token });
    return ctx.invoke(decided, { decision, note: ctx.event<string>("note") });
  });
  return {
    world: { functions: [ledger, decided, ask] },
    async script(client, clock) {
      const flow = await client.start(ask, undefined, { id: "ask-1" });
      await client.signal(flow, "note", "noted").catch(orIfOver);
      for (;;) {
        const { custom } = await flow.status();
        if (custom === undefined) await clock.work(1);
        else {
          await client.settle((custom as { token: string }).token, "yes");
          return flow.result();
        }
      }
    },
    observe: read(ledger, "a"),
    ownRows: 1,
  };
}

/**
 * A handler that changes its state and throws, twice, before it succeeds; and one that never does.
 */
export function retries(): Scenario<unknown> {
  const ledger = makeLedger();
  const flaky = stateful("test/flaky", {
    state: { attempts: value<number[]>([]) },
    retry: { maxAttempts: 3, initialDelay: "1s" },
    handlers: {
      work(ctx, good: number) {
        ctx.state.attempts.push(ctx.attempt);
        ctx.send(ledger.book, `attempt ${ctx.attempt}`, { id: "a" });
        if (ctx.attempt < good) throw new Error(`attempt ${ctx.attempt}`);
        return ctx.invoke(ledger.book, "done", { id: "a" });
      },
    },
  });
  const both = fn("test/both", (ctx) =>
    ctx.allSettled([
      ctx.invoke(flaky.work, 3, { id: "good" }),
      ctx.invoke(flaky.work, 9, { id: "bad" }),
    ]),
  );
  return {
    world: { functions: [ledger, flaky, both] },
    script: async (client) => client.call(both, undefined, { id: "both-1" }).then(withoutStacks),
    async observe(machine) {
      const bad: unknown = await machine.engine.client
        .readState(flaky, "bad")
        .catch((error: { code: string }) => error.code);
      return [
        await read(ledger, "a")(machine),
        await machine.engine.client.readState(flaky, "good"),
        bad,
      ];
    },
    ownRows: 2,
    cells: 0,
  };
}

/** Handlers that fail after every kind of effect, one of them while its state is being saved. */
export function rollbacks(): Scenario<unknown> {
  const ledger = makeLedger();
  const box = stateful("test/box", {
    state: { first: value("old"), second: value<unknown>("old") },
    handlers: {
      set(ctx, first: string) {
        ctx.state.first = first;
        ctx.send(ledger.book, "kept", { id: "a", delay: 1_000, token: "t" });
      },
      fail(ctx, how: "throws" | "cannot be saved") {
        ctx.state.first = how;
        ctx.cancelSend("t");
        ctx.expireAfter(1);
        ctx.send(ledger.book, how, { id: "a" });
        ctx.egress("test/out", how);
        const handle = ctx.invoke(ledger.book, how, { id: "a" }).handle();
        if (how === "throws") throw new Error(how);
        ctx.state.second = () => handle;
      },
      fresh(ctx): void {
        ctx.terminate();
        throw new Error(ctx.self.id);
      },
    },
  });
  const fails = fn("test/fails", (ctx) => {
    const set = ctx.invoke(box.set, "new", { id: "x" });
    const both = (["throws", "cannot be saved"] as const).map((how) =>
      ctx.invoke(box.fail, how, { id: "x", after: [set] }),
    );
    return ctx.allSettled([
      ...both,
      ctx.invoke(box.fresh),
      ctx.invoke(box.fresh, undefined, { id: "x", after: [set] }),
    ]);
  });
  const out: unknown[] = [];
  return {
    world: {
      functions: [ledger, box, fails],
      options: { egress: { "test/out": (value) => void out.push(value) } },
    },
    script: async (client) =>
      (await client.call(fails, undefined, { id: "fails-1" })).map(({ status }) => status),
    observe: async (machine) => [
      await machine.engine.client.readState(box, "x"),
      await read(ledger, "a")(machine),
      out,
    ],
    ownRows: 2,
    cells: 0,
  };
}

/**
 * Delayed messages: kept, cancelled, replaced; cancelled by a later message at the same address.
 */
export function delayedSends(): Scenario<unknown> {
  const ledger = makeLedger();
  const alarm = stateful("test/alarm", {
    state: { sets: value(0) },
    handlers: {
      set(ctx) {
        ctx.state.sets++;
        ctx.send(ledger.book, "kept", { id: "a", delay: 50, token: "kept" });
        ctx.send(ledger.book, "cancelled later", { id: "a", delay: "1m", token: "later" });
        ctx.send(ledger.book, "replaced", { id: "a", delay: 20, token: "replaced" });
        ctx.send(ledger.book, "replacement", { id: "a", delay: 30, token: "replaced" });
        ctx.send(ledger.book, "cancelled at once", { id: "a", delay: 10, token: "at once" });
        ctx.cancelSend("at once");
        ctx.send(ledger.book, "replaced later", { id: "a", delay: "2m", token: "again" });
        return ctx.state.sets;
      },
      change(ctx) {
        ctx.cancelSend("later");
        ctx.send(ledger.book, "replacement later", { id: "a", delay: 40, token: "again" });
      },
    },
  });
  return {
    world: { functions: [ledger, alarm] },
    async script(client) {
      const sets = await client.call(alarm.set, undefined, { id: "x", key: "set-1" });
      await client.call(alarm.change, undefined, { id: "x", key: "change-1" });
      return sets;
    },
    observe: read(ledger, "a"),
    ownRows: 2,
    cells: 0,
  };
}

/** Calls answered with `reply`, back to the sender's state. */
export function replies(): Scenario<unknown> {
  const echo = fn("test/echo", (ctx, text: string) => ctx.reply({ echoed: text }));
  const asker = stateful("test/asker", {
    state: { replies: value<unknown[]>([]) },
    handlers: {
      ask(ctx, texts: readonly string[]) {
        for (const text of texts)
          ctx.send(echo, text, { replyTo: { function: asker.hear, id: ctx.self.id } });
        return texts.length;
      },
      hear(ctx, answer: unknown): void {
        ctx.state.replies.push(answer);
      },
    },
  });
  return {
    world: { functions: [echo, asker] },
    script: (client) => client.call(asker.ask, ["a", "b"], { id: "x", key: "ask-1" }),
    observe: async ({ engine }) => sorted((await engine.client.readState(asker, "x")).replies),
    ownRows: 1,
    cells: 0,
  };
}

/** Egress: at least once, always with the same id. */
export function egress(): Scenario<unknown> {
  const sent = new Map<string, unknown>();
  let failures = 0;
  const publish = fn("test/publish", (ctx, name: string) => {
    ctx.egress("test/out", { name, first: true });
    ctx.egress("test/out", { name, first: false });
    return name;
  });
  const out = (value: unknown, { id }: { id: string }) => {
    sent.set(id, value);
    if (failures++ === 0) throw new Error("not now");
  };
  return {
    world: { functions: [publish], options: { egress: { "test/out": out } } },
    script: (client) => client.call(publish, "p", { id: "publish-1" }),
    observe: async () => sorted([...sent.values()]),
    ownRows: 0,
    cells: 0,
  };
}

/** States that end: terminated by themselves, or left alone for too long. */
export function endings(): Scenario<unknown> {
  const ledger = makeLedger();
  const session = stateful("test/session", {
    state: { user: value<string>(), visits: value(0) },
    handlers: {
      visit(ctx, user: string) {
        ctx.state.user = user;
        ctx.state.visits++;
        ctx.expireAfter("10m");
        ctx.send(ledger.book, user, { id: "a" });
        return ctx.state.visits;
      },
      leave(ctx) {
        ctx.terminate();
        return ctx.state.visits;
      },
    },
  });
  const visits = fn("test/visits", (ctx, user: string) => {
    const created = ctx.invoke(session.visit, user);
    const second = ctx.invoke(session.visit, user, { id: created.stateId, after: [created] });
    return {
      first: created,
      second,
      last: ctx.invoke(session.leave, undefined, { id: created.stateId, after: [second] }),
    };
  });
  return {
    world: { functions: [ledger, session, visits] },
    script: async (client) => [
      await client.call(visits, "ann", { id: "visits-1" }),
      await client.call(session.visit, "bob", { id: "bob", key: "visit-bob" }),
    ],
    observe: read(ledger, "a"),
    ownRows: 1,
    cells: 0,
  };
}

/** Consumers too large for their message go to their own cell, which must be deleted again. */
export function spills(): Scenario<unknown> {
  const ledger = makeLedger();
  const step = fn("test/step", (ctx, { result, args }: { result: number; args: string }) =>
    args.length > 0 ? result + 1 : ctx.now(),
  );
  const long = fn("test/long", (ctx) => {
    let last: Future<number> = ctx.invoke(ledger.book, "long", { id: "a" });
    for (let at = 0; at < 30; at++) last = ctx.onComplete(last, step, "x".repeat(500));
    return last;
  });
  return {
    world: { functions: [ledger, step, long] },
    script: (client) => client.call(long, undefined, { id: "long-1" }),
    observe: read(ledger, "a"),
    ownRows: 1,
    cells: 0,
  };
}

/** A handle in a state, which becomes a future again in a flow that may come first. */
export function handles(): Scenario<unknown> {
  const ledger = makeLedger();
  const work = fn("test/handled-work", (ctx, name: string) =>
    ctx.onComplete(ctx.sleep(20), finish, name),
  );
  const finish = fn("test/finish", (ctx, { args }: { result: void; args: string }) =>
    ctx.invoke(ledger.book, args, { id: "a" }),
  );
  const shelf = stateful("test/shelf", {
    state: { handle: value<FutureHandle<number>>() },
    handlers: {
      put(ctx, name: string) {
        const future = ctx.invoke(work, name);
        ctx.state.handle = future.handle();
        return { handle: future.handle() };
      },
      get(ctx): Future<number> | undefined {
        return ctx.state.handle === undefined ? undefined : ctx.future(ctx.state.handle);
      },
    },
  });
  return {
    world: { functions: [ledger, work, finish, shelf] },
    async script(client) {
      await client.call(shelf.put, "job", { id: "x", key: "put-1" });
      return Promise.all([
        client.call(shelf.get, undefined, { id: "x", key: "get-1" }),
        client.call(shelf.get, undefined, { id: "x", key: "get-2" }),
      ]);
    },
    observe: read(ledger, "a"),
    ownRows: 2,
  };
}

/**
 * Joins of large values, one of which fails early: their values stored out of line must be deleted,
 * too.
 */
export function largeValues(): Scenario<unknown> {
  const ledger = makeLedger();
  const large = fn("test/large", (ctx, { name, delay }: { name: string; delay: number }) =>
    ctx.onComplete(ctx.sleep(delay), blown, { name, text: "x".repeat(50_000) }),
  );
  const blown = fn(
    "test/blown",
    (ctx, { args }: { result: void; args: { name: string; text: string } }) => {
      if (args.name === "failing") throw new Error("failing");
      return { text: args.text, times: ctx.invoke(ledger.book, args.name, { id: "a" }) };
    },
  );
  const measure = fn(
    "test/measure",
    (_, { parts, more }: { parts: readonly { text: string; times: number }[]; more: string }) => ({
      lengths: parts.map(({ text }) => text.length),
      times: parts.map(({ times }) => times),
      more: more.length,
    }),
  );
  const both = fn("test/large-both", (ctx) => {
    const call = (name: string, delay: number) => ctx.invoke(large, { name, delay });
    const good = ctx.invoke(measure, {
      parts: [call("a", 0), call("b", 20), call("c", 10)],
      more: "y".repeat(50_000),
    });
    const bad = ctx.invoke(measure, {
      parts: [call("d", 30), call("failing", 10), call("e", 0)],
      more: "z".repeat(50_000),
    });
    return ctx.allSettled([good, bad]);
  });
  return {
    world: { functions: [ledger, large, blown, measure, both] },
    script: async (client) => withoutStacks(await client.call(both, undefined, { id: "large-1" })),
    observe: read(ledger, "a"),
    ownRows: 1,
    cells: 0,
  };
}

function sorted(values: readonly unknown[]): readonly string[] {
  return values.map((each) => JSON.stringify(each)).sort();
}
