import { fn, HandbackError } from "handback";
import type { FlowStatus, Invokable } from "handback";
import { chain, fanOut, monitor, retry, saga, terminal } from "handback/patterns";
import { simulate } from "handback/testing";
import type { Simulated } from "handback/testing";
import { expect, test } from "vitest";

/** A function that fails until it is mended, and its keys. */
function makeFlaky() {
  const flaky = { isDown: true, calls: 0, undone: 0 };
  const charge = fn("when-failed/charge", (_, cents: number) => {
    flaky.calls++;
    if (flaky.isDown) throw new Error("down");
    return cents;
  });
  const refund = fn("when-failed/refund", (_, _cents: number) => void flaky.undone++);
  return { flaky, charge, refund };
}

const codeOf = (error: unknown): unknown => (HandbackError.is(error) ? error.code : error);

/** Starts a flow in an engine whose functions pause, and returns its status once it stands still. */
async function standing<Input>(
  f: Invokable<Input, unknown>,
  input: Input,
  then: (t: Simulated, status: FlowStatus) => Promise<unknown>,
) {
  const run = await simulate({ functions: [f], whenFailed: "pause" }, async (t) => {
    const flow = await t.client.start(f as Invokable<unknown, unknown>, input, { key: "flow" });
    await t.idle("1h");
    return then(t, await flow.status());
  });
  return run.result;
}

const calls = ({ status, paused }: FlowStatus): unknown => [
  status,
  ...paused.map(({ function: type }) => type),
];

test("a step of a chain pauses, and a plain function between steps fails", async () => {
  const { flaky, charge } = makeFlaky();
  const order = chain("when-failed/order", charge, (cents: number) => ({ cents }));
  const result = await standing(order, 5, async (t, status) => {
    flaky.isDown = false;
    await t.client.resume("flow");
    return [calls(status), await t.client.flow("flow").result()];
  });
  expect(result).toEqual([["paused", "when-failed/charge"], { cents: 5 }]);
  const broken = chain("when-failed/broken", (_: number): number => {
    throw new Error("a mapping");
  });
  expect(await standing(broken, 5, async (_, status) => calls(status))).toEqual(["failed"]);
});

test("a step that throws a terminal error fails", async () => {
  const declined = fn("when-failed/declined", (_, _n: number) => {
    throw terminal("the card has expired");
  });
  expect(await standing(declined, 5, async (_, status) => calls(status))).toEqual(["failed"]);
});

test("retry pauses when it is used up, as a call of the pattern, and is resumed from its start", async () => {
  const { flaky, charge } = makeFlaky();
  const steady = retry("when-failed/steady", chain("when-failed/order", charge), {
    maxAttempts: 3,
  });
  const result = await standing(steady, 5, async (t, status) => {
    const before = flaky.calls;
    await t.client.resume("flow");
    await t.idle("1h");
    const again = await t.client.status("flow");
    flaky.isDown = false;
    await t.client.resume("flow", { input: 7 });
    return [before, calls(status), flaky.calls, calls(again), await t.client.flow("flow").result()];
  });
  expect(result).toEqual([
    3,
    ["paused", "when-failed/steady"],
    6,
    ["paused", "when-failed/steady"],
    7,
  ]);
});

test("retry that may not pause rejects with the failure of the last attempt, as before", async () => {
  const { charge } = makeFlaky();
  const steady = retry("when-failed/steady", charge, { maxAttempts: 2 });
  const run = await simulate({ functions: [steady] }, (t) =>
    t.client.call(steady, 5).catch(codeOf),
  );
  expect(run.result).toBe("FUNCTION_FAILED");
  const willing = fn("when-failed/willing", { whenFailed: "fail" }, (_, _n: number) => {
    throw new Error("down");
  });
  const failing = retry("when-failed/failing", willing, { maxAttempts: 2 });
  expect(await standing(failing, 5, async (_, status) => calls(status))).toEqual(["failed"]);
});

test("retry pauses for a function that pauses, in an engine whose functions fail", async () => {
  const pausing = fn("when-failed/pausing", { whenFailed: "pause" }, (_, _n: number) => {
    throw new Error("down");
  });
  const order = chain("when-failed/order", pausing);
  const steady = retry("when-failed/steady", order, { maxAttempts: 2 });
  const run = await simulate({ functions: [steady] }, async (t) => {
    const flow = await t.client.start(steady, 5);
    await t.idle("1h");
    return calls(await flow.status());
  });
  expect(run.result).toEqual(["paused", "when-failed/steady"]);
});

test("a step of a saga pauses, and is compensated once a person lets it fail", async () => {
  const { flaky, charge, refund } = makeFlaky();
  const reserve = fn("when-failed/reserve", (_, cents: number) => cents);
  const order = saga("when-failed/saga", { do: reserve, undo: refund }, charge);
  const result = await standing(order, 5, async (t, status) => {
    const undone = flaky.undone;
    await t.client.fail("flow");
    const end = await t.client.flow("flow").result().catch(codeOf);
    return [calls(status), undone, end, flaky.undone];
  });
  expect(result).toEqual([["paused", "when-failed/charge"], 0, "STEP_FAILED", 1]);
});

test("branches of a fan-out pause unless it has a failure policy", async () => {
  const outcome = async (f: Invokable<readonly number[], unknown>): Promise<unknown> =>
    standing(f, [1, 2], async (_, status) => calls(status));
  const each = (): Invokable<number, number> => {
    const { charge } = makeFlaky();
    return chain("when-failed/order", charge);
  };
  const paused = ["paused", "when-failed/charge", "when-failed/charge"];
  expect(await outcome(fanOut("when-failed/strict", { each: each() }))).toEqual(paused);
  const narrow = fanOut("when-failed/narrow", { each: each(), concurrency: 1 });
  expect(await outcome(narrow)).toEqual(["paused", "when-failed/charge"]);
  const settling = fanOut("when-failed/settling", { each: each(), onFailure: "settle" });
  expect(await outcome(settling)).toEqual(["completed"]);
  const tolerant = fanOut("when-failed/tolerant", {
    each: each(),
    onFailure: { tolerate: 1 },
    concurrency: 1,
  });
  expect(await outcome(tolerant)).toEqual(["failed"]);
  const enough = fanOut("when-failed/enough", { each: each(), enough: 1 });
  expect(await outcome(enough)).toEqual(["failed"]);
});

test("a check pauses unless the monitor tolerates failures", async () => {
  const options = { until: (_: unknown) => true, every: "1s" } as const;
  const strict = monitor("when-failed/strict", { check: makeFlaky().charge, ...options });
  const status = await standing(strict, 5, async (_, each) => calls(each));
  expect(status).toEqual(["paused", "when-failed/charge"]);
  const tolerant = monitor("when-failed/tolerant", {
    check: makeFlaky().charge,
    tolerate: 2,
    ...options,
  });
  expect(await standing(tolerant, 5, async (_, each) => calls(each))).toEqual(["failed"]);
});
