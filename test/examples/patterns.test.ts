import { expect, test } from "vitest";
import { METERS } from "./meters.ts";
import { printed } from "./printed.ts";

test("the order checkout ships one order, and names the step that refuses another", async () => {
  expect(await printed(() => import("../../examples/order-checkout.ts"))).toEqual([
    "o1 by courier, charged 4200 cents",
    "o1 by courier, charged 4200 cents",
    "STEP_FAILED: step 1 of checkout/checkout (checkout/check) failed: order o1 costs nothing",
    ...METERS,
  ]);
});

test("the folder backup copies the readable files, and reports the others", async () => {
  const report = '{"reason":"completed","copied":30,"bytes":735,"problems":["EISDIR"]}';
  expect(await printed(() => import("../../examples/folder-backup.ts"))).toEqual([
    report,
    report,
    ...METERS,
  ]);
});

test("the trip booking books a trip, and leaves no booking of a trip that fails", async () => {
  expect(await printed(() => import("../../examples/trip-booking.ts"))).toEqual([
    "t1: to Rome for 50000 cents; still booked: flight, hotel",
    expect.stringMatching(
      /^STEP_FAILED: step 3 of trip\/book \(trip\/charge\) failed: card declined; undone: .*; still booked: nothing$/,
    ),
    expect.stringMatching(
      /^STEP_FAILED: step 2 of trip\/book .* had not settled within \S+; undone: .*; still booked: nothing$/,
    ),
    ...METERS,
  ]);
});
