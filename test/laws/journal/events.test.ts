import { fn } from "handback";
import type { FlowEvent, FlowStatus, HistoryEntry } from "handback";
import { everyCrash, schedules, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readAll } from "../../support/read-all.ts";
import { law } from "../support/law.ts";

const flaky = fn("law/flaky", (_, fails: boolean) => {
  if (fails) throw new Error("as asked");
});

/** Fails after a call, sleeps, or waits for an event. */
const varied = fn("law/varied", (ctx, kind: string) => {
  if (kind === "sleeps") return ctx.sleep("2s");
  return kind === "waits" ? ctx.event("go") : ctx.invoke(flaky, true);
});

const ignore = (): undefined => undefined;

/** Starts flows, and follows the events of all of them, in readings of one event each. */
async function follow(t: Simulated, outcomes: readonly boolean[]): Promise<readonly FlowEvent[]> {
  for (const [index, fails] of outcomes.entries())
    await t.client.start(flaky, fails, { key: `f-${index}` });
  const events: FlowEvent[] = [];
  while (events.length < 2 * outcomes.length)
    for await (const event of t.client.events({ after: events.at(-1)?.cursor })) {
      events.push(event);
      break;
    }
  return events;
}

function ofEachFlow(events: readonly FlowEvent[]): readonly string[] {
  return events.map(({ flow, type }) => `${flow} ${type}`).toSorted((a, b) => (a < b ? -1 : 1));
}

function expected(outcomes: readonly boolean[]): readonly string[] {
  return outcomes
    .flatMap((fails, index) => [
      `f-${index} started`,
      `f-${index} ${fails ? "failed" : "completed"}`,
    ])
    .toSorted((a, b) => (a < b ? -1 : 1));
}

law(
  "a reader of events that goes on at its cursor misses none and reads none twice, whatever crashes",
  [fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }), schedules()],
  async (outcomes, schedule) => {
    await simulate({ schedule, functions: [flaky], history: true }, async (t) => {
      const events = await follow(t, outcomes);
      expect(ofEachFlow(events)).toEqual(expected(outcomes));
      const again: FlowEvent[] = [];
      for await (const event of t.client.events()) if (again.push(event) === events.length) break;
      expect(again).toEqual(events);
    });
  },
);

test("a program that reads histories sees the same whichever commit it crashes at", async () => {
  const { run } = await everyCrash({ functions: [flaky], history: true }, async (t) =>
    ofEachFlow(await follow(t, [true, false])),
  );
  expect(run.result).toEqual(expected([true, false]));
});

/** What a history says about its flow. */
function statusIn(entries: readonly HistoryEntry[]): FlowStatus["status"] {
  for (const { type } of entries)
    if (type === "completed" || type === "failed" || type === "cancelled") return type;
  return "pending";
}

law(
  "at any moment a history agrees with the status of its flow, and only grows, whatever crashes",
  [
    fc.array(fc.constantFrom("fails", "sleeps", "waits"), { minLength: 1, maxLength: 3 }),
    schedules(),
  ],
  async (kinds, schedule) => {
    await simulate({ schedule, functions: [varied, flaky], history: true }, async (t) => {
      const starts = kinds.map((kind, index) =>
        t.client.start(varied, kind, { key: `f-${index}` }),
      );
      const flows = await Promise.all(starts);
      const seen = new Map<string, readonly HistoryEntry[]>();
      for (let look = 0; look < 4; look++) {
        for (const { id } of flows) {
          const before = (await t.client.status(id)).status;
          const entries = await readAll(t.client.history(id));
          const after = (await t.client.status(id)).status;
          expect([before, after]).toContain(statusIn(entries));
          const known = seen.get(id) ?? [];
          expect(entries.slice(0, known.length)).toEqual(known);
          seen.set(id, entries);
        }
        await t.advance("1s");
        const [first] = flows;
        if (look === 1 && first !== undefined) await t.client.cancel(first);
        if (look === 2) for (const { id } of flows) await t.client.signal(id, "go").catch(ignore);
      }
    });
  },
);
