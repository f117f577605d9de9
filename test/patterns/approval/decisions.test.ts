import { fn } from "handback";
import { describe, expect, test } from "vitest";
import { approvalRules } from "../../../src/patterns/approval/approval-options.ts";
import type {
  ApprovalOptions,
  ApprovalState,
} from "../../../src/patterns/approval/approval-options.ts";
import type { Ballot, Decision } from "../../../src/patterns/approval/ballot.ts";
import {
  concludeRequest,
  decideRequest,
  delegateVote,
  MAX_EARLY,
  openRequest,
  UNLIMITED_MS,
  wakeRequest,
  withdrawRequest,
} from "../../../src/patterns/approval/decisions.ts";
import { FutureHandle } from "../../../src/futures/types/handle.ts";

const HOUR = 3_600_000;
const NONE: ApprovalState = { ended: [], early: [] };
const ask = fn("app/ask", (_, _request: unknown) => undefined);
const waiting = new FutureHandle<unknown>({ id: "c", storeId: "s", retainUntil: 0 });

const yes = (by: string): Decision => ({ by, decision: "approve" });
const rulesOf = (options: Partial<ApprovalOptions<unknown, unknown>> = {}) =>
  approvalRules("app/approve", { ask, ...options });

/** The state of an open request with a waiting caller. */
function opened(rules = rulesOf(), now = 0): ApprovalState {
  const { state } = openRequest(NONE, { request: "r1", input: 5 }, rules, now);
  return { ...state, ballot: { ...(state.ballot as Ballot), waiting } };
}
const kinds = ({ effects }: { readonly effects: readonly { readonly kind: string }[] }) =>
  effects.map(({ kind }) => kind);

describe("opening a request", () => {
  test("writes the audit, keeps the state, and sets the timer to the next due instant", () => {
    const rules = rulesOf({ timeout: "3h", remind: { every: "1h" } });
    const { answer, effects } = openRequest(NONE, { request: "r1", input: 5 }, rules, 7);
    expect(answer).toMatchObject({
      status: "open",
      request: "r1",
      input: 5,
      expiresAt: 3 * HOUR + 7,
    });
    expect(effects).toEqual([
      { kind: "audit", request: "r1", entry: { at: 7, action: "asked" } },
      { kind: "keep", forMs: UNLIMITED_MS },
      { kind: "setTimer", request: "r1", at: HOUR + 7 },
    ]);
  });

  test("sets no timer if nothing can become due", () => {
    expect(kinds(openRequest(NONE, { request: "r1", input: 5 }, rulesOf(), 0))).toEqual([
      "audit",
      "keep",
    ]);
  });

  test("changes nothing while another request is open", () => {
    const before = opened();
    const change = openRequest(before, { request: "r2", input: 6 }, rulesOf(), 1);
    expect(change).toEqual({ state: before, effects: [], answer: undefined });
  });

  test("counts early decisions and ends at once if they suffice", () => {
    const before = { ...NONE, early: [yes("ada"), yes("bob")] };
    const rules = rulesOf({ quorum: 2, timeout: "1h" });
    const change = openRequest(before, { request: "r1", input: 5 }, rules, 9);
    expect(change.answer).toMatchObject({
      status: "approved",
      decisions: [
        { by: "ada", at: 9 },
        { by: "bob", at: 9 },
      ],
    });
    expect(change.state.early).toEqual([]);
    expect(kinds(change)).toEqual(["audit", "audit", "audit", "keep"]);
  });

  test("keeps the ended request before it until its caller has the result", () => {
    const rules = rulesOf({ timeout: "1h" });
    const change = openRequest(opened(rules), { request: "r2", input: 6 }, rules, 2 * HOUR);
    expect(change.state.ballot).toMatchObject({ request: "r2", status: "open" });
    expect(change.state.ended).toMatchObject([{ request: "r1", status: "expired", waiting }]);
    expect(kinds(change)).toEqual([
      "audit",
      "keep",
      "cancelTimer",
      "wake",
      "audit",
      "keep",
      "setTimer",
    ]);
  });
});

