import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Context, Fn, Future } from "handback";
import { chain, retry, saga, withTimeout } from "handback/patterns";
import { schedules, simulate } from "handback/testing";
import type { Machine, Simulated } from "handback/testing";
import { expect } from "vitest";
import { law } from "../support/law.ts";

/** A step of an order: where it takes from, for how long, how it ends, and what is around it. */
interface StepPlan {
  readonly where: "bank" | "state";
  readonly ms: number;
  readonly ends: "well" | "heeds" | "throws" | "throws late" | "future" | "blocks";
  readonly inside: "call" | "all" | "race" | "any" | "first" | "wait" | "handle";
  readonly around: "nothing" | "timeout" | "retry" | "chain" | "saga";
}

const stepPlan: fc.Arbitrary<StepPlan> = fc.record({
  where: fc.constantFrom("bank", "state"),
  ms: fc.nat(12),
  ends: fc.constantFrom("well", "heeds", "throws late", "future", "blocks", "throws"),
  inside: fc.constantFrom("call", "all", "race", "any", "first", "wait", "handle"),
  around: fc.constantFrom("nothing", "timeout", "retry", "chain", "saga"),
});

/** How the order is canceled, at which instant. */
interface Cancel {
  readonly how: "client" | "timeout" | "race";
  readonly atMs: number;
}

const cancel: fc.Arbitrary<Cancel> = fc.record({
  how: fc.constantFrom("client", "timeout", "race"),
  atMs: fc.integer({ min: 1, max: 40 }),
});

/** The world outside of the engine: what was taken, by order and step. */
class Bank {
  readonly taken = new Set<string>();
  /** The idempotency keys that each step and its `ifUnsure` had. */
  readonly keys = new Map<string, Set<string>>();

  note(name: string, { idempotencyKey }: Context): void {
    this.keys.set(name, (this.keys.get(name) ?? new Set()).add(idempotencyKey));
  }
}

const stock = (work: Machine["work"]) =>
  stateful("money/stock", {
    state: { by: value<string[]>([]) },
    handlers: {
      async take(ctx, { name, plan }: { name: string; plan: StepPlan }) {
        await doWork(ctx, plan, work, () => {
          if (!ctx.state.by.includes(name)) ctx.state.by.push(name);
        });
        return name;
      },
      put: (ctx, name: string) => {
        ctx.state.by = ctx.state.by.filter((each) => each !== name);
      },
    },
  });

/** Takes after some time, and ends as planned. */
async function doWork(ctx: Context, plan: StepPlan, work: Machine["work"], take: () => void) {
  if (plan.ends === "heeds") {
    const aborted = new Promise<never>((_, reject) =>
      ctx.signal.addEventListener("abort", () => reject(new Error("aborted"))),
    );
    aborted.catch(() => undefined);
    await Promise.race([work(plan.ms), aborted]);
  } else await work(plan.ms);
  if (plan.ends === "throws") throw new Error("no credit");
  take();
  if (plan.ends === "throws late" && ctx.signal.aborted) throw new Error("aborted, too late");
}

function build(plans: readonly StepPlan[], { how, atMs }: Cancel, bank: Bank) {
  return ({ work }: Machine) => {
    const store = stock(work);
    const steps = plans.map((plan, at) => makeStep(plan, at, { bank, work, store }));
    const order: Fn<string, string> = saga("money/order", ...(steps as [never]));
    const limited = withTimeout("money/limited", order, atMs);
    const raced = fn("money/raced", { parts: [order] }, (ctx, id: string) =>
      ctx.race([ctx.invoke(order, id), ctx.sleep(atMs)]),
    );
    const top: Fn<string, unknown> = { client: order, timeout: limited, race: raced }[how];
    return [top, store] as const;
  };
}

interface Shop {
  readonly bank: Bank;
  readonly work: Machine["work"];
  readonly store: ReturnType<typeof stock>;
}

