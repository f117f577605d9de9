import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fn } from "handback";
import { simulate } from "handback/testing";
import { expect, test, vi } from "vitest";
import { NODE_OPTIONS } from "../stores/support/node-options.ts";
import { ROOT } from "../support/source.ts";
import { course, hashes } from "./course.ts";

const LISTENERS = process.listenerCount("unhandledRejection");
const SEEDS = Array.from({ length: 25 }, (_, seed) => seed * 7919);

test("the same seed takes the same course, and another seed another one", async () => {
  const once = await hashes(SEEDS);
  expect(await hashes(SEEDS)).toEqual(once);
  expect(new Set(once).size).toBe(SEEDS.length);
});

test("a run has the same trace, result and states when it is run again", async () => {
  const [one, other] = [await course(4), await course(4)];
  expect(other.trace).toEqual(one.trace);
  expect(other.result).toEqual(one.result);
  expect(await other.states()).toEqual(await one.states());
  expect(await other.meter.flows()).toEqual(await one.meter.flows());
  expect(one.trace.length).toBeGreaterThan(30);
});

test("the same seed takes the same course in another process with differently loaded code", async () => {
  const path = join(ROOT, "test/testing/course.ts");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...NODE_OPTIONS, path, ...SEEDS.slice(0, 8).map(String)],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toEqual(await hashes(SEEDS.slice(0, 8)));
});

test("simulations that run at the same time do not disturb each other", async () => {
  const together = await Promise.all(SEEDS.slice(0, 6).map((seed) => hashes([seed])));
  expect(together.flat()).toEqual(await hashes(SEEDS.slice(0, 6)));
});

test("a simulation does not depend on the machine's clock, chance or timers", async () => {
  const before = await hashes([3]);
  vi.useFakeTimers({ now: 0 });
  vi.spyOn(Math, "random").mockReturnValue(0.25);
  try {
    expect(await hashes([3])).toEqual(before);
  } finally {
    vi.useRealTimers();
  }
});

test("a simulation leaves nothing behind in the process", async () => {
  const slowest = fn("test/slowest", () => new Promise<void>(() => undefined));
  await hashes(SEEDS.slice(0, 5));
  await simulate({ functions: [slowest], faults: { crash: 0.5 } }, (t) => t.client.start(slowest));
  await simulate({ functions: [slowest] }, (t) => t.client.call(slowest)).catch(() => undefined);
  await simulate({ functions: [], faults: { crash: 1 } }, () =>
    Promise.reject(new Error("no")),
  ).catch(() => undefined);
  expect(process.listenerCount("unhandledRejection")).toBe(LISTENERS);
});
