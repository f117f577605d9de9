import { fn } from "handback";
import { aggregator } from "handback/patterns";
import fc from "fast-check";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";
import { expect } from "vitest";

const WINDOW_MS = 10_000;
const store = fn("law/store", (_, _batch: unknown) => undefined);
const batches = (dedupeMax: number) =>
  aggregator<string>("law/batches", {
    flush: store,
    dedupeBy: String,
    dedupeMax,
    dedupeFor: WINDOW_MS,
  });

const events = fc.record({
  pauseMs: fc.constantFrom(0, 1, WINDOW_MS / 2, WINDOW_MS - 1, WINDOW_MS),
  names: fc.array(fc.constantFrom(...Array.from("abcdefghijkl")), { minLength: 1, maxLength: 4 }),
});
const deploys = fc.array(
  fc.record({ more: fc.constantFrom(0, 600, 3_000), steps: fc.array(events, { maxLength: 3 }) }),
  { minLength: 2, maxLength: 4 },
);

law(
  "an event is a duplicate within its time, and only then, whatever deploys raise the number of names meanwhile",
  [deploys],
  (each) =>
    inWorld(async (world) => {
      const arrivedAt = new Map<string, number>();
      let dedupeMax = 500;
      for (const { more, steps } of each) {
        dedupeMax += more;
        const f = batches(dedupeMax);
        const client = await world.start([f]);
        for (const { pauseMs, names } of steps) {
          await world.clock.advance(pauseMs);
          for (const name of names) {
            const { status } = await client.call(f.add, name, { id: "k" });
            const now = world.nowMs;
            const isKnown = now < (arrivedAt.get(name) ?? -Infinity) + WINDOW_MS;
            if (!isKnown) arrivedAt.set(name, now);
            expect(status).toBe(isKnown ? "duplicate" : "added");
          }
        }
      }
      const f = batches(dedupeMax);
      const client = await world.start([f]);
      await client.call(f.flush, undefined, { id: "k" });
      await world.clock.advance(3 * WINDOW_MS);
      await expect(client.readState(f, "k")).rejects.toMatchObject({ code: "NOT_FOUND" });
    }),
);
