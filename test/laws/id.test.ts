import { fn, NEW_STATE, stateful, value } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { onPoorestLosing } from "../conformance/host.ts";
import { law } from "./support/law.ts";
import { inWorld } from "./support/world.ts";

law(
  "new states have distinct ids, known at once, across handlers, flows and restarts",
  [fc.array(fc.array(fc.nat(4), { maxLength: 4 }), { minLength: 1, maxLength: 4 })],
  (restarts) =>
    inWorld(async (world) => {
      const counter = stateful("law/counter", {
        state: { count: value(0) },
        handlers: { add: (ctx, n: number) => ({ id: ctx.self.id, count: (ctx.state.count += n) }) },
      });
      const make = fn("law/make", (ctx, count: number) => {
        const made = Array.from({ length: count }, (_, n) => ctx.invoke(counter.add, n));
        return { ids: made.map(({ stateId }) => stateId), made };
      });
      const ids: string[] = [];
      for (const flows of restarts) {
        const client = await world.start([counter, make]);
        for (const count of flows) {
          const { ids: known, made } = await client.call(make, count);
          expect(made).toEqual(known.map((id, n) => ({ id, count: n })));
          ids.push(...known);
        }
        const { stateId } = await client.start(counter.add, 1, { id: NEW_STATE });
        ids.push(stateId ?? "");
      }
      expect(new Set(ids).size).toBe(ids.length);
    }),
);

law(
  "ids of children are stable: a handler that runs again makes the same ones",
  [fc.integer({ min: 1, max: 6 }), fc.integer(), fc.constantFrom(0.2, 0.5)],
  async (children, seed, lost) => {
    const keys = new Map<string, Set<string>>();
    let runs = 0;
    const child = fn("law/child", (ctx, name: string) => {
      keys.set(name, (keys.get(name) ?? new Set()).add(ctx.idempotencyKey));
    });
    const parent = fn("law/parent", (ctx) => {
      runs++;
      return ctx.all(Array.from({ length: children }, (_, n) => ctx.invoke(child, `child ${n}`)));
    });
    const host = await onPoorestLosing(lost).start([child, parent], {}, seed);
    try {
      await host.client.call(parent);
      await host.clock.advance(1000);
      expect(runs).toBeGreaterThan(0);
      expect(keys.size).toBe(children);
      const all = [...keys.values()].flatMap((each) => [...each]);
      expect(all.length).toBe(children);
      expect(new Set(all).size).toBe(children);
    } finally {
      await host.close();
    }
  },
);

law(
  "a policy retry starts anew: the same call does not attach to work of an earlier attempt",
  [fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 })],
  (attempts, gets) =>
    inWorld(async (world) => {
      const keys: string[] = [];
      const child = fn("law/child", (ctx, _: number) => keys.push(ctx.idempotencyKey));
      const parent = fn(
        "law/parent",
        { retry: { maxAttempts: attempts, initialDelay: 0 } },
        async (ctx) => {
          for (let n = 0; n < gets; n++) await ctx.get(ctx.invoke(child, n));
          if (ctx.attempt < attempts) throw new Error("again");
        },
      );
      const client = await world.start([child, parent]);
      await client.call(parent);
      expect(keys.length).toBe(attempts * gets);
      expect(new Set(keys).size).toBe(attempts * gets);
    }),
);

law(
  "a start is idempotent: requests with one key are one flow, and others do not affect it",
  [
    fc.array(
      fc.record({ key: fc.constantFrom("k", "l"), input: fc.nat(1), restarts: fc.boolean() }),
      { minLength: 1, maxLength: 10 },
    ),
    fc.boolean(),
  ],
  (starts, together) =>
    inWorld(async (world) => {
      const runs: string[] = [];
      const run = fn("law/run", async (_, { key, input }: { key: string; input: number }) => {
        runs.push(`${key}${input}`);
        await world.clock.work(3);
        return input;
      });
      let client = await world.start([run]);
      const ask = async ({ key, input }: (typeof starts)[number]): Promise<unknown> =>
        client.call(run, { key, input }, { key }).catch((error: { code: string }) => error.code);
      const answers: unknown[] = [];
      if (together) answers.push(...(await Promise.all(starts.map(ask))));
      else {
        for (const each of starts) {
          if (each.restarts) client = await world.start([run]);
          answers.push(await ask(each));
        }
      }
      const first = (key: string): number | undefined =>
        starts.find((each) => each.key === key)?.input;
      expect(answers).toEqual(
        starts.map(({ key, input }) => (input === first(key) ? input : "IDEMPOTENCY_CONFLICT")),
      );
      expect(runs.toSorted()).toEqual(
        [...new Set(starts.map(({ key }) => `${key}${first(key)}`))].toSorted(),
      );
      // An engine that reads only the store gives the same answers, and runs nothing again.
      const ran = runs.length;
      client = await world.start([run]);
      expect(await Promise.all(starts.map(ask))).toEqual(answers);
      expect(runs.length).toBe(ran);
    }),
);
