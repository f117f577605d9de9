import { fn, stateful, value } from "handback";
import type { Context, Fn } from "handback";
import { fanOut, saga, withTimeout } from "handback/patterns";
import { everyCrash, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import { describe, expect, test } from "vitest";

/** A bank that acts once for each idempotency key, outside of the process. */
class Bank {
  readonly charged = new Map<string, number>();

  charge(ctx: Pick<Context, "idempotencyKey">, cents: number): number {
    this.charged.set(ctx.idempotencyKey, cents);
    return cents;
  }
}

/** Orders that fail after they were charged, as long as nothing is in stock. */
function orders(bank: Bank, shop: { inStock: boolean }) {
  const charge = fn("shop/charge", (ctx, cents: number) => bank.charge(ctx, cents));
  const pack = fn("shop/pack", (_, cents: number) => {
    if (!shop.inStock) throw new Error("sold out");
    return `packed for ${cents}`;
  });
  const order = fn("shop/order", { parts: [charge, pack] }, (ctx, cents: number) =>
    ctx.onComplete(ctx.invoke(charge, cents), pack),
  );
  return { order, functions: [order] };
}

async function failed(t: Simulated, flow: string): Promise<unknown> {
  return t.client
    .flow(flow)
    .result()
    .catch((error: unknown) => error);
}

test("20 failed orders are restarted with the same keys, and none is charged twice", async () => {
  const bank = new Bank();
  const shop = { inStock: false };
  const { order, functions } = orders(bank, shop);
  await simulate({ functions }, async (t) => {
    const ids = Array.from({ length: 20 }, (_, at) => `order-${at}`);
    for (const [at, id] of ids.entries()) await t.client.start(order, 100 + at, { key: id });
    await t.idle();
    expect(await t.client.countFlows({ status: "failed" })).toBe(20);
    shop.inStock = true;
    const dry = await t.client.restartAll({ function: order }, { keys: "same", dryRun: true });
    expect(dry).toMatchObject({ matched: 20, done: 0 });
    const report = await t.client.restartAll(
      { function: order, status: "failed" },
      { keys: "same", batch: 7 },
    );
    expect(report).toEqual({ matched: 20, done: 20, cursor: undefined });
    await t.idle();
    for (const [at, id] of ids.entries())
      expect(await t.client.flow(id).result()).toBe(`packed for ${100 + at}`);
    expect(bank.charged.size).toBe(20);
    expect(await t.client.countFlows({ status: "completed" })).toBe(20);
    expect(await t.client.countFlows({ status: "failed" })).toBe(0);
    expect(await t.client.status("order-3")).toMatchObject({ status: "completed", run: 2 });
  });
});

test("with new keys, a restarted flow makes its calls under new ones", async () => {
  const bank = new Bank();
  const shop = { inStock: false };
  const { order, functions } = orders(bank, shop);
  await simulate({ functions }, async (t) => {
    await t.client.start(order, 5, { key: "o" });
    await t.idle();
    await t.client.restart("o", { keys: "new" });
    await t.idle();
    await t.client.restart("o", { keys: "same" });
    shop.inStock = true;
    await t.idle();
    expect(bank.charged.size).toBe(2);
    expect(await t.client.status("o")).toMatchObject({ run: 3 });
  });
});

test("whoever heard the first failure keeps it, and a later reader hears the new run", async () => {
  const shop = { inStock: false };
  const { order, functions } = orders(new Bank(), shop);
  await simulate({ functions }, async (t) => {
    const flow = await t.client.start(order, 5);
    const first = flow.result().catch((error: Error) => error.message);
    await t.idle();
    expect(await first).toContain("sold out");
    shop.inStock = true;
    await t.client.restart(flow, { keys: "same" });
    expect(await flow.result()).toBe("packed for 5");
    expect(await first).toContain("sold out");
    expect(await t.client.start(order, 5, { key: flow.id }).then(async (f) => f.result())).toBe(
      "packed for 5",
    );
  });
});

describe("a flow is not restarted", () => {
  test.each([
    ["that runs", "waits", { status: "pending", reason: "running" }],
    ["that has completed", "ends", { status: "completed", reason: "completed" }],
  ] as const)("%s, and stays as it is", async (_, id, details) => {
    const waits = fn("no/waits", (ctx) => ctx.event("go"));
    const ends = fn("no/ends", () => 7);
    await simulate({ functions: [waits, ends] }, async (t) => {
      await t.client.start(id === "waits" ? waits : ends, undefined, { key: id });
      await t.idle();
      const before = await t.client.status(id);
      for (const keys of ["same", "new"] as const)
        await expect(t.client.restart(id, { keys })).rejects.toMatchObject({
          code: "NOT_RESTARTABLE",
          details: { flow: id, ...details },
        });
      expect(await t.client.status(id)).toEqual(before);
    });
  });

  test("that is unknown, whose keys are not said, or whose function is gone", async () => {
    const boom = fn("no/boom", () => {
      throw new Error("boom");
    });
    await simulate({ functions: [boom] }, async (t) => {
      await expect(t.client.restart("none", { keys: "new" })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
      await t.client.start(boom, undefined, { key: "b" });
      await t.idle();
      for (const options of [undefined, {}, { keys: "old" }, { keys: "same", call: "x" }])
        // @ts-expect-error -- the types refuse them, too
        await expect(t.client.restart("b", options)).rejects.toMatchObject({
          code: "INVALID_OPTIONS",
        });
      await expect(
        t.client.restartAll({ status: "completed" }, { keys: "new" }),
      ).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
    });
  });

  test("with the same keys once a step is undone, but with new ones", async () => {
    const bank = new Bank();
    const undone: number[] = [];
    let fails = true;
    const charge = fn("undo/charge", (ctx, cents: number) => bank.charge(ctx, cents));
    const refund = fn("undo/refund", (_, cents: number) => void undone.push(cents));
    const pack = fn("undo/pack", (_, cents: number) => {
      if (fails) throw new Error("sold out");
      return cents;
    });
    const order = saga("undo/order", { do: charge, undo: refund }, pack);
    await simulate({ functions: [order] }, async (t) => {
      await t.client.start(order, 5, { key: "o" });
      await t.idle();
      expect(undone).toEqual([5]);
      await expect(t.client.restart("o", { keys: "same" })).rejects.toMatchObject({
        code: "NOT_RESTARTABLE",
        details: { reason: "compensated", status: "failed" },
      });
      fails = false;
      await t.client.restart("o", { keys: "new" });
      await t.idle();
      expect(await t.client.flow("o").result()).toBe(5);
      expect(bank.charged.size).toBe(2);
    });
  });
});

test("a saga of the first run that is canceled by a restart undoes nothing that the new run does again", async () => {
  const bank = new Bank();
  const undone: number[] = [];
  let fails = true;
  const charge = fn("half/charge", (ctx, cents: number) => bank.charge(ctx, cents));
  const refund = fn("half/refund", (_, cents: number) => void undone.push(cents));
  const waits = fn("half/waits", (ctx, cents: number) =>
    fails ? ctx.onComplete(ctx.sleep("1h"), late, cents) : cents,
  );
  const late = fn("half/late", (_, { args }: { result: void; args: number }) => args);
  const paying = saga("half/paying", { do: charge, undo: refund }, waits);
  const boom = fn("half/boom", (ctx) => ctx.onComplete(ctx.sleep("1m"), burst));
  const burst = fn("half/burst", () => {
    if (fails) throw new Error("no van");
  });
  const order = fn("half/order", { parts: [paying, boom, burst, late] }, (ctx, cents: number) =>
    ctx.all([ctx.invoke(paying, cents), ctx.invoke(boom)]),
  );
  await simulate({ functions: [order] }, async (t) => {
    await t.client.start(order, 5, { key: "o" });
    await t.advance("2m");
    expect(await failed(t, "o")).toMatchObject({ cause: { message: "no van" } });
    fails = false;
    await t.client.restart("o", { keys: "same" });
    await t.idle("1d");
    expect(await t.client.flow("o").result()).toEqual([5, undefined]);
    expect(undone).toEqual([]);
    expect(bank.charged.size).toBe(1);
  });
});

/** The bank, and a call of it that ends with what fails as often as it is told to. */
interface Shop {
  readonly bank: Bank;
  readonly charge: Fn<number, number>;
  /** Throws until the flow is restarted. */
  readonly fail: Fn<unknown, unknown>;
}

/** Flows whose calls all reach the bank before the first run fails. */
const SHAPES: Readonly<Record<string, (shop: Shop) => Fn<void, unknown>>> = {
  "a chain of calls": ({ charge, fail }) =>
    fn("key/run", (ctx) => ctx.onComplete(ctx.invoke(charge, 1), fail)),
  "a branch beside another": ({ charge, fail }) =>
    fn("key/run", (ctx) => {
      const charged = [1, 2, 2].map((cents) => ctx.invoke(charge, cents));
      return ctx.onComplete(ctx.all(charged), fail);
    }),
  "a handler that is retried before it calls": ({ charge, fail }) =>
    fn("key/run", { retry: { maxAttempts: 3, initialDelay: "1s" } }, (ctx) => {
      if (ctx.attempt < 3 && shared.isFirst) throw new Error("not yet");
      return ctx.onComplete(ctx.invoke(charge, 1), fail);
    }),
  "a handler that blocks": ({ charge, fail }) =>
    fn("key/run", async (ctx) => {
      const charged = await ctx.get(ctx.all([ctx.invoke(charge, 1), ctx.invoke(charge, 2)]));
      return ctx.invoke(fail, charged);
    }),
  "an input with the id of a state of the run": ({ charge, fail, bank }) => {
    const account = stateful("key/account", {
      state: { cents: value(0) },
      handlers: { pay: (ctx, cents: number) => void (ctx.state.cents = bank.charge(ctx, cents)) },
    });
    const payFor = fn("key/pay-for", { parts: [account] }, (ctx, { cents, id }: PayFor) => {
      bank.charge(ctx, cents);
      return ctx.all([ctx.invoke(account.pay, cents, { id }), ctx.invoke(charge, 1)]);
    });
    return fn("key/run", { parts: [payFor] }, (ctx) => {
      const opened = ctx.invoke(account.pay, 3);
      const paid = ctx.invoke(payFor, { cents: 7, id: opened.stateId ?? "" }, { after: [opened] });
      return ctx.onComplete(paid, fail);
    });
  },
  "a fan-out whose branches take their turn": ({ charge, fail }) => {
    const each = fanOut("key/each", { each: charge, concurrency: 2 });
    return fn("key/run", { parts: [each] }, (ctx) =>
      ctx.onComplete(ctx.invoke(each, [1, 2, 3, 4, 5, 6, 7]), fail),
    );
  },
  "a call with a timeout": ({ charge, fail }) => {
    const timed = withTimeout("key/timed", charge, "1h");
    return fn("key/run", { parts: [timed] }, (ctx) => ctx.onComplete(ctx.invoke(timed, 1), fail));
  },
  "a state of the flow": ({ charge, fail }) => {
    const cart = stateful("key/cart", {
      parts: [charge, fail],
      state: { count: value(0) },
      handlers: {
        buy: (ctx, cents: number) => {
          ctx.state.count++;
          return ctx.onComplete(ctx.invoke(charge, cents + ctx.state.count), fail);
        },
      },
    });
    return fn("key/run", { parts: [cart] }, (ctx) => ctx.invoke(cart.buy, 1));
  },
};

interface PayFor {
  readonly cents: number;
  readonly id: string;
}

const shared = { isFirst: true };

describe("a flow that is restarted with the same keys reaches the bank under these:", () => {
  test.each(Object.entries(SHAPES))("%s", async (_, make) => {
    shared.isFirst = true;
    const bank = new Bank();
    const charge = fn("key/charge", async (ctx, cents: number) => {
      // Whichever branch is faster differs between the runs.
      await work(shared.isFirst ? cents : 10 - cents);
      return bank.charge(ctx, cents);
    });
    const fail = fn("key/fail", (_ctx, end: unknown) => {
      if (shared.isFirst) throw new Error("sold out");
      return end;
    });
    const run = make({ bank, charge, fail });
    let work: (ms: number) => Promise<void> = async () => undefined;
    const functions = (machine: { work(ms: number): Promise<void> }) => {
      work = async (ms) => machine.work(ms);
      return [run, charge, fail];
    };
    await simulate({ functions }, async (t) => {
      await t.client.start(run, undefined, { key: "r" });
      await t.idle();
      const first = new Map(bank.charged);
      expect(first.size).toBeGreaterThan(0);
      shared.isFirst = false;
      await t.client.restart("r", { keys: "same" });
      await t.idle();
      expect(await t.client.status("r")).toMatchObject({ status: "completed" });
      expect(bank.charged).toEqual(first);
    });
  });
});

test("another call in the place of the first one has another key", async () => {
  const keys: string[] = [];
  const note = fn("other/note", (ctx, _: number) => void keys.push(ctx.idempotencyKey));
  const pay = fn("other/pay", (ctx, _: number) => void keys.push(ctx.idempotencyKey));
  const fail = fn("other/fail", () => {
    throw new Error("no");
  });
  let run = 0;
  const flow = fn("other/flow", { parts: [note, pay, fail] }, (ctx) => {
    const [f, cents] = [
      [note, 1],
      [note, 2],
      [pay, 1],
      [note, 1],
    ][run++ % 4] as [Fn<number, void>, number];
    return ctx.onComplete(ctx.invoke(f, cents), fail);
  });
  await simulate({ functions: [flow] }, async (t) => {
    await t.client.start(flow, undefined, { key: "f" });
    await t.idle();
    for (let restart = 1; restart < 4; restart++) {
      await t.client.restart("f", { keys: "same" });
      await t.idle();
    }
    expect(keys).toHaveLength(4);
    expect(new Set(keys.slice(0, 3)).size).toBe(3);
    expect(keys[3]).toBe(keys[0]);
  });
});

test("what is left of the first run changes nothing of the new one", async () => {
  let run = 1;
  const tell = fn("late/tell", (ctx) => {
    ctx.setStatus(`told by run ${run}`);
    ctx.setAttributes({ by: run });
  });
  const slow = fn("late/slow", async (ctx) => {
    const mine = run;
    await pause(60_000);
    ctx.setStatus(`late words of run ${mine}`);
    return `late ${mine}`;
  });
  const fail = fn("late/fail", () => {
    if (run === 1) throw new Error("no");
  });
  let pause: (ms: number) => Promise<void> = async () => undefined;
  const flow = fn("late/flow", { parts: [tell, slow, fail] }, (ctx) =>
    ctx.all([ctx.invoke(slow), ctx.invoke(tell), ctx.invoke(fail), ctx.event<string>("word")]),
  );
  const functions = (machine: { work(ms: number): Promise<void> }) => {
    pause = async (ms) => machine.work(ms);
    return [flow];
  };
  await simulate({ functions }, async (t) => {
    await t.client.start(flow, undefined, { key: "f" });
    await t.advance("1s");
    expect(await t.client.status("f")).toMatchObject({
      status: "failed",
      custom: "told by run 1",
    });
    run = 2;
    await t.client.restart("f", { keys: "new" });
    await t.advance("70s");
    expect(await t.client.status("f")).toMatchObject({ status: "pending", run: 2 });
    await t.client.signal("f", "word", "go");
    await t.idle();
    expect(await t.client.flow("f").result()).toEqual(["late 2", undefined, undefined, "go"]);
    expect(await t.client.bill("f")).toMatchObject({ final: true });
    expect(await t.client.flows({ attribute: { by: 2 } })).toMatchObject({ flows: [{ id: "f" }] });
  });
});

test.each(["before", "after", "lost", "kept", "refused", "unsure"] as const)(
  "a crash %s any commit of a restart charges once, and one new run ends the flow",
  async (how) => {
    const bank = new Bank();
    const shop = { inStock: false };
    const { order, functions } = orders(bank, shop);
    const report = await everyCrash({ functions, how: [how] }, async (t) => {
      bank.charged.clear();
      shop.inStock = false;
      await t.client.start(order, 5, { key: "o" });
      await failed(t, "o");
      shop.inStock = true;
      await t.client.restart("o", { keys: "same" });
      const result = await t.client.flow("o").result();
      const { run } = await t.client.status("o");
      return { result, run, charges: [...bank.charged.values()] };
    });
    expect(report.run.result).toEqual({ result: "packed for 5", run: 2, charges: [5] });
    expect(report.points).toBeGreaterThan(3);
  },
);

test("a restart cancels the work that is left of the run before", async () => {
  const began: string[] = [];
  let run = "first";
  const work = fn("left/work", (_, name: string) => void began.push(name));
  const fail = fn("left/fail", () => {
    if (run === "first") throw new Error("no");
  });
  const flow = fn("left/flow", { parts: [work, fail] }, (ctx) => {
    const later = ctx.invoke(work, run, { after: [ctx.sleep("1h")] });
    return ctx.all([later, ctx.invoke(fail)]);
  });
  await simulate({ functions: [flow] }, async (t) => {
    await t.client.start(flow, undefined, { key: "f" });
    await t.advance("1m");
    run = "second";
    await t.client.restart("f", { keys: "new" });
    await t.idle();
    expect(began).toEqual(["second"]);
  });
});

test("the late end of a handler of a canceled run does not settle the new one", async () => {
  let isFirst = true;
  let work: (ms: number) => Promise<void> = async () => undefined;
  const slow = fn("ended/slow", async () => {
    const name = isFirst ? "first" : "second";
    await work(isFirst ? 5_000 : 20_000);
    return name;
  });
  const functions = (machine: { work(ms: number): Promise<void> }) => {
    work = async (ms) => machine.work(ms);
    return [slow];
  };
  await simulate({ functions }, async (t) => {
    await t.client.start(slow, undefined, { key: "s" });
    await t.advance("1s");
    await t.client.cancel("s");
    isFirst = false;
    await t.client.restart("s", { keys: "new" });
    await t.advance("10s");
    expect((await t.client.status("s")).status).toBe("pending");
    expect(await t.client.flow("s").result()).toBe("second");
  });
});

test("an input of any size is kept until the flow completes, and no longer", async () => {
  let fails = true;
  const echo = fn("size/echo", (ctx, text: string) => {
    ctx.setStatus("working");
    // Changes the record, which does not hold a large input from then on.
    ctx.setAttributes({ size: text.length });
    return ctx.invoke(end, text, { after: [ctx.sleep("1s")] });
  });
  const end = fn("size/end", (_, text: string) => {
    if (fails) throw new Error("no");
    return text;
  });
  for (const size of [0, 1_000, 1_100, 100_000]) {
    fails = true;
    const text = "x".repeat(size);
    const run = await simulate({ functions: [echo, end] }, async (t) => {
      await t.client.start(echo, text, { key: "e" });
      await t.idle();
      await t.client.restart("e", { keys: "new" });
      await t.idle();
      await t.client.restart("e", { keys: "same" });
      await t.crash();
      fails = false;
      await t.idle();
      return t.client.flow("e").result();
    });
    expect(run.result === text).toBe(true);
  }
});

test("the histories of all runs are kept, and purged with the flow", async () => {
  const shop = { inStock: false };
  const { order, functions } = orders(new Bank(), shop);
  await simulate({ functions, history: true }, async (t) => {
    const read = async (run?: number): Promise<readonly string[]> => {
      const types: string[] = [];
      const options = run === undefined ? {} : { run };
      for await (const { type } of t.client.history("o", options)) types.push(type);
      return types;
    };
    await t.client.start(order, 5, { key: "o" });
    await t.idle();
    await t.client.restart("o", { keys: "new" });
    await t.idle();
    shop.inStock = true;
    await t.client.restart("o", { keys: "same" });
    await t.idle();
    const steps = ["ran", "called", "called", "ran", "ran"].toSorted();
    for (const [run, begin, end] of [
      [1, "started", "failed"],
      [2, "restarted", "failed"],
      [3, "restarted", "completed"],
    ] as const) {
      const types = await read(run);
      expect([types[0], types.at(-1)]).toEqual([begin, end]);
      expect(types.slice(1, -1).toSorted()).toEqual(steps);
    }
    expect(await read()).toEqual(await read(3));
    await expect(read(4)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(read(0)).rejects.toMatchObject({ code: "INVALID_OPTIONS" });
    const events: string[] = [];
    for await (const { type } of t.client.events({ flow: "o" })) if (events.push(type) === 2) break;
    expect(events).toEqual(["restarted", "completed"]);
    await t.client.purge("o");
    await expect(read()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
