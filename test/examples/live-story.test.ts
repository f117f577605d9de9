import { expect, test } from "vitest";
import { printed } from "./printed.ts";

test("a reader of a story misses no word when the server restarts", async () => {
  expect(await printed(() => import("../../examples/browser/live-story.ts"))).toEqual([
    "once there was a bee",
    "who wanted rain",
    "a bee got rain",
    "true",
  ]);
});