describe("deciding", () => {
  test("ends the request with the last approval it needs, and wakes the caller", () => {
    const rules = rulesOf({ quorum: 2, keepFor: "5h" });
    const first = decideRequest(opened(rules), yes("ada"), rules, 1);
    expect(first.answer).toEqual({ status: "recorded", ballot: "open" });
    expect(kinds(first)).toEqual(["audit", "keep"]);
    const second = decideRequest(first.state, yes("bob"), rules, 2);
    expect(second.answer).toEqual({ status: "recorded", ballot: "approved" });
    expect(second.effects).toEqual([
      { kind: "audit", request: "r1", entry: { at: 2, action: "approved", by: "bob" } },
      { kind: "keep", forMs: UNLIMITED_MS },
      { kind: "cancelTimer" },
      { kind: "wake", waiting },
    ]);
  });

  test("a decision after the deadline is over, though the timer has not fired", () => {
    const rules = rulesOf({ timeout: "1h" });
    const change = decideRequest(opened(rules), yes("ada"), rules, HOUR);
    expect(change.answer).toEqual({ status: "over", ballot: "expired" });
    expect(change.state.ballot).toMatchObject({ status: "expired", decisions: [] });
  });

  test("an early decision is kept once for each person", () => {
    const one = decideRequest(NONE, yes("ada"), rulesOf(), 0);
    expect([one.answer, one.state.early]).toEqual([{ status: "early" }, [yes("ada")]]);
    expect(decideRequest(one.state, yes("ada"), rulesOf(), 1).answer).toEqual({ status: "same" });
    const no = { by: "ada", decision: "reject" } as const;
    expect(decideRequest(one.state, no, rulesOf(), 1).answer).toEqual({ status: "opposite" });
  });

  test("an early decision is refused if it names a request, or if there are too many", () => {
    const refused = { status: "refused", reason: "no request" };
    const named = { ...yes("ada"), request: "gone" };
    expect(decideRequest(NONE, named, rulesOf(), 0).answer).toEqual(refused);
    const early = Array.from({ length: MAX_EARLY }, (_, n) => yes(`p${n}`));
    expect(decideRequest({ ...NONE, early }, yes("ada"), rulesOf(), 0).answer).toEqual(refused);
  });
});

test("delegations and withdrawals need a request", () => {
  const refused = { state: NONE, effects: [], answer: { status: "refused", reason: "no request" } };
  expect(delegateVote(NONE, { by: "a", to: "b" }, rulesOf(), 0)).toEqual(refused);
  expect(withdrawRequest(NONE, { by: "a" }, rulesOf(), 0)).toEqual(refused);
});

test("a withdrawal ends the request", () => {
  const change = withdrawRequest(opened(), { by: "olga" }, rulesOf(), 3);
  expect(change.answer).toEqual({ status: "recorded", ballot: "withdrawn" });
  expect(kinds(change)).toEqual(["audit", "keep", "cancelTimer", "wake"]);
});

describe("the timer of a request", () => {
  const rules = rulesOf({ timeout: "3h", remind: { every: "1h" }, escalation: [{ after: "90m" }] });

  test.each([
    ["sets itself again if it was early", 0.5, ["keep", "setTimer"], "open"],
    ["reminds", 1, ["audit", "keep", "askAgain", "setTimer"], "open"],
    ["escalates", 1.5, ["audit", "keep", "askAgain", "setTimer"], "open"],
    ["expires the request", 3, ["audit", "keep", "cancelTimer", "wake"], "expired"],
  ] as const)("%s", (_, hours, effects, status) => {
    const change = wakeRequest(opened(rules), "r1", rules, hours * HOUR);
    expect([kinds(change), change.state.ballot?.status]).toEqual([effects, status]);
  });

  test("does nothing for a request that is gone", () => {
    const before = opened(rules);
    expect(wakeRequest(before, "r0", rules, HOUR)).toEqual({ state: before, effects: [] });
  });
});

describe("the end of a wait", () => {
  const step = { request: "r1", isCanceled: false };

  test("returns the ended request and keeps the state as long as asked", () => {
    const rules = rulesOf({ keepFor: "5h" });
    const { state } = decideRequest(opened(rules), yes("ada"), rules, 1);
    const change = concludeRequest(state, step, rules, 2);
    expect(change.answer).toMatchObject({ request: "r1", status: "approved" });
    expect(change.state.ballot).not.toHaveProperty("waiting");
    expect(change.effects).toEqual([{ kind: "keep", forMs: 5 * HOUR }]);
  });

  test.each([
    [true, "withdrawn", "canceled"],
    [false, "failed", "the approvers could not be asked"],
  ] as const)("ends an open request: canceled %s", (isCanceled, status, comment) => {
    const change = concludeRequest(opened(), { ...step, isCanceled }, rulesOf(), 4);
    expect(change.answer).toBeUndefined();
    expect(change.state.ballot).toMatchObject({ status });
    expect(change.effects[0]).toEqual({
      kind: "audit",
      request: "r1",
      entry: { at: 4, action: status, comment },
    });
  });

  test("forgets an earlier request once its caller has the result", () => {
    const rules = rulesOf({ timeout: "1h" });
    const { state } = openRequest(opened(rules), { request: "r2", input: 6 }, rules, 2 * HOUR);
    const change = concludeRequest(state, step, rules, 2 * HOUR);
    expect(change.answer).toMatchObject({ request: "r1", status: "expired" });
    expect(change.state).toMatchObject({ ballot: { request: "r2", status: "open" }, ended: [] });
  });
});
