import { afterEach, expect, test, vi } from "vitest";

/** Runs an example as its file is run, and gives what it prints. */
async function printed(run: () => Promise<unknown>): Promise<readonly string[]> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...said) => {
    lines.push(said.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(" "));
  });
  await run();
  return lines;
}

/** What an example says of its two meters. */
const METERS = [
  expect.stringMatching(/^split: billed \d+ ms, 0 of them for waiting, beta 1\.000$/),
  expect.stringMatching(/^naive: billed \d+ ms, [1-9]\d* of them for waiting, beta [1-9]\.(?!000)\d+$/),
] as readonly unknown[];

afterEach(() => {
  vi.restoreAllMocks();
});

test("the order checkout ships an order, and says which step refuses another", async () => {
  expect(await printed(() => import("../../examples/order-checkout.ts"))).toEqual([
    "o1 by courier, charged 4200 cents",
    "o1 by courier, charged 4200 cents",
    "STEP_FAILED: step 1 of checkout/checkout (checkout/check) failed: order o1 costs nothing",
    ...METERS,
  ]);
});

test("the folder backup copies what can be copied, and says what cannot", async () => {
  const report = '{"reason":"completed","copied":30,"bytes":735,"problems":["EISDIR"]}';
  expect(await printed(() => import("../../examples/folder-backup.ts"))).toEqual([report, report, ...METERS]);
});

test("the trip booking books a trip, and leaves nothing booked of one that fails", async () => {
  expect(await printed(() => import("../../examples/trip-booking.ts"))).toEqual([
    "t1: to Rome for 50000 cents; still booked: flight, hotel",
    expect.stringMatching(/^STEP_FAILED: step 3 of trip\/book \(trip\/charge\) failed: card declined; undone: .*; still booked: nothing$/),
    expect.stringMatching(/^STEP_FAILED: step 2 of trip\/book .* had not settled in time; undone: .*; still booked: nothing$/),
    ...METERS,
  ]);
});
