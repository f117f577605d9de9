import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { Context, Future, Settlement } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/virtual-clock.ts";
import { Machine } from "./machine.ts";
import type { Visible } from "./held-store.ts";

type Work =
  | { readonly do: "leaf"; readonly ms: number; readonly heeds: boolean }
  | { readonly do: "sleep"; readonly ms: number }
  | { readonly do: "event" | "promise" | "retry" }
  | { readonly do: "all" | "race" | "any" | "settled" | "wait" | "input"; readonly parts: readonly Work[] }
  | {
      readonly do:
        | "then"
        | "cleanUp"
        | "cleanWith"
        | "nested"
        | "get"
        | "box"
        | "handle"
        | "timeout"
        | "twice"
        | "background"
        | "cancelled"
        | "cancelLater";
      readonly part: Work;
    };

const { work } = fc.letrec<{ work: Work }>((tie) => ({
  work: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.record({ do: fc.constant("leaf"), ms: fc.nat(40), heeds: fc.boolean() } as const),
    fc.record({ do: fc.constant("sleep"), ms: fc.nat(60) } as const),
    fc.record({ do: fc.constantFrom("event", "promise", "retry") } as const),
    fc.record({
      do: fc.constantFrom("all", "race", "any", "settled", "wait", "input"),
      parts: fc.array(tie("work"), { minLength: 1, maxLength: 3, depthIdentifier: "parts" }),
    } as const),
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom(
          "then",
          "cleanUp",
          "cleanUp",
          "cleanWith",
          "cleanWith",
          "nested",
          "nested",
          "get",
          "box",
          "handle",
          "timeout",
          "twice",
          "background",
          "cancelled",
          "cancelLater",
        ),
        part: tie("work"),
      } as const),
    },
  ),
}));

function makeWorkers(clock: VirtualClock) {
  const runs: { at: number; what: string }[] = [];
  const cleaned = new Map<number, number>();
  const built = new Set<number>();
  const shielded = new Set<number>();
  const after = new Map<number, number>();
  let number = 0;
  const begin = (what: string): void => void runs.push({ at: clock.now(), what });
  const leaf = fn("work/leaf", async (ctx, { ms, heeds }: { ms: number; heeds: boolean }) => {
    begin("leaf");
    const worked = clock.work(ms);
    if (!heeds) return worked.then(() => ms);
    const { promise, reject } = Promise.withResolvers<never>();
    ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    return Promise.race([worked.then(() => ms), promise]);
  });
  const flaky = fn("work/flaky", { retry: { maxAttempts: 3, initialDelay: 10 } }, (): void => {
    begin("flaky");
    throw new Error("flaky");
  });
  const next = fn("work/next", (_, _done: unknown) => begin("next"));
  const cleanWith = fn("work/clean-with", (ctx, { result, args }: { result: Settlement<unknown>; args: { n: number; r: unknown } }) => {
    cleaned.set(args.n, (cleaned.get(args.n) ?? 0) + 1);
    if (result.status === "rejected" && result.reason.code === "CANCELLED") shielded.add(args.n);
    return ctx.onComplete(ctx.sleep(2), clean, args.n);
  });
  const clean = fn("work/clean", (_, { args: n }: { result: unknown; args: number }) => void after.set(n, (after.get(n) ?? 0) + 1));
  const resource = fn("work/resource", () => 1);
  const both = fn("work/both", (_, _all: readonly unknown[]) => begin("both"));
  const nested = fn("work/nested", (ctx, part: Work): Future<unknown> => {
    begin("nested");
    return build(ctx, part);
  });
  const get = fn("work/get", async (ctx, part: Work): Promise<unknown> => {
    begin("get");
    return ctx.get(build(ctx, part));
  });
  const box = stateful("work/box", {
    state: { n: value(0) },
    handlers: {
      enter(ctx, part: Work): Future<unknown> {
        begin("box");
        ctx.state.n++;
        return build(ctx, part);
      },
    },
  });
  const canceller = fn("work/canceller", (ctx, { args: h }: { result: unknown; args: never }) => {
    begin("canceller");
    ctx.cancel(ctx.future(h));
  });
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
      case "cleanUp": {
        const n = number++;
        built.add(n);
        return ctx.onSettled(build(ctx, todo.part), cleanWith, { n, r: 1 });
      }
      case "cleanWith": {
        const n = number++;
        built.add(n);
        return ctx.onSettled(build(ctx, todo.part), cleanWith, { n, r: ctx.resolved(2) });
      }
      case "nested":
        return ctx.invoke(nested, todo.part);
      case "get":
        return ctx.invoke(get, todo.part);
      case "box":
        return ctx.invoke(box.enter, todo.part, { id: "b" });
      case "handle":
        return ctx.future(build(ctx, todo.part).handle());
      case "timeout":
        return ctx.timeout(build(ctx, todo.part), 25);
      case "cancelled": {
        const before = new Set(built);
        const f = build(ctx, todo.part);
        for (const n of built) if (!before.has(n)) built.delete(n);
        const g = ctx.onSettled(f, next as never) as Future<unknown>;
        ctx.cancel(f);
        return g;
      }
      case "cancelLater": {
        const f = build(ctx, todo.part);
        const h = f.handle();
        return ctx.allSettled([ctx.future(h), ctx.onComplete(ctx.sleep(15), canceller, h as never)]);
      }
      case "twice": {
        const once = build(ctx, todo.part);
        return ctx.all([ctx.timeout(once, 20), once]);
      }
      case "background":
        build(ctx, todo.part);
        return ctx.sleep(30);
      default: {
        const parts = todo.parts.map((part) => build(ctx, part));
        switch (todo.do) {
          case "settled":
            return ctx.allSettled(parts);
          case "wait":
            return ctx.wait(parts, { count: 1 });
          case "input":
            return ctx.invoke(both, parts);
          default:
            return ctx[todo.do](parts);
        }
      }
    }
  };
  const start = fn("work/start", (ctx, todo: Work): Future<unknown> => build(ctx, todo));
  return {
    start,
    runs,
    cleaned,
    built,
    shielded,
    after,
    functions: [leaf, flaky, next, cleanWith, clean, resource, both, nested, get, box, canceller, start],
  };
}

