import fc from "fast-check";
import { fn } from "handback";
import type { Fn } from "handback";
import { saga, withTimeout } from "handback/patterns";
import { expect } from "vitest";
import { onMemory, onPoorestLosing } from "../../conformance/host.ts";
import { law } from "../support/law.ts";

const STEPS = 3;

law(
  "a canceled saga is completed whole or undone whole, on every engine; also one that cannot cancel messages",
  [
    fc.array(fc.nat(10), { minLength: STEPS, maxLength: STEPS }),
    fc.option(fc.nat(STEPS - 1), { nil: undefined }),
    fc.constantFrom("client", "timeout", "race", "step"),
    fc.integer({ min: 1, max: 30 }),
    fc.integer(),
    fc.constantFrom(onMemory, onPoorestLosing(0), onPoorestLosing(0.2)),
  ],
  async (workMs, failsAt, how, atMs, seed, engine) => {
    const taken = new Set<number>();
    const steps = workMs.map((ms, at) => {
      const act = fn(`law/act-${at}`, async (_, id: string) => {
        await host.clock.work(ms);
        if (at === failsAt) throw new Error("no");
        taken.add(at);
        return id;
      });
      const undo = fn(`law/undo-${at}`, (_, _id: string) => void taken.delete(at));
      const step = how === "step" && at === 1 ? withTimeout("law/step", act, atMs) : act;
      return { do: step, undo, ifUnsure: undo };
    });
    const order: Fn<string, string> = saga("law/order", ...(steps as [never]));
    const limited = withTimeout("law/limited", order, atMs);
    const raced = fn("law/raced", { parts: [order] }, (ctx, id: string) =>
      ctx.race([ctx.invoke(order, id), ctx.sleep(atMs)]),
    );
    const top: Fn<string, unknown> = { timeout: limited, race: raced, client: order, step: order }[
      how
    ];
    const host = await engine.start([top], {}, seed);
    try {
      const flow = await host.client.start(top, "o", { id: "o" });
      if (how === "client") {
        await host.clock.advance(atMs);
        await host.client.cancel(flow);
      }
      const isKept = await flow.result().then(
        (result) => result === "o",
        () => false,
      );
      await host.clock.advance(60_000);
      if (isKept || engine === onMemory) expect(taken.size).toBe(isKept ? STEPS : 0);
      else expect([0, STEPS]).toContain(taken.size);
    } finally {
      await host.close();
    }
  },
  { runs: 150 },
);
