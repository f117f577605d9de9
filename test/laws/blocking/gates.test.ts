import { fn } from "handback";
import type { Future } from "handback";
import fc from "fast-check";
import { expect } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

const RETENTION_MS = 10_000;
/** Longer than an engine waits for its handlers when it closes. */
const LONG_MS = 200_000;

law(
  "a canceled handler that blocked leaves nothing after the retention time, whether it ends, is given up, or its engine closes",
  [
    fc.record({
      gets: fc.array(fc.constantFrom("settled", "pending", "handle", "sent"), {
        minLength: 1,
        maxLength: 4,
      }),
      graceMs: fc.constantFrom(0, 50, 2 * LONG_MS),
      worksMs: fc.constantFrom(20, 200, LONG_MS),
      by: fc.constantFrom("client", "timeout"),
      restarts: fc.boolean(),
    }),
  ],
  ({ gets, graceMs, worksMs, by, restarts }) =>
    inWorld(async (world) => {
      const stays = fn("law/stays", (ctx) => ctx.sleep(1000));
      const quick = fn("law/quick", (_, n: number) => n);
      const blocks = fn("law/blocks", { grace: graceMs }, async (ctx) => {
        for (const [index, get] of gets.entries()) {
          const future: Future<unknown> =
            get === "pending" ? ctx.invoke(stays) : ctx.invoke(quick, index);
          if (get === "sent") ctx.send(quick, index);
          if (get === "handle") ctx.setStatus(future.handle());
          const got = ctx.get(future);
          if (get === "pending") got.catch(() => undefined);
          else await got;
        }
        await world.clock.work(worksMs);
      });
      const main = fn("law/main", (ctx) =>
        by === "client" ? ctx.invoke(blocks) : ctx.timeout(ctx.invoke(blocks), 10),
      );
      const functions = [main, blocks, stays, quick];
      const client = await world.start(functions, { retention: RETENTION_MS });
      const flow = await client.start(main, undefined, { id: "f" });
      await world.clock.advance(10);
      if (by === "client") await client.cancel(flow);
      if (restarts) await world.start(functions, { retention: RETENTION_MS });
      await world.clock.advance(LONG_MS + 3 * RETENTION_MS + 60_000);
      expect(world.store.count()).toMatchObject({ state: 0, watches: 0, delayed: 0, messages: 0 });
    }),
);
