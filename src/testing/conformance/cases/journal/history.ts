import { fn } from "../../../../futures/define/fn.ts";
import type { FlowEvent, HistoryEntry } from "../../../../futures/client/journal/history-entry.ts";
import { equal, rejects } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

const fine = fn("test/fine", (_, n: number) => n);
const broken = fn("test/broken", () => {
  throw new Error("broken");
});
const waiting = fn("test/waiting", (ctx) => ctx.event("go"));
const PARTS = [fine, broken, waiting];
const NEEDS = ["history"] as const;

export const historyCases: readonly Case[] = [
  {
    title: "a history has the start and the end of its flow, and the code of a failure",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start(PARTS);
      await client.call(fine, 1, { key: "fine" });
      const failed = await client.start(broken, undefined, { key: "broken" });
      await rejects(failed.result(), { code: "FUNCTION_FAILED" });
      const pending = await client.start(waiting, undefined, { key: "waiting" });
      equal(await told(client.history("fine")), ["fine started", "fine completed"]);
      equal(await told(client.history(failed)), [
        "broken started",
        "broken failed FUNCTION_FAILED",
      ]);
      equal(await told(client.history(pending)), ["waiting started"]);
      await client.cancel(pending);
      equal(await told(pending.changes()), ["waiting started", "waiting cancelled CANCELLED"]);
      await rejects(told(client.history("missing")), { code: "NOT_FOUND" });
    },
  },
  {
    title: "events after any cursor are the rest of all events",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start(PARTS);
      for (const key of ["a", "b", "c"]) await client.call(fine, 1, { key });
      const all = await take(client.events(), 6);
      equal(
        all.map(({ flow, type }) => `${flow} ${type}`),
        ["a", "b", "c"].flatMap((key) => [`${key} started`, `${key} completed`]),
      );
      for (const [index, { cursor }] of all.entries()) {
        const rest = all.slice(index + 1);
        equal(await take(client.events({ after: cursor }), rest.length), rest);
      }
    },
  },
  {
    title: "events can be those of one function or one flow, and new ones are told as they come",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start(PARTS);
      await client.call(fine, 1, { key: "a" });
      const flow = await client.start(waiting, undefined, { key: "w" });
      const ofFunction = client.events({ function: "test/waiting" });
      equal(await told(take(ofFunction, 1)), ["w started"]);
      equal(await told(take(client.events({ function: waiting }), 1)), ["w started"]);
      const next = take(client.events({ flow }), 2);
      await client.signal("w", "go", null);
      equal(await told(next), ["w started", "w completed"]);
    },
  },
  {
    title: "a cursor of another filter, flow or kind is refused",
    needs: NEEDS,
    async run({ start }) {
      const { client } = await start([fine]);
      await client.call(fine, 1, { key: "a" });
      await client.call(fine, 1, { key: "b" });
      const [event] = await take(client.events(), 1);
      const after = event?.cursor;
      const foreign = [
        () => client.events({ after, function: fine }),
        () => client.events({ after, flow: "a" }),
        () => client.history("a", { after }),
        () => client.flow("a").stream("fine", { after }),
      ];
      for (const read of foreign)
        await rejects((async () => read().next())(), { code: "INVALID_CURSOR" });
    },
  },
];

/** Reads a number of events. */
async function take(
  events: AsyncGenerator<FlowEvent, void, void>,
  count: number,
): Promise<readonly FlowEvent[]> {
  const taken: FlowEvent[] = [];
  while (taken.length < count) {
    const { value } = await events.next();
    if (value === undefined) break;
    taken.push(value);
  }
  await events.return();
  return taken;
}

/** Returns events as text. */
async function told(
  events: AsyncIterable<HistoryEntry> | Promise<readonly HistoryEntry[]>,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const entry of "then" in events ? await events : events) {
    if (!STEPS.has(entry.type)) continue;
    const code = "code" in entry ? [entry.code] : [];
    lines.push([entry.flow, entry.type, ...code].join(" "));
  }
  return lines;
}

/** The steps in the life of a flow, which all engines tell. */
const STEPS = new Set(["started", "completed", "failed", "cancelled"]);
