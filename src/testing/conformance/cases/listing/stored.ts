import { value } from "../../../../core/state/value.ts";
import { fn } from "../../../../futures/define/fn.ts";
import { stateful } from "../../../../futures/define/stateful.ts";
import type { StatesOptions } from "../../../../futures/client/stored/list-states.ts";
import { equal, matches, rejects } from "../../case/check.ts";
import type { Case, Running } from "../../case/case.ts";

const needs = ["storeListing"] as const;

const tally = stateful("test/tally", {
  state: { n: value(0), note: value("") },
  handlers: {
    add: (ctx, n: number) => {
      ctx.state.note = `${n}`;
      return (ctx.state.n += n);
    },
    age: (ctx, ms: number) => ctx.expireAfter(ms),
    end: (ctx) => ctx.terminate(),
  },
});
const other = stateful("test/tally-2", {
  state: { n: value(0) },
  handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
});
const fail = fn("test/fail", (_, why: string): string => {
  throw new Error(why);
});
const sends = fn("test/sends", (ctx, why: string) => ctx.send(fail, why));

/** Ids in the order of their code points, which is not that of their code units. */
const IDS = ["a", "a-1", "a-10", "a-2", "b", "\u{fffd}", "\u{1f600}"];

async function idsOf(
  { client }: Pick<Running, "client">,
  options: StatesOptions = {},
): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id } of client.states(tally, options)) ids.push(id);
  return ids;
}

/** Lists of states and dead letters. */
export const storedListCases: readonly Case[] = [
  {
    title: "the states of a function are listed in the order of their ids, each once",
    needs,
    async run({ start }) {
      const engine = await start([tally, other]);
      const { client } = engine;
      for (const id of IDS.toReversed()) await client.call(tally.add, 1, { id });
      await client.call(other.add, 1, { id: "a-3" });
      equal(await idsOf(engine), IDS);
      for (const limit of [1, 2, IDS.length]) equal(await idsOf(engine, { limit }), IDS);
      equal(await idsOf(engine, { idPrefix: "a-", limit: 1 }), ["a-1", "a-10", "a-2"]);
      equal(await idsOf(engine, { idPrefix: "\u{1f600}" }), ["\u{1f600}"]);
      equal(await idsOf(engine, { idPrefix: "c" }), []);
      matches(await client.states(tally, { limit: 1 }), {
        states: [{ function: "test/tally", id: "a" }],
      });
      // A state that comes or goes while pages are read moves no other.
      const first = await client.states(tally, { limit: 2 });
      await client.call(tally.end, undefined, { id: "a" });
      await client.call(tally.add, 1, { id: "a-0" });
      const { cursor } = first;
      const rest = await client.states(tally, { cursor });
      equal(
        rest.states.map(({ id }) => id),
        IDS.slice(2),
      );
    },
  },
  {
    title: "a state that was deleted or has expired is not listed",
    needs: ["storeListing", "virtualTime"],
    async run({ start, time }) {
      const engine = await start([tally, other]);
      const { client } = engine;
      for (const id of ["1", "2", "3"]) await client.call(tally.add, 1, { id });
      await client.call(tally.end, undefined, { id: "1" });
      await client.call(tally.age, 1_000, { id: "2" });
      equal(await idsOf(engine), ["2", "3"]);
      await time.advance(1_000);
      equal(await idsOf(engine), ["3"]);
    },
  },
  {
    title: "dead letters are listed in pages, the oldest first",
    needs,
    async run({ start, time }) {
      const { client } = await start([sends, fail]);
      const inputs: unknown[] = [];
      for (const why of ["1", "2", "3"]) {
        await client.call(sends, why);
        await time.eventually(async () => {
          inputs.length = 0;
          for await (const { input } of client.deadLetters({ limit: 1 })) {
            inputs.push(input);
            // A list that does not end would hang the test.
            if (inputs.length > 3) break;
          }
          equal(inputs.at(-1), why);
        });
      }
      equal(inputs, ["1", "2", "3"]);
      matches(await client.deadLetters({ limit: 3 }), { cursor: undefined });
      const { cursor } = await client.deadLetters({ limit: 2 });
      matches(await client.deadLetters({ cursor }), { letters: [{ input: "3" }] });
    },
  },
  {
    title: "lists of states and dead letters refuse cursors of other lists, and invalid options",
    needs,
    async run({ start }) {
      const [engine, second] = [await start([tally, other]), await start([tally, other])];
      const { client } = engine;
      for (const id of ["a-1", "a-2", "b-1", "b-2"])
        for (const each of [engine, second]) await each.client.call(tally.add, 1, { id });
      const cursorOf = async (of: Running, idPrefix: string): Promise<string> =>
        (await of.client.states(tally, { idPrefix, limit: 1 })).cursor ?? "";
      const cursor = await cursorOf(engine, "a");
      const refused = { code: "INVALID_CURSOR" };
      await rejects(client.states(tally, { cursor }), refused);
      await rejects(client.states(tally, { cursor, idPrefix: "b" }), refused);
      await rejects(client.states(other, { cursor, idPrefix: "a" }), refused);
      await rejects(
        client.states(tally, { cursor: await cursorOf(second, "a"), idPrefix: "a" }),
        refused,
      );
      for (const forged of ["", "x", `${cursor}x`, cursor.slice(1), cursor.replace(".", "!")]) {
        await rejects(client.states(tally, { cursor: forged, idPrefix: "a" }), refused);
        await rejects(client.deadLetters({ cursor: forged }), refused);
      }
      await rejects(client.deadLetters({ cursor }), refused);
      const invalid = { code: "INVALID_OPTIONS" };
      for (const limit of [0, 1_001, 1.5, -1, Number.NaN]) {
        await rejects(client.states(tally, { limit }), invalid);
        await rejects(client.deadLetters({ limit }), invalid);
      }
      await rejects(client.states(tally, { idPrefix: "x".repeat(1_025) }), invalid);
      await rejects(client.states(tally, { idPrefix: "\ud800" }), invalid);
      await rejects(client.states(fail), { code: "UNKNOWN_FUNCTION" });
    },
  },
];
