import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../support/source.ts";
import { METERS } from "./meters.ts";

/** The Node that npm uses to run scripts, whichever Node runs the tests. */
const NODE = join(ROOT, "node_modules/.bin/node");

/** Runs the command behind `npm run example --`. */
function example(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(NODE, [join(ROOT, "scripts/example.ts"), ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("npm run example", () => {
  test("runs an example by its name", () => {
    const { status, stdout, stderr } = example("order-checkout");
    // The example lets an order fail, which is logged.
    expect([status, stderr.split("\n")[0]]).toEqual([0, expect.stringContaining("the flow ")]);
    expect(stdout.trimEnd().split("\n").slice(-2)).toEqual(METERS);
  });

  test.each(["--help", "-h"])("lists the examples with their patterns for %s", (flag) => {
    const { status, stdout, stderr } = example(flag);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^usage: npm run example -- NAME/);
    expect(stdout).toMatch(/^ {2}order-checkout +a chain$/m);
    expect(stdout).toMatch(/^ {2}long-report +flows over HTTP$/m);
  });

  test.each([
    ["none", []],
    ["another name", ["nope"], "there is no example nope\n"],
    ["a path", ["../scripts/test"], "there is no example ../scripts/test\n"],
    ["a name that every object has", ["__proto__"], "there is no example __proto__\n"],
    ["two names", ["order-checkout", "trip-booking"], "one example at a time\n"],
  ])("runs nothing, and lists the examples, for %s", (_, args, complaint = "") => {
    const { status, stdout, stderr } = example(...args);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr.startsWith(`${complaint}usage: npm run example -- NAME`)).toBe(true);
  });
});