function makeStep(plan: StepPlan, at: number, { bank, work, store }: Shop) {
  const named = (id: string): string => `${id}/${at}`;
  const passed = fn(
    `money/passed-${at}`,
    (_, { args }: { result: unknown; args: string }): string => args,
  );
  const charge = fn(`money/charge-${at}`, async (ctx, id: string) => {
    await doWork(ctx, plan, work, () => void bank.taken.add(named(id)));
    return id;
  });
  const begin = (ctx: Context, id: string) =>
    plan.where === "bank"
      ? ctx.invoke(charge, id)
      : ctx.onComplete(ctx.invoke(store.take, { name: named(id), plan }, { id: "a" }), passed, id);
  const act = fn(`money/act-${at}`, { parts: [passed, charge, store] }, (ctx, id: string) => {
    bank.note(named(id), ctx);
    const begun = inside(ctx, plan, begin(ctx, id));
    if (plan.ends === "future")
      return ctx.onComplete(ctx.all([begun, ctx.sleep(plan.ms)]), passed, id);
    const whole = ctx.onComplete(begun, passed, id);
    return plan.ends === "blocks" ? ctx.get(whole) : whole;
  });
  const giveBack = fn(`money/give-back-${at}`, { parts: [store] }, (ctx, id: string): unknown => {
    bank.taken.delete(named(id));
    return plan.where === "state" ? ctx.invoke(store.put, named(id), { id: "a" }) : undefined;
  });
  const findOut = fn(`money/find-out-${at}`, { parts: [giveBack] }, (ctx, id: string) => {
    bank.note(named(id), ctx);
    return ctx.invoke(giveBack, id);
  });
  return { do: around(plan, at, act), undo: giveBack, ifUnsure: findOut };
}

function inside(ctx: Context, { inside: kind }: StepPlan, begun: Future<string>): Future<unknown> {
  switch (kind) {
    case "call":
      return begun;
    case "all":
      return ctx.all([ctx.sleep(2), begun]);
    case "race":
      return ctx.race([begun, ctx.sleep(1000)]);
    case "any":
      return ctx.any([ctx.promise(), begun]);
    case "first":
      return ctx.first(2, [ctx.sleep(3), ctx.promise(), begun]);
    case "wait":
      return ctx.all([begun, ctx.wait([begun, ctx.sleep(4)])]);
    case "handle":
      return ctx.future(begun.handle());
  }
}

function around({ around: kind }: StepPlan, at: number, act: Fn<string, string>) {
  const type = `money/around-${at}`;
  switch (kind) {
    case "timeout":
      return withTimeout(type, act, 8);
    case "retry":
      return retry(type, act, { maxAttempts: 2, initialDelay: 2 });
    case "chain":
      return chain(type, (id: string) => id, act);
    case "saga":
      return saga(type, (id: string) => id, act);
    case "nothing":
      return act;
  }
}

async function runOrder(t: Simulated, top: Fn<string, unknown>, { how, atMs }: Cancel) {
  const flow = await t.client.start(top, "o", { id: "o" });
  const ended = flow.result().then(
    (result) => result === "o",
    () => false,
  );
  if (how === "client") {
    await t.advance(atMs);
    await t.client.cancel(flow);
  }
  const completed = await ended;
  await t.idle("1d");
  return completed;
}

async function takenIn(run: Awaited<ReturnType<typeof simulate>>, bank: Bank) {
  const { by } = await run
    .state(
      stock(async () => undefined),
      "a",
    )
    .catch(() => ({ by: [] as string[] }));
  return [...bank.taken, ...by].toSorted();
}

law(
  "of an order that is canceled at any moment, each step is kept if it completed, and else undone, also across crashes",
  [fc.array(stepPlan, { minLength: 1, maxLength: 3 }), cancel, schedules()],
  async (plans, cancelled, schedule) => {
    const bank = new Bank();
    const functions = build(plans, cancelled, bank);
    const [top] = functions({ work: async () => undefined });
    const run = await simulate({ functions, schedule }, (t) => runOrder(t, top, cancelled));
    const kept = run.result ? plans.map((_, at) => `o/${at}`) : [];
    expect(await takenIn(run, bank)).toEqual(kept);
  },
  { runs: 400 },
);
