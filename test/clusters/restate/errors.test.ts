import { RetryableError, TerminalError } from "@restatedev/restate-sdk";
import { fn } from "handback";
import { restate } from "handback/restate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Deployments } from "./support/deployments.ts";
import { RestateServer } from "./support/restate-server.ts";

let server: RestateServer;
let deployments: Deployments;

beforeAll(async () => {
  server = await RestateServer.start();
  deployments = await Deployments.serve(server);
}, 60_000);

afterAll(async () => {
  deployments.close();
  await server.stop();
});

const thrower = (error: unknown) => (): never => {
  throw error;
};

/** What a handler does, whether its call is tried again, and the code with which it fails. */
const ENDS: readonly (readonly [what: string, end: () => unknown, runs: number, code: string])[] = [
  ["throws an error", thrower(new RangeError("no")), 1, "FUNCTION_FAILED"],
  ["throws a text", thrower("no"), 1, "FUNCTION_FAILED"],
  ["throws nothing", thrower(undefined), 1, "FUNCTION_FAILED"],
  ["throws a terminal error of Restate", thrower(new TerminalError("no")), 1, "FUNCTION_FAILED"],
  ["throws a retryable error of Restate", thrower(new RetryableError("no")), 1, "FUNCTION_FAILED"],
  ["is rejected", () => Promise.reject(new Error("no")), 1, "FUNCTION_FAILED"],
  ["returns what cannot be stored", () => () => 1, 1, "UNSERIALIZABLE"],
  ["returns too much", () => "x".repeat(9_000_000), 1, "PAYLOAD_TOO_LARGE"],
];

test.each(ENDS)("a handler that %s fails its call for good", async (what, end, runs, code) => {
  let ran = 0;
  const failing = fn("errors/failing", () => {
    ran++;
    return end() as number;
  });
  const application = `errors${ENDS.findIndex(([each]) => each === what)}`;
  const engine = restate({ functions: [failing], application, ingress: [server.ingress] });
  await deployments.add(application, engine.handler);
  await expect(engine.client.call(failing)).rejects.toMatchObject({ code });
  expect(ran).toBe(runs);
  engine.close();
});

test("a handler with a retry policy is tried again as often as the policy says, and then fails", async () => {
  let ran = 0;
  const retry = { maxAttempts: 3, initialDelay: 1 };
  const failing = fn("errors/retried", { retry }, () => {
    ran++;
    throw new Error("no");
  });
  const engine = restate({
    functions: [failing],
    application: "retried",
    ingress: [server.ingress],
  });
  await deployments.add("retried", engine.handler);
  await expect(engine.client.call(failing)).rejects.toMatchObject({ code: "FUNCTION_FAILED" });
  expect(ran).toBe(3);
  engine.close();
});

test("no failure leaves an invocation that is tried again or paused", async () => {
  const open =
    "select target, status from sys_invocation where status not in ('completed', 'scheduled')";
  await expect.poll(() => server.query(open)).toEqual([]);
});