const setting = fc.record({
  todo: work,
  cancelAt: fc.nat(70),
  commits: fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
  visible: fc.constantFrom<Visible>("at once", "when it resolves"),
  concurrency: fc.constantFrom(1, 2, 64),
});


test("attack with a crash", async () => {
  let cancels = 0;
  await fc.assert(
    fc.asyncProperty(setting, fc.constantFrom("lost", "unheard", "after"), async ({ todo, cancelAt, commits, concurrency }, fault) => {
      let t!: ReturnType<typeof makeWorkers>;
      const machine = new Machine({ get functions() { return t.functions; }, options: { concurrency } } as never, commits);
      const { clock } = machine;
      t = makeWorkers(clock);
      const { runs, cleaned, built, shielded, after } = t;
      const first = await machine.boot();
      await clock.until(first.client.start(t.start, todo, { id: "flow" }));
      await clock.advance(cancelAt);
      if (fault !== "after") {
        const crashed = machine.disk.arm(1, fault as "lost");
        const asked = first.client.cancel("flow");
        await clock.until(Promise.race([crashed, asked, clock.work(100)]));
        machine.disk.disarm();
      } else await clock.until(first.client.cancel("flow"));
      await machine.cut();
      // What the dead machine still runs is nobody's business.
      const zombies = clock.now();
      await clock.advance(200);
      void zombies;
      runs.length = 0;
      const engine = await machine.boot();
      const { client, meter } = engine;
      const { status } = await client.status("flow");
      const cancelled = status === "pending" ? await clock.until(client.cancel("flow")) : status === "cancelled";
      const cancelledAt = clock.now();
      await clock.advance(1_000);
      if (cancelled) {
        cancels++;
        if (status !== "pending") expect(runs.filter(({ what }) => what !== "next" || !JSON.stringify(todo).includes("cancelled"))).toEqual([]);
        expect(runs.filter(({ at }) => at > cancelledAt).filter(({ what }) => what !== "next" || !JSON.stringify(todo).includes("cancelled"))).toEqual([]);
        expect(machine.disk.content.count()).toMatchObject({ messages: 0, delayed: 0 });
        if (status !== "pending") expect([...built].filter((n) => !((cleaned.get(n) ?? 0) >= 1))).toEqual([]);
        if (!/"cancelled"|cancelLater/.test(JSON.stringify(todo))) expect([...shielded].filter((n) => !((after.get(n) ?? 0) >= 1))).toEqual([]);
        if (!JSON.stringify(todo).includes('"get"')) expect(await meter.flow("flow")).toMatchObject({ final: true });
        await clock.advance(10_800_000);
        expect(machine.disk.rows().filter(({ type }) => type !== "work/box" && (type !== "_sys/cell" || !JSON.stringify(todo).includes('"get"')))).toEqual([]);
      }
      await clock.until(engine.close());
    }),
    { numRuns: Number(process.env["ATTACK"] ?? 1000), ...(process.env["SEED"] && { seed: Number(process.env["SEED"]), path: process.env["FCPATH"] ?? "" }) },
  );
  console.log("cancels", cancels);
}, 600_000);
