import { fn, HandbackError, stateful, value } from "handback";
import type { Fn } from "handback";
import { retry, retryLater, terminal, withTimeout } from "handback/patterns";
import { simulate } from "handback/testing";
import { describe, expect, test } from "vitest";

const asleep = fn("named/asleep", (ctx) => ctx.sleep("1h"));
const shelf = stateful("named/shelf", {
  state: { n: value(0) },
  handlers: { wait: (ctx) => ctx.sleep("1h") },
});
const throws = (thrown: () => unknown): Fn<void, unknown> =>
  fn("named/throws", () => {
    throw thrown();
  });

async function messageOf(f: Fn<void, unknown>): Promise<string> {
  const functions = [f, asleep, shelf];
  const run = await simulate({ functions }, (t) =>
    t.client.call(f).catch((error: Error) => error.message),
  );
  return String(run.result);
}

describe("the message of a failure names its function, once", () => {
  test.each<readonly [string, Fn<void, unknown>, string]>([
    ["an error", throws(() => new Error("x")), "FUNCTION_FAILED: named/throws failed: x"],
    ["a terminal error", throws(() => terminal("x")), "FUNCTION_FAILED: named/throws failed: x"],
    ["a wish", throws(() => retryLater(1, "busy")), "RETRY_LATER: named/throws: busy"],
    [
      "a HandbackError",
      throws(() => new HandbackError("NOT_FOUND", "no such thing")),
      "NOT_FOUND: named/throws: no such thing",
    ],
    [
      "a result that cannot be kept",
      fn("named/unkept", () => new WeakMap()),
      "UNSERIALIZABLE: named/unkept: cannot keep result: expected plain data, got an instance of WeakMap; keep a plain object with its data instead",
    ],
    [
      "a run that takes too long",
      fn("named/hangs", { timeout: 50 }, async (ctx) => ctx.get(ctx.sleep("1h"))),
      "HANDLER_TIMEOUT: named/hangs ran longer than 50 ms and was abandoned",
    ],
  ])("%s", async (_, f, message) => {
    expect(await messageOf(f)).toBe(message);
  });

  test("also when the failure is thrown again", async () => {
    const inner = throws(() => terminal("x"));
    const outer = fn("named/outer", { parts: [inner] }, (ctx) => ctx.get(ctx.invoke(inner)));
    expect(await messageOf(outer)).toBe("FUNCTION_FAILED: named/throws failed: x");
  });
});

test("a TIMEOUT that a pattern passes on does not name the pattern's stage", async () => {
  const waits = fn("named/waits", (ctx) => ctx.timeout(ctx.event("never"), 70));
  for (const f of [retry("named/again", waits), withTimeout("named/limit", waits, "1h")])
    expect(await messageOf(f)).toMatch(/^TIMEOUT: a future in named\/waits had not settled/);
});

describe("a TIMEOUT names what had not settled, and the limit", () => {
  test.each<readonly [string, Fn<void, unknown>, string]>([
    [
      "a call",
      fn("named/waits", (ctx) => ctx.timeout(ctx.invoke(asleep), 70)),
      "TIMEOUT: the call of named/asleep in named/waits had not settled within 70 ms",
    ],
    [
      "an operation",
      fn("named/waits", (ctx) => ctx.timeout(ctx.invoke(shelf.wait), "1m")),
      "TIMEOUT: the call of named/shelf.wait in named/waits had not settled within 1m",
    ],
    [
      "a promise",
      fn("named/waits", (ctx) => ctx.timeout(ctx.promise(), "2s")),
      "TIMEOUT: a promise in named/waits had not settled within 2s",
    ],
    [
      "another future",
      fn("named/waits", (ctx) => ctx.timeout(ctx.all([ctx.sleep("1h")]), "2s")),
      "TIMEOUT: a future in named/waits had not settled within 2s",
    ],
    [
      "the function of a pattern",
      withTimeout("named/bounded", asleep, "3s"),
      "TIMEOUT: the call of named/asleep in named/bounded had not settled within 3s",
    ],
  ])("%s", async (_, f, message) => {
    expect(await messageOf(f)).toBe(message);
  });
});
