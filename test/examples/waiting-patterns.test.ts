import { expect, test } from "vitest";
import { METERS } from "./meters.ts";
import { printed } from "./printed.ts";

test("the sensor aggregation writes each reading once", async () => {
  expect(await printed(() => import("../../examples/sensor-aggregation.ts"))).toEqual([
    'kitchen {"n":60,"celsius":22.9}',
    expect.stringMatching(/^20 readings arrived twice, \d+ batches were written$/),
    'naive {"n":60,"celsius":22.9}',
    ...METERS,
  ]);
});

test("the migration watch lets one migration finish, and stops the other", async () => {
  expect(await printed(() => import("../../examples/migration-watch.ts"))).toEqual([
    "small: done",
    "large: expired: large was stopped",
    "small again: done",
    "stopped: large",
    ...METERS,
  ]);
});

test("the expense approval counts each link once, and then asks the boss", async () => {
  expect(await printed(() => import("../../examples/expense-approval.ts"))).toEqual([
    "200 Thank you. Your decision is recorded. Others decide, too.",
    "200 You approved this. There is nothing left to do.",
    "409 You approved this. A decision cannot be changed.",
    "404 This link is not valid",
    "200 Thank you. Your decision is recorded, and the request was approved.",
    "409 You approved this. A decision cannot be changed.",
    expect.stringMatching(
      /^expense-7: approved; asked by cy, (reminded, )?approved by ada, approved by bob$/,
    ),
    "expense-8: expired, and the boss refuses; asked, reminded, expired",
    "naive: approved",
    ...METERS,
  ]);
});

test("the long report is started once, fetched when it is ready, and purged", async () => {
  expect(await printed(() => import("../../examples/long-report.ts"))).toEqual([
    "yearly: 202, repeated 202, the same flow",
    "naive: 202, repeated 202, the same flow",
    "north in 2030: 10150 sold\neast in 2030: 8120 sold\nsouth in 2030: 10150 sold",
    "the naive version returns the same: true",
    "an event after the end: 410 application/problem+json",
    ...METERS,
    "purged: 204, then 404",
  ]);
});
