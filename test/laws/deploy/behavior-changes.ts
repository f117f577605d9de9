import { fn } from "handback";
import type { Client } from "handback";
import { expect } from "vitest";
import type { World } from "../support/world.ts";
import {
  approval,
  chain,
  choose,
  fanOut,
  monitor,
  repeat,
  retry,
  saga,
  withTimeout,
} from "handback/patterns";
import {
  wait,
  inc,
  zero,
  renamed,
  flaky,
  helpers,
  list,
  counted,
  until,
  every,
} from "./changes.ts";
import type { Change } from "./changes.ts";

const ask = fn("law/ask", (_, _request: unknown) => "asked");
const askAgain = fn("law/ask-again", (_, _request: unknown) => "asked");
const vote = (by: string) => async (client: Client, world: World) => {
  await client.call(approved.decide, { by, decision: "approve" }, { id: "f" });
  await world.clock.advance(1);
};
const approvedBy = (by: string): unknown =>
  expect.objectContaining({
    status: "approved",
    decisions: expect.arrayContaining([expect.objectContaining({ by })]),
  });
const approved = approval<number>("law/p", { ask });

/** Deploys that change behavior only: work under way follows the new version. */
export const APPLIED: Record<string, Change> = {
  "monitor: its end, delays and limits": {
    before: monitor("law/p", { check: wait, until: () => false, every, attempts: 9 }),
    after: monitor("law/p", {
      check: wait,
      until: (seen, input) => seen === input,
      every: "1h",
      backoff: 2,
      maxDelay: "2h",
      jitter: 0.5,
      attempts: 1,
      tolerate: 3,
      grace: "1s",
      deadline: () => undefined,
      carry: (n) => n,
      onDeadline: zero,
    }),
    input: 1,
    result: { status: "done", value: 1, checks: 1 },
  },
  "monitor: a function for its end": {
    before: monitor("law/p", { check: wait, until: () => false, every, attempts: 1 }),
    after: monitor("law/p", {
      check: wait,
      until: () => false,
      every,
      attempts: 1,
      onDeadline: zero,
    }),
    input: 1,
    result: { status: "expired", reason: "attempts", value: 0, last: 1, checks: 1 },
  },
  "monitor: its check is renamed": {
    before: monitor("law/p", { check: wait, until, every }),
    after: monitor("law/p", { check: renamed, until, every }),
    functions: helpers.filter((each) => each !== wait),
    input: 1,
    result: { status: "done", value: 1, checks: 1 },
  },
  "retry: its policy": {
    before: retry("law/p", wait),
    after: retry("law/p", wait, {
      maxAttempts: 9,
      initialDelay: "1h",
      factor: 3,
      maxDelay: "2h",
      jitter: 0.1,
      retryIf: () => false,
    }),
    input: 1,
    result: 1,
  },
  "retry: another function, in a pause": {
    before: retry("law/p", flaky, { initialDelay: "1h" }),
    after: retry("law/p", inc, { initialDelay: "1h" }),
    input: 1,
    result: 2,
  },
  "repeat: its end and pauses": {
    before: repeat("law/p", wait, { times: 9 }),
    after: repeat("law/p", wait, { until, while: () => true, times: 3, pause: "1s" }),
    input: 1,
    result: 1,
  },
  "withTimeout: its times and its fallback": {
    before: withTimeout("law/p", wait, "1h", { onTimeout: zero, grace: "1s" }),
    after: withTimeout("law/p", wait, "2h", { onTimeout: inc, grace: 0 }),
    input: 1,
    result: 2,
    act: (_, world) => world.clock.advance(3_600_001),
  },
  "withTimeout: a new fallback": {
    before: withTimeout("law/p", wait, "1h"),
    after: withTimeout("law/p", wait, "1h", { onTimeout: inc }),
    input: 1,
    result: 1,
  },
  "chain: a mapping": {
    before: chain("law/p", wait, (n) => n),
    after: chain("law/p", wait, (n) => n + 1),
    input: 1,
    result: 2,
  },
  "chain: the names of cases": {
    before: chain(
      "law/p",
      choose({ wait, inc }, () => "wait"),
      inc,
    ),
    after: chain(
      "law/p",
      choose({ one: wait, two: inc }, () => "two"),
      inc,
    ),
    input: 1,
    result: 2,
  },
  "saga: a mapping": {
    before: saga("law/p", { do: wait, undo: inc }, (n) => n),
    after: saga("law/p", { do: wait, undo: inc }, (n) => n + 1),
    input: 1,
    result: 2,
  },
  "fan-out: its concurrency and its join": {
    before: fanOut("law/p", { each: wait, concurrency: 1, join: list }),
    after: fanOut("law/p", { each: wait, concurrency: 5, join: (all) => all.length }),
    input: [1, 2],
    result: 2,
  },
  "fan-out: how many may fail": {
    before: fanOut("law/p", { each: wait, ...counted, join: ({ reason }) => reason }),
    after: fanOut("law/p", {
      each: wait,
      concurrency: 1,
      onFailure: { tolerate: 1 },
      enough: 1,
      join: ({ reason }) => reason,
    }),
    input: [1, 2],
    result: "enough",
  },
  "approval: who is asked, how often and how long": {
    before: approval("law/p", { ask, timeout: "9d", remind: { every: "1d" } }),
    after: approval("law/p", {
      ask: askAgain,
      timeout: "1h",
      onTimeout: zero,
      requester: () => "ada",
      escalation: [{ after: "1h" }],
      keepFor: "1d",
    }),
    input: 1,
    act: vote("ada"),
    result: approvedBy("ada"),
  },
  "approval: its quorum and levels": {
    before: approval("law/p", {
      ask,
      quorum: 2,
      approvers: () => ["ada", "bob"],
      escalation: [{ after: "1s", approvers: () => ["eve"] }],
    }),
    after: approval("law/p", { ask, quorum: 1, rejections: 2 }),
    input: 1,
    act: vote("bob"),
    result: approvedBy("bob"),
  },
};
