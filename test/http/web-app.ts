import { fn, HandbackError } from "handback";
import type { AsyncHttpOptions } from "handback/http";
import { openApp } from "./open-app.ts";
import type { OpenApp } from "./open-app.ts";

/** Doubles a number. */
export const double = fn("web/double", (_, n: number) => 2 * n);
const nothing = fn("web/nothing", () => undefined);
/** Waits for an event `word`, and has that as its custom status. */
const greet = fn("web/greet", (ctx, name: string) => {
  ctx.setStatus({ waiting: "for a word" });
  return ctx.onComplete(ctx.event<string>("word"), greeted, name);
});
const greeted = fn(
  "web/greeted",
  (_, { result, args }: { result: string; args: string }) => `${result} ${args}`,
);
/** Takes this many ms. */
export const sleep = fn("web/sleep", (ctx, ms: number) => ctx.onComplete(ctx.sleep(ms), done));
/** Is not exposed. */
export const done = fn("web/done", () => "done");
const fail = fn("web/fail", (_, why: string) => {
  throw new Error(`secret: ${why}`);
});
const refuse = fn("web/refuse", () => {
  throw new HandbackError("INVALID_INPUT", "an amount of secret size");
});
/** All functions of the engine. */
export const functions = [double, nothing, greet, greeted, sleep, done, fail, refuse];
/** The functions that clients can start. */
export const shown = { functions: [double, nothing, greet, sleep, fail, refuse] };

/** Opens an app that exposes these functions, except continuations. */
export function open(options: Partial<AsyncHttpOptions> = {}): Promise<OpenApp> {
  return openApp({ ...shown, ...options }, { functions });
}
