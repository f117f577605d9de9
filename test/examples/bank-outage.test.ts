import { expect, test } from "vitest";
import { printed } from "./printed.ts";

test("all orders of an outage of the bank are found, resumed with their old keys, and charged once", async () => {
  expect(await printed(() => import("../../examples/operating/bank-outage.ts"))).toEqual([
    "30 paused orders of c-7",
    "503 from the bank",
    "300 would go on",
    "300 resumed",
    "310 shipped",
    "310 charges, each order once",
  ]);
});
