import { NEW_STATE, stateful, value } from "handback";
import { aggregator } from "handback/patterns";
import { everyCrash, simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import { expect, test } from "vitest";

const handlers = { add: (ctx: { state: { n: number } }, n: number) => (ctx.state.n += n) };
const state = { n: value(0) };
const usual = stateful("given/usual", { state, handlers });
const long = stateful("given/long", { state, handlers, ageOut: "10d" });
const kept = stateful("given/kept", { state, handlers, ageOut: "never" });
const own = stateful("given/own", {
  state,
  handlers: {
    add(ctx, n: number) {
      ctx.expireAfter("3d");
      return (ctx.state.n += n);
    },
  },
});
const functions = [usual, long, kept, own];

async function lifetimes(t: Simulated, id: string): Promise<Record<string, number>> {
  const days: Record<string, number> = {};
  for (const f of functions) await t.client.call(f.add, 1, { id });
  for (let day = 1; day <= 12; day++) {
    await t.advance("1d");
    await t.advance("1m");
    for (const f of functions) {
      const { states } = await t.client.states(f);
      if (states.some((each) => each.id === id)) days[f.type] = day;
    }
  }
  return days;
}

test("states with given ids age out after the time of the engine, unless their function says another", async () => {
  await simulate({ functions, ageOutOfGivenIds: "2d" }, async (t) => {
    expect(await lifetimes(t, "a")).toEqual({
      "given/usual": 1,
      "given/own": 2,
      "given/long": 9,
      "given/kept": 12,
    });
  });
});

test("without the option, only what a function or a handler says ends a state with a given id", async () => {
  await simulate({ functions }, async (t) => {
    expect(await lifetimes(t, "a")).toMatchObject({ "given/usual": 12, "given/kept": 12 });
  });
});

test("each message begins the time anew, and a state without a given id keeps its own age-out time", async () => {
  await simulate({ functions, ageOutOfGivenIds: "2d", ageOut: "5d" }, async (t) => {
    const { stateId = "" } = await t.client.start(usual.add, 1, { id: NEW_STATE });
    for (let n = 1; n <= 5; n++) {
      expect(await t.client.call(usual.add, 1, { id: "a" })).toBe(n);
      await t.advance("47h");
    }
    await t.advance("3h");
    expect(await t.client.call(usual.add, 1, { id: "a" })).toBe(1);
    expect(stateId).toMatch(/^@/);
    await expect(t.client.readState(usual, stateId)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

test("states of patterns are spared", async () => {
  const sent: number[] = [];
  const flush = stateful("given/flush", {
    state: { n: value(0) },
    handlers: { take: (_, { events }: { events: readonly number[] }) => void sent.push(...events) },
  });
  const batch = aggregator<number>("given/batch", {
    flush: flush.take,
    maxCount: 3,
  });
  await simulate({ functions: [batch, flush], ageOutOfGivenIds: "1h" }, async (t) => {
    await t.client.call(batch.add, 1, { id: "b" });
    await t.advance("2d");
    await t.client.call(batch.add, 2, { id: "b" });
    await t.advance("2d");
    await t.client.call(batch.add, 3, { id: "b" });
    await t.idle("1h");
    expect(sent).toEqual([1, 2, 3]);
  });
});

test("a crash at any commit does not change when a state ages out", async () => {
  const options = { functions: [usual], ageOutOfGivenIds: "2d" } as const;
  const report = await everyCrash(options, async (t) => {
    await t.client.call(usual.add, 1, { id: "a" });
    await t.advance("1d");
    const before = await t.client.call(usual.add, 1, { id: "a" });
    await t.advance("3d");
    return [before, await t.client.call(usual.add, 1, { id: "a" })];
  });
  expect(report.run.result).toEqual([2, 1]);
});

test.each(["-1s", "never", Number.NaN, {}])("%j is no age-out time of an engine", async (given) => {
  await expect(
    Reflect.apply(simulate, undefined, [{ functions, ageOutOfGivenIds: given }, () => undefined]),
  ).rejects.toMatchObject({ code: "INVALID_DELAY" });
});
