import fc from "fast-check";
import { fn, HandbackError, stateful, value } from "handback";
import type { Fn, StatefulFn } from "handback";
import { approval } from "handback/patterns";
import type {
  ApprovalOptions,
  ApprovalRequest,
  ApprovalResult,
  AuditRecord,
  Decision,
  DecisionAnswer,
} from "handback/patterns";
import {
  everyCrash,
  expectNoDoubleBilling,
  failing,
  mock,
  record,
  schedules,
  simulate,
  slow,
} from "handback/testing";
import type { Simulated } from "handback/testing";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/testing/simulation/machine/virtual-clock.ts";
import { onMemory, onPoorestLosing, onSqlite } from "../conformance/host.ts";
import { endOf } from "./laws/compare.ts";

type Expense = { readonly euros: number; readonly owner?: string };
type Request = ApprovalRequest<Expense>;

const HOUR = 3_600_000;
const ask = fn("app/ask", (_, _request: Request) => undefined);
const take = fn(
  "app/take",
  (_, { decisions }: Request) => `over to the boss after ${decisions.length}`,
);
const expense: Expense = { euros: 900, owner: "olga" };

const yes = (by: string): Decision => ({ by, decision: "approve" });
const no = (by: string): Decision => ({ by, decision: "reject" });
const told = ({ status, ballot, reason }: DecisionAnswer): string =>
  [status, ballot, reason].filter((part) => part !== undefined).join(", ");
const hours = (ms: number): number => (ms - VirtualClock.startAt) / HOUR;

/** Starts an approval, takes steps after this many hours each, and returns answers and result. */
async function asked(
  options: Partial<ApprovalOptions<Expense, string>>,
  steps: readonly (readonly [atHour: number, act: (f: Acts) => Promise<unknown>])[],
  parts: readonly object[] = [],
) {
  const approved = approval<Expense, string>("app/approve", { ask, ...options });
  const run = await simulate(
    { functions: [approved, ...(parts.length > 0 ? parts : [record(ask)])] },
    async (t) => {
      const flow = await t.client.start(approved, expense, { id: "e", key: "flow" });
      const answers: unknown[] = [];
      let endedAt: number | undefined;
      const end = endOf(flow.result()).then((ended) => {
        endedAt = hours(t.clock.now());
        return ended;
      });
      for (const [atHour, act] of steps) {
        await t.advance(VirtualClock.startAt + atHour * HOUR - t.clock.now());
        const answer = await act({
          decide: (decision) => t.client.call(approved.decide, decision, { id: "e" }),
          delegate: (by, to) => t.client.call(approved.delegate, { by, to }, { id: "e" }),
          withdraw: (by) => t.client.call(approved.withdraw, { by }, { id: "e" }),
          cancel: () => t.client.cancel(flow),
        });
        answers.push(typeof answer === "object" ? told(answer as DecisionAnswer) : answer);
      }
      const ended = await end;
      await t.idle("100d");
      return { answers, ended, endedAt };
    },
  );
  await expectNoDoubleBilling(run);
  const { ended } = run.result;
  const result = "value" in ended ? (ended.value as ApprovalResult<string>) : undefined;
  const audit = result?.audit.map(({ at, action, by, to }) =>
    [hours(at), action, by, to].filter((part) => part !== undefined).join(" "),
  );
  return { ...run.result, status: result?.status ?? ended, audit, run };
}

interface Acts {
  decide(decision: Decision): Promise<DecisionAnswer>;
  delegate(by: string, to: string): Promise<DecisionAnswer>;
  withdraw(by: string): Promise<DecisionAnswer>;
  cancel(): Promise<boolean>;
}

const decides = (atHour: number, decision: Decision) =>
  [atHour, (f: Acts) => f.decide(decision)] as const;
const broken = (): never => {
  throw new Error("nobody is on duty");
};
const three = { approvers: () => ["ada", "bob", "cy"] };

describe("an approval", () => {
  test.each([
    ["is approved by one", {}, [decides(1, yes("ada"))], ["recorded, approved"], "approved", 1],
    ["is rejected by one", {}, [decides(1, no("ada"))], ["recorded, rejected"], "rejected", 1],
    [
      "is approved once the quorum is reached",
      { quorum: 2 },
      [decides(1, yes("ada")), decides(5, yes("bob"))],
      ["recorded, open", "recorded, approved"],
      "approved",
      5,
    ],
    [
      "counts one person once",
      { quorum: 2 },
      [decides(1, yes("ada")), decides(2, yes("ada")), decides(3, yes("bob"))],
      ["recorded, open", "same, open", "recorded, approved"],
      "approved",
      3,
    ],
    [
      "does not let a person change a decision",
      { quorum: 2 },
      [decides(1, yes("ada")), decides(2, no("ada")), decides(3, yes("bob"))],
      ["recorded, open", "opposite, open", "recorded, approved"],
      "approved",
      3,
    ],
    [
      "is rejected once there are enough rejections",
      { ...three, rejections: 2 },
      [decides(1, no("ada")), decides(2, no("bob"))],
      ["recorded, open", "recorded, rejected"],
      "rejected",
      2,
    ],
    [
      "is rejected as soon as the quorum can no longer be reached",
      { ...three, quorum: 2, rejections: 3 },
      [decides(1, no("ada")), decides(2, no("bob"))],
      ["recorded, open", "recorded, rejected"],
      "rejected",
      2,
    ],
    [
      "refuses a person who is not an approver",
      three,
      [decides(1, yes("eve")), decides(2, yes("cy"))],
      ["refused, open, not an approver", "recorded, approved"],
      "approved",
      2,
    ],
    [
      "refuses the requester, even as an approver",
      { approvers: () => ["olga", "ada"], requester: ({ owner = "" }: Expense) => owner },
      [decides(1, yes("olga")), decides(2, yes("ada"))],
      ["refused, open, is the requester", "recorded, approved"],
      "approved",
      2,
    ],
    [
      "needs its number of approvals from each role",
      {
        approvers: () => [
          { person: "fay", role: "finance" },
          { person: "leo", role: "legal" },
          "ada",
        ],
        quorum: 2,
        roles: { finance: 1 },
      },
      [decides(1, yes("leo")), decides(2, yes("ada")), decides(3, yes("fay"))],
      ["recorded, open", "recorded, open", "recorded, approved"],
      "approved",
      3,
    ],
    [
      "is rejected when a role can no longer approve",
      {
        approvers: () => [{ person: "fay", role: "finance" }, "ada", "bob"],
        quorum: 2,
        roles: { finance: 1 },
        rejections: 3,
      },
      [decides(1, no("fay"))],
      ["recorded, rejected"],
      "rejected",
      1,
    ],
    [
      "takes the role from the approvers, not from the decision",
      { approvers: () => [{ person: "fay", role: "finance" }, "ada"], roles: { finance: 1 } },
      [decides(1, { ...yes("ada"), role: "finance", at: 5 } as Decision), decides(2, yes("fay"))],
      ["recorded, open", "recorded, approved"],
      "approved",
      2,
    ],
    [
      "refuses a decision about another request",
      {},
      [decides(1, { ...yes("ada"), request: "another" }), decides(2, yes("ada"))],
      ["refused, open, another request", "recorded, approved"],
      "approved",
      2,
    ],
  ] as const)("%s", async (_, options, steps, answers, status, at) => {
    const got = await asked(options, steps);
    expect([got.answers, got.status, got.endedAt]).toEqual([answers, status, at]);
  });

  test.each([
    ["an approval again", [yes("ada"), yes("ada")], "same, approved"],
    ["a rejection by a person who approved", [yes("ada"), no("ada")], "opposite, approved"],
    ["an approval by another person", [yes("ada"), yes("bob")], "over, approved"],
    ["a rejection by another person", [no("ada"), yes("bob")], "over, rejected"],
    [
      "a decision for another request",
      [no("ada"), { ...yes("bob"), request: "r" }],
      "refused, rejected, another request",
    ],
  ] as const)("answers late decisions clearly: %s", async (_, [first, late], answer) => {
    const got = await asked({ timeout: "72h" }, [decides(1, first), decides(2, late)]);
    expect(got.answers[1]).toBe(answer);
  });

  test("answers with the earlier decision and its time", async () => {
    const approved = approval("app/approve", { ask, quorum: 2 });
    const run = await simulate({ functions: [approved] }, async (t) => {
      await t.client.start(approved, expense, { id: "e" });
      await t.client.call(approved.decide, { ...yes("ada"), comment: "fine" }, { id: "e" });
      await t.advance("1h");
      return [
        await t.client.call(approved.decide, no("ada"), { id: "e" }),
        await t.client.call(approved.view, undefined, { id: "e" }),
      ];
    });
    const decision = { by: "ada", decision: "approve", comment: "fine", at: VirtualClock.startAt };
    expect(run.result[0]).toEqual({ status: "opposite", ballot: "open", decision });
    expect(run.result[1]).toMatchObject({ status: "open", input: expense, decisions: [decision] });
  });

  test("lets a person delegate a vote once, to a person who has none", async () => {
    const got = await asked({ ...three, quorum: 2, requester: () => "olga" }, [
      [1, (f) => f.delegate("ada", "dan")],
      decides(2, yes("ada")),
      [3, (f) => f.delegate("ada", "eve")],
      [4, (f) => f.delegate("bob", "dan")],
      [5, (f) => f.delegate("bob", "ada")],
      [6, (f) => f.delegate("bob", "olga")],
      [7, (f) => f.delegate("eve", "dan")],
      decides(8, yes("dan")),
      [9, (f) => f.delegate("dan", "eve")],
      [10, (f) => f.delegate("cy", "dan")],
      decides(11, yes("cy")),
      [12, (f) => f.delegate("bob", "eve")],
    ]);
    expect(got.answers).toEqual([
      "recorded, open",
      "refused, open, has delegated",
      "refused, open, has delegated",
      "refused, open, is an approver",
      "refused, open, has delegated",
      "refused, open, is the requester",
      "refused, open, not an approver",
      "recorded, open",
      "refused, open, has decided",
      "refused, open, has decided",
      "recorded, approved",
      "over, approved",
    ]);
    expect(got.audit).toEqual([
      "0 asked olga",
      "1 delegated ada dan",
      "8 approved dan",
      "11 approved cy",
    ]);
  });

  test("is withdrawn by its requester", async () => {
    const got = await asked({ requester: () => "olga" }, [
      [1, (f) => f.withdraw("eve")],
      [2, (f) => f.withdraw("olga")],
      [3, (f) => f.withdraw("olga")],
      decides(4, yes("ada")),
    ]);
    expect(got.answers).toEqual([
      "refused, open, not the requester",
      "recorded, withdrawn",
      "over, withdrawn",
      "over, withdrawn",
    ]);
    expect([got.status, got.endedAt, got.audit]).toEqual([
      "withdrawn",
      2,
      ["0 asked olga", "2 withdrawn olga"],
    ]);
  });
});

describe("the id of an approval", () => {
  const approved = approval("app/approve", { ask });
  const at = { id: "expense-7" };

  test("is the key of its flow", async () => {
    const run = await simulate({ functions: [approved] }, async (t) => {
      const flow = await t.client.start(approved, expense, at);
      await t.client.call(approved.decide, yes("ada"), at);
      const { status } = (await t.client.flow("expense-7").result()) as ApprovalResult;
      return [flow.id, flow.stateId, status];
    });
    expect(run.result).toEqual(["expense-7", "expense-7", "approved"]);
  });

  test("attaches a start with the same input, and rejects another input", async () => {
    const run = await simulate({ functions: [approved, record(ask)] }, async (t) => {
      await t.client.start(approved, expense, at);
      const same = await t.client.start(approved, expense, at);
      const other = await endOf(t.client.start(approved, { euros: 5 }, at));
      await t.client.call(approved.decide, yes("ada"), at);
      const ended = await t.client.start(approved, expense, at);
      return [(await same.result()).status, other, (await ended.result()).status];
    });
    expect(run.result).toMatchObject(["approved", { code: "IDEMPOTENCY_CONFLICT" }, "approved"]);
    expect(run.calls(ask)).toHaveLength(1);
  });

  test("is not the key if a key is given", async () => {
    const run = await simulate({ functions: [approved] }, async (t) => {
      const flow = await t.client.start(approved, expense, { ...at, key: "k" });
      const byId = await endOf(t.client.flow("expense-7").status());
      await t.client.cancel(flow);
      return [flow.id, flow.stateId, byId];
    });
    expect(run.result).toMatchObject(["k", "expense-7", { code: "NOT_FOUND" }]);
  });

  test("is not the key of its other operations", async () => {
    const run = await simulate({ functions: [approved] }, async (t) => {
      await t.client.start(approved, expense, at);
      const decided = await t.client.start(approved.decide, yes("ada"), at);
      return [decided.id === "expense-7", (await decided.result()).status];
    });
    expect(run.result).toEqual([false, "recorded"]);
  });

  test("is the key of a test double too", async () => {
    const double = mock(approved.request, () => ({
      status: "approved" as const,
      decisions: [],
      audit: [],
    }));
    const run = await simulate({ functions: [double] }, async (t) => {
      await t.client.start(approved, expense, at);
      return t.client.flow("expense-7").result();
    });
    expect(run.result).toMatchObject({ status: "approved" });
  });

  test("must be a valid flow key, unless a key is given", async () => {
    const long = "x".repeat(257);
    const run = await simulate({ functions: [approved] }, async (t) => {
      const refused = await endOf(t.client.start(approved, expense, { id: long }));
      const flow = await t.client.start(approved, expense, { id: long, key: "short" });
      await t.client.cancel(flow);
      return [refused, flow.stateId];
    });
    expect(run.result).toMatchObject([{ code: "INVALID_IDEMPOTENCY_KEY" }, long]);
  });
});

describe("an approval without an answer", () => {
  test.each([
    ["expires", { timeout: "72h" }, "expired", 72, ["0 asked", "72 expired"]],
    [
      "reminds until it expires",
      { timeout: "72h", remind: { every: "20h" } },
      "expired",
      72,
      ["0 asked", "20 reminded", "40 reminded", "60 reminded", "72 expired"],
    ],
    [
      "reminds a limited number of times",
      { timeout: "72h", remind: { every: "20h", times: 1 } },
      "expired",
      72,
      ["0 asked", "20 reminded", "72 expired"],
    ],
    [
      "asks more people at each escalation level",
      { timeout: "72h", escalation: [{ after: "24h" }, { after: "48h" }] },
      "expired",
      72,
      ["0 asked", "24 escalated", "48 escalated", "72 expired"],
    ],
    [
      "restarts its reminders at each escalation level",
      { timeout: "40h", remind: { every: "10h" }, escalation: [{ after: "15h" }] },
      "expired",
      40,
      ["0 asked", "10 reminded", "15 escalated", "25 reminded", "35 reminded", "40 expired"],
    ],
    ["expires at once with a timeout of 0", { timeout: 0 }, "expired", 0, ["0 asked", "0 expired"]],
  ] as const)("%s", async (_, options, status, at, audit) => {
    const got = await asked(options, []);
    expect([got.status, got.endedAt, got.audit]).toEqual([status, at, audit]);
    const asks = got.run
      .calls(ask)
      .map(
        ({ input, at: ms }) =>
          `${ms / HOUR} ${(input as Request).level} ${(input as Request).reminder}`,
      );
    expect(asks).toHaveLength(audit.length - 1);
  });

  test("calls onTimeout in the flow of the request", async () => {
    const got = await asked(
      { timeout: "72h", quorum: 2, onTimeout: take },
      [decides(1, yes("ada"))],
      [slow(take, "5s")],
    );
    expect(got.ended).toMatchObject({
      value: { status: "expired", value: "over to the boss after 1" },
    });
    expect((await got.run.meter.flow("flow")).billedMs).toBe(5000);
  });

  test("a request is decided by approvers of the next level and by earlier ones", async () => {
    const escalation = [{ after: "24h" as const, approvers: () => ["boss", "ada"] }];
    const got = await asked({ approvers: () => ["ada", "bob"], quorum: 2, escalation }, [
      decides(1, yes("boss")),
      decides(2, yes("ada")),
      decides(25, yes("boss")),
    ]);
    expect(got.answers).toEqual([
      "refused, open, not an approver",
      "recorded, open",
      "recorded, approved",
    ]);
    expect(
      got.run
        .calls(ask)
        .map(({ input }) => (input as Request).approvers?.map(({ person }) => person)),
    ).toEqual([
      ["ada", "bob"],
      ["bob", "boss"],
    ]);
  });

  test("a person who delegated gets no second vote at the next level", async () => {
    const escalation = [{ after: "24h" as const, approvers: () => ["ada", "boss", "boss"] }];
    const got = await asked({ approvers: () => ["ada", "bob"], quorum: 2, escalation }, [
      [1, (f) => f.delegate("ada", "dan")],
      decides(25, yes("dan")),
      decides(26, yes("ada")),
      decides(27, yes("boss")),
    ]);
    expect(got.answers).toEqual([
      "recorded, open",
      "recorded, open",
      "refused, open, has delegated",
      "recorded, approved",
    ]);
  });

  test("a request fails for lack of a quorum only at the last level", async () => {
    const escalation = [
      { after: "24h" as const, approvers: () => ["boss"] },
      { after: "48h" as const },
    ];
    const got = await asked({ approvers: () => ["ada"], quorum: 2, rejections: 2, escalation }, [
      decides(1, no("ada")),
    ]);
    expect([got.status, got.endedAt]).toEqual(["rejected", 48]);
  });

  test("rejects a decision after the deadline, even if it was down at the deadline", async () => {
    const approved = approval("app/approve", { ask, timeout: "72h", remind: { every: "10h" } });
    const run = await simulate({ functions: [approved, record(ask)] }, async (t) => {
      const flow = await t.client.start(approved, expense, { id: "e" });
      await t.advance("1h");
      await t.crash({ downFor: "50h" });
      await t.advance("1h");
      await t.crash({ downFor: "50h" });
      return [
        told(await t.client.call(approved.decide, yes("ada"), { id: "e" })),
        (await flow.result()).status,
      ];
    });
    expect(run.result).toEqual(["over, expired", "expired"]);
    // Reminders that were due meanwhile are sent as one.
    expect(run.calls(ask).map(({ at }) => at / HOUR)).toEqual([0, 51]);
  });
});

describe("decisions before the request", () => {
  const early = (
    options: Partial<ApprovalOptions<Expense>>,
    decisions: readonly Decision[],
    after = "1h" as const,
  ) => {
    const approved = approval<Expense>("app/approve", { ask, timeout: "72h", ...options });
    return simulate({ functions: [approved, record(ask)] }, async (t) => {
      const answers = [];
      for (const decision of decisions)
        answers.push(told(await t.client.call(approved.decide, decision, { id: "e" })));
      await t.advance(after);
      const { status, audit } = await t.client.call(approved, expense, { id: "e" });
      return {
        answers,
        status,
        audit: audit.map(({ action, by }) => [action, by].join(" ").trim()),
      };
    });
  };

  test("are kept and count later; if they suffice, ask is not called", async () => {
    const run = await early({ quorum: 2 }, [yes("ada"), yes("ada"), no("ada"), yes("bob")]);
    expect(run.result).toEqual({
      answers: ["early", "same", "opposite", "early"],
      status: "approved",
      audit: ["asked", "approved ada", "approved bob"],
    });
    expect(run.calls(ask)).toEqual([]);
  });

  test("count only if their authors may decide", async () => {
    const run = await early({ ...three }, [yes("eve"), no("bob")]);
    expect(run.result).toMatchObject({
      answers: ["early", "early"],
      status: "rejected",
      audit: ["asked", "rejected bob"],
    });
  });

  test("are refused if they name an earlier request", async () => {
    const run = await early({}, [{ ...no("ada"), request: "of another time" }, yes("ada")]);
    expect(run.result).toMatchObject({
      answers: ["refused, no request", "early"],
      status: "approved",
    });
  });

  test("are forgotten after a week and limited in number", async () => {
    expect((await early({}, [yes("ada")], "8d" as never)).result.status).toBe("expired");
    const many = Array.from({ length: 101 }, (_, n) => no(`p${n}`));
    expect((await early({}, many)).result.answers.slice(-2)).toEqual([
      "early",
      "refused, no request",
    ]);
  });

  test("cannot be delegations or withdrawals", async () => {
    const approved = approval("app/approve", { ask });
    const run = await simulate({ functions: [approved] }, async (t) => [
      told(await t.client.call(approved.delegate, { by: "a", to: "b" }, { id: "e" })),
      told(await t.client.call(approved.withdraw, { by: "a" }, { id: "e" })),
      (await t.client.call(approved.view, undefined, { id: "e" })) ?? "none",
    ]);
    expect(run.result).toEqual(["refused, no request", "refused, no request", "none"]);
  });
});

describe("an approval that goes wrong", () => {
  test("fails if ask fails, and takes no decisions then", async () => {
    const got = await asked(
      { timeout: "72h", remind: { every: "1h" } },
      [decides(1, yes("ada"))],
      [failing(ask, new Error("no mail"))],
    );
    expect(got.ended).toMatchObject({
      code: "FUNCTION_FAILED",
      message: expect.stringContaining("no mail"),
    });
    expect([got.answers, got.endedAt]).toEqual([["over, failed"], 0]);
  });

  test("goes on when a reminder fails", async () => {
    const flaky = fn("app/ask", (_, { reminder }: Request) => {
      if (reminder === 1) throw new Error("no mail");
    });
    const got = await asked(
      { ask: flaky, remind: { every: "1h", times: 2 } },
      [decides(5, yes("ada"))],
      [flaky],
    );
    expect([got.status, got.audit]).toEqual([
      "approved",
      ["0 asked", "1 reminded", "2 reminded", "5 approved ada"],
    ]);
  });

  test("is withdrawn when its flow is canceled, and reminders stop", async () => {
    const got = await asked({ timeout: "72h", remind: { every: "10h" } }, [
      [15, (f) => f.cancel()],
      decides(16, yes("ada")),
    ]);
    expect([got.answers, got.ended]).toMatchObject([
      [true, "over, withdrawn"],
      { code: "CANCELLED" },
    ]);
    expect(got.run.calls(ask)).toHaveLength(2);
  });

  test("always ends, at whichever moment it is canceled", async () => {
    const approved = approval("app/approve", {
      ask,
      quorum: 2,
      timeout: "20s",
      remind: { every: "4s" },
      onTimeout: take,
    });
    const outcomes = new Set<string>();
    for (let afterMs = 0; afterMs <= 26_000; afterMs += 1_000) {
      const run = await simulate(
        { functions: [approved, slow(ask, "2s"), slow(take, "3s")] },
        async (t) => {
          const flow = await t.client.start(approved, expense, { id: "e", key: "flow" });
          await t.client.call(approved.decide, yes("ada"), { id: "e" });
          await t.advance(afterMs);
          const isCancelled = await t.client.cancel(flow);
          await t.idle("10d");
          const { status } = await flow.status();
          const ballot = await t.client.call(approved.view, undefined, { id: "e" });
          return [isCancelled, status, ballot?.status].join(" ");
        },
      );
      outcomes.add(run.result);
      expect((await run.meter.flow("flow")).final).toBe(true);
    }
    expect([...outcomes]).toEqual([
      "true cancelled withdrawn",
      "true cancelled expired",
      "false completed expired",
    ]);
  });

  test("ends with a decision before ask has finished", async () => {
    const got = await asked({}, [decides(1, yes("ada"))], [slow(ask, "5h")]);
    expect([got.status, got.endedAt]).toEqual(["approved", 1]);
  });

  test("rejects a second request of its id only while the first is open", async () => {
    const approved = approval("app/approve", { ask });
    const run = await simulate({ functions: [approved] }, async (t) => {
      const first = await t.client.start(approved, expense, { id: "e" });
      const again = { id: "e", key: "again" };
      const second = await endOf(t.client.call(approved, expense, again));
      await t.client.call(approved.decide, yes("ada"), { id: "e" });
      const third = await t.client.start(approved, expense, { id: "e", key: "third" });
      await t.client.call(approved.decide, no("ada"), { id: "e" });
      return [(await first.result()).status, second, (await third.result()).status];
    });
    expect(run.result).toMatchObject(["approved", { code: "ALREADY_OPEN" }, "rejected"]);
  });

  test("gives each caller its own result when requests follow closely", async () => {
    const approved = approval("app/approve", { ask });
    const twice = fn("app/twice", (ctx) => {
      ctx.send(approved.decide, yes("ada"), { id: "e", delay: "1s" });
      ctx.send(approved, expense, { id: "e", delay: "1s" });
      return ctx.invoke(approved, expense, { id: "e" });
    });
    const run = await simulate({ functions: [twice, approved] }, async (t) => {
      const { status } = await t.client.call(twice);
      await t.idle("1h");
      return status;
    });
    expect(run.result).toBe("approved");
    expect(await run.state(approved, "e")).toMatchObject({
      ballot: { status: "open", decisions: [] },
      ended: [],
    });
  });

  test.each([
    ["too few people", { ...three, quorum: 4 }, "INVALID_OPTIONS"],
    [
      "one person named twice, for a quorum of two",
      { approvers: () => ["ada", { person: "ada", role: "boss" }], quorum: 2 },
      "INVALID_OPTIONS",
    ],
    ["no approver of a role", { ...three, roles: { legal: 1 } }, "INVALID_OPTIONS"],
    [
      "too few people on all levels",
      { ...three, quorum: 5, escalation: [{ after: "1h", approvers: () => ["ada", "dan"] }] },
      "INVALID_OPTIONS",
    ],
    [
      "people without a name at a level",
      { ...three, escalation: [{ after: "1h", approvers: () => [""] }] },
      "INVALID_KEY",
    ],
    [
      "a promise of people at a level",
      { ...three, escalation: [{ after: "1h", approvers: async () => ["ada"] }] },
      "INVALID_OPTIONS",
    ],
    [
      "a level without people",
      { ...three, escalation: [{ after: "1h", approvers: () => undefined as never }] },
      "INVALID_OPTIONS",
    ],
    [
      "a level whose function throws",
      { ...three, escalation: [{ after: "1h", approvers: broken }] },
      "FUNCTION_FAILED",
    ],
    ["approvers without a name", { approvers: () => [""] }, "INVALID_KEY"],
    ["approvers that are not a list", { approvers: () => 5 as never }, "INVALID_OPTIONS"],
    ["a requester without a name", { requester: () => undefined as never }, "INVALID_KEY"],
  ] as const)("fails at once with %s", async (_, options, code) => {
    expect(
      (await asked(options as Partial<ApprovalOptions<Expense, string>>, [])).ended,
    ).toMatchObject({ code });
  });

  test.each([
    ["no name", { by: "", decision: "approve" }, "INVALID_KEY"],
    ["a name that is a number", { by: 0, decision: "approve" }, "INVALID_KEY"],
    ["another word", { by: "ada", decision: "maybe" }, "INVALID_INPUT"],
    ["nothing", undefined, "INVALID_INPUT"],
    ["null", null, "INVALID_INPUT"],
    ["a name instead of an object", "ada", "INVALID_INPUT"],
    ["a comment that is not text", { ...yes("ada"), comment: { html: "<b>" } }, "INVALID_INPUT"],
    ["a request name that is not text", { ...yes("ada"), request: 5 }, "INVALID_INPUT"],
  ])("refuses decisions with %s", async (_, decision, code) => {
    const approved = approval("app/approve", { ask });
    await simulate({ functions: [approved] }, async (t) => {
      const flow = await t.client.start(approved, expense, { id: "e" });
      await expect(
        t.client.call(approved.decide, decision as Decision, { id: "e" }),
      ).rejects.toMatchObject({ code });
      expect(await t.client.call(approved.view, undefined, { id: "e" })).toMatchObject({
        status: "open",
        decisions: [],
      });
      await t.client.cancel(flow);
    });
  });

  test.each([
    ["an empty delegation", "delegate", null, "INVALID_INPUT"],
    ["a delegation without a recipient", "delegate", { by: "ada" }, "INVALID_KEY"],
    [
      "a delegation with a comment that is not text",
      "delegate",
      { by: "ada", to: "dan", comment: 5 },
      "INVALID_INPUT",
    ],
    ["an empty withdrawal", "withdraw", undefined, "INVALID_INPUT"],
    ["a withdrawal without a name", "withdraw", {}, "INVALID_KEY"],
  ] as const)("refuses %s", async (_, operation, step, code) => {
    const approved = approval("app/approve", { ask });
    const call = simulate({ functions: [approved] }, (t) =>
      t.client.call(approved[operation] as StatefulFn<unknown, unknown>, step, { id: "e" }),
    );
    await expect(call).rejects.toMatchObject({ code });
  });

  test("waits for years and through a crash, and still takes a decision", async () => {
    const approved = approval("app/approve", { ask });
    const run = await simulate({ functions: [approved] }, async (t) => {
      const flow = await t.client.start(approved, expense, { id: "e", key: "flow" });
      await t.advance("1d");
      await t.crash({ downFor: "1d" });
      await t.advance("1000d");
      return [
        told(await t.client.call(approved.decide, yes("ada"), { id: "e" })),
        (await flow.result()).status,
      ];
    });
    expect(run.result).toEqual(["recorded, approved", "approved"]);
    expect(await run.meter.flow("flow")).toMatchObject({ billedMs: 0, beta: 1 });
  });

  test.each([0, "1s"] as const)(
    "gives its caller the result, even if it is kept for %s and the machine was down for longer",
    async (keepFor) => {
      const approved = approval("app/approve", { ask, keepFor, timeout: "1h" });
      const run = await simulate({ functions: [approved] }, async (t) => {
        const flow = await t.client.start(approved, expense, { id: "e" });
        await t.advance("1s");
        await t.client.call(approved.decide, yes("ada"), { id: "e" });
        await t.crash({ downFor: "5m" });
        const { status } = await flow.result();
        await t.advance("1h");
        return [status, (await t.client.call(approved.view, undefined, { id: "e" })) ?? "gone"];
      });
      expect(run.result).toEqual(["approved", "gone"]);
    },
  );

  test("has expired at its deadline, even before its timer fires", async () => {
    const approved = approval("app/approve", { ask, timeout: "1h" });
    const run = await simulate({ functions: [approved] }, async (t) => {
      const first = await t.client.start(approved, expense, { id: "e" });
      await t.advance("1m");
      await t.crash({ downFor: "2h" });
      const seen = await t.client.call(approved.view, undefined, { id: "e" });
      await t.crash({ downFor: "2h" });
      const second = await t.client.start(approved, expense, { id: "e", key: "second" });
      return [seen?.status, (await first.result()).status, (await second.result()).status];
    });
    expect(run.result).toEqual(["expired", "expired", "expired"]);
  });
});

describe("the audit", () => {
  test("is sent in the commit of the change, each entry once, through every crash", async () => {
    const book = stateful("app/book", {
      state: { lines: value<string[]>([]) },
      handlers: {
        add: (ctx, { action, by = "" }: AuditRecord) =>
          void ctx.state.lines.push(`${action} ${by}`),
      },
    });
    const approved = approval("app/approve", {
      ask,
      quorum: 2,
      audit: book.add,
      remind: { every: "1h", times: 1 },
    });
    const { run, points } = await everyCrash({ functions: [approved], egress: {} }, async (t) => {
      const flow = await t.client.start(approved, expense, { id: "e" });
      await t.advance("90m");
      const answers = [];
      for (const decision of [yes("ada"), no("ada"), yes("bob"), no("cy")])
        answers.push((await t.client.call(approved.decide, decision, { id: "e" })).status);
      return [(await flow.result()).status, answers];
    });
    expect(run.result).toEqual(["approved", ["recorded", "opposite", "recorded", "over"]]);
    expect(await run.state(book, "e")).toEqual({
      lines: ["asked ", "reminded ", "approved ada", "approved bob"],
    });
    expect(points).toBeGreaterThan(20);
  });

  test("has each entry once, at whichever commit the process crashes", async () => {
    const book = stateful("app/book", {
      state: { lines: value<string[]>([]) },
      handlers: {
        add: (ctx, { action, by, to }: AuditRecord) =>
          void ctx.state.lines.push([action, by, to].join(" ").trim()),
      },
    });
    const escalation = [{ after: "2h", approvers: () => ["boss"] }] as const;
    const approved = approval("app/approve", {
      ...three,
      ask,
      quorum: 3,
      escalation,
      timeout: "4h",
      onTimeout: take,
      audit: book.add,
    });
    const { run, points } = await everyCrash({ functions: [approved] }, async (t) => {
      const flow = await t.client.start(approved, expense, { id: "e" });
      await t.advance("1h");
      await t.client.call(approved.delegate, { by: "cy", to: "dan" }, { id: "e" });
      await t.client.call(approved.decide, yes("dan"), { id: "e" });
      await t.advance("4h");
      return flow.result();
    });
    expect(run.result).toMatchObject({
      status: "expired",
      value: "over to the boss after 1",
      decisions: [{ by: "dan" }],
    });
    expect(await run.state(book, "e")).toEqual({
      lines: ["asked", "delegated cy dan", "approved dan", "escalated", "expired"],
    });
    expect(points).toBeGreaterThan(20);
  });

  test("can go to an egress, with the names of the request", async () => {
    const approved = approval("app/approve", { ask, audit: "app/audit" });
    const run = await simulate(
      { functions: [approved], egress: { "app/audit": () => undefined } },
      async (t) => {
        const flow = await t.client.start(approved, expense, { id: "e" });
        await t.client.call(approved.decide, { ...yes("ada"), comment: "why not" }, { id: "e" });
        return flow.result();
      },
    );
    expect(run.egress.map((each) => each.value)).toMatchObject([
      { approval: "app/approve", id: "e", action: "asked" },
      { approval: "app/approve", id: "e", action: "approved", by: "ada", comment: "why not" },
    ]);
  });
});

describe("an approval is a function", () => {
  test.each(
    [onMemory, onSqlite, onPoorestLosing(0.2)].map((engine) => [engine.name, engine] as const),
  )("on %s", async (_, engine) => {
    const approved = approval("app/approve", {
      ask,
      quorum: 2,
      timeout: "20h",
      remind: { every: "1h" },
      onTimeout: take,
    });
    const decideAll = fn("app/decide-all", (ctx, people: readonly string[]) =>
      ctx.all(people.map((by) => ctx.invoke(approved.decide, yes(by), { id: "e" }))),
    );
    const both = fn("app/both", (ctx) => ({
      approved: ctx.invoke(approved, expense, { id: "e" }),
      expired: ctx.invoke(approved, expense, { id: "f" }),
      answers: ctx.onComplete(ctx.sleep("90m"), deciding),
    }));
    const deciding = fn("app/deciding", (ctx) => ctx.invoke(decideAll, ["ada", "bob", "ada"]));
    const host = await engine.start([both, deciding, decideAll, approved], {}, 7);
    const got = await host.client.call(both);
    expect(got).toMatchObject({
      approved: { status: "approved" },
      expired: { status: "expired", value: "over to the boss after 0" },
    });
    expect(got.answers.map(({ status }) => status).toSorted()).toEqual([
      "recorded",
      "recorded",
      "same",
    ]);
    await host.close();
  });

  test("can be raced, timed out, sent to, and replaced by a leaf", async () => {
    const approved = approval("app/approve", { ask });
    const leaf = fn("app/leaf", (ctx, _input: Expense) => ctx.onComplete(ctx.sleep("1h"), leafEnd));
    const leafEnd = fn("app/leaf-end", () => ({ status: "approved" }));
    const decideLater = fn("app/decide-later", (ctx) =>
      ctx.invoke(approved.decide, yes("ada"), { id: "e" }),
    );
    const results = [];
    for (const inner of [approved, leaf] as readonly Fn<Expense, { status: string }>[]) {
      const at = inner.operation === undefined ? {} : { id: "e" };
      const pick = fn("app/pick", (_, result: { status: string }) => result.status);
      const parent = fn("app/parent", (ctx) => {
        ctx.onComplete(ctx.sleep("1h"), decideLater);
        const late = ctx.timeout(
          ctx.invoke(inner, expense, inner.operation === undefined ? {} : { id: "other" }),
          "2h",
        );
        return {
          won: ctx.onComplete(ctx.race([ctx.invoke(inner, expense, at), ctx.invoke(never)]), pick),
          late: ctx.onSettled(late, settled),
        };
      });
      const never = fn("app/never", (ctx) => ctx.onComplete(ctx.sleep("10h"), leafEnd));
      const settled = fn("app/settled", (_, { status }: { status: string }) =>
        inner === leaf ? "rejected" : status,
      );
      const run = await simulate(
        { functions: [parent, approved, inner, leafEnd, decideLater, never, pick, settled] },
        (t) => t.client.call(parent),
      );
      await expectNoDoubleBilling(run);
      results.push(run.result);
    }
    expect(results[0]).toEqual({ won: "approved", late: "rejected" });
    expect(results[1]).toEqual(results[0]);
  });
});

describe("an approval next to one function that waits", () => {
  const naive = fn("app/naive", async (ctx, input: Expense): Promise<string> => {
    await ctx.get(
      ctx.invoke(ask, {
        approval: "",
        id: "e",
        request: "r",
        input,
        level: 0,
        reminder: 0,
        decisions: [],
        askedAt: 0,
      }),
    );
    const over = ctx.sleep("72h");
    const approvals = new Set<string>();
    for (;;) {
      const { ready } = await ctx.get(
        ctx.wait([ctx.event<Decision>("decision"), over], { count: 1 }),
      );
      const [first] = ready;
      if (first?.index === 1)
        return ctx
          .get(
            ctx.invoke(take, {
              approval: "",
              id: "e",
              request: "r",
              input,
              level: 0,
              reminder: 0,
              decisions: [],
              askedAt: 0,
            }),
          )
          .then(() => "expired");
      const { by, decision } = (first as unknown as { value: Decision }).value;
      if (decision === "reject") return "rejected";
      if (approvals.add(by).size === 2) return "approved";
    }
  });

  test.each([
    ["approved", [yes("ada"), yes("ada"), yes("bob")], 3],
    ["rejected", [yes("ada"), no("bob")], 2],
    ["expired", [yes("ada")], 72],
  ] as const)(
    "gives the same result, and bills nothing for the days in between: %s",
    async (status, decisions, hour) => {
      const approved = approval("app/approve", { ask, quorum: 2, timeout: "72h", onTimeout: take });
      const parts = [slow(ask, "2s"), slow(take, "2s")];
      const play = async (t: Simulated, say: (decision: Decision) => Promise<unknown>) => {
        for (const decision of decisions) {
          await t.advance("1h");
          await say(decision);
        }
      };
      const split = await simulate({ functions: [approved, ...parts] }, async (t) => {
        const flow = await t.client.start(approved, expense, { id: "e", key: "flow" });
        await play(t, (decision) => t.client.call(approved.decide, decision, { id: "e" }));
        return (await flow.result()).status;
      });
      const blocking = await simulate({ functions: [naive, ...parts] }, async (t) => {
        const flow = await t.client.start(naive, expense, { id: "flow" });
        await play(t, (decision) => t.client.signal(flow, "decision", decision));
        return flow.result();
      });
      expect([split.result, blocking.result]).toEqual([status, status]);
      const worked = status === "expired" ? 4000 : 2000;
      expect(await split.meter.flow("flow")).toMatchObject({
        billedMs: worked,
        blockedMs: 0,
        beta: 1,
      });
      const { billedMs } = await blocking.meter.flow("flow");
      // Asking takes two seconds before the 72 hours start.
      expect(billedMs).toBe(hour * HOUR + worked + (status === "expired" ? 4000 : 0));
    },
  );
});

describe("options of an approval", () => {
  test.each([
    ["no options", undefined, "INVALID_OPTIONS"],
    ["no ask", {}, "INVALID_OPTIONS"],
    ["an ask that is a plain function", { ask: () => 1 }, "INVALID_OPTIONS"],
    ["approvers that are not a function", { ask, approvers: ["ada"] }, "INVALID_OPTIONS"],
    ["a quorum of 0", { ask, quorum: 0 }, "INVALID_OPTIONS"],
    ["half a rejection", { ask, rejections: 0.5 }, "INVALID_OPTIONS"],
    ["roles without approvers", { ask, roles: { legal: 1 } }, "INVALID_OPTIONS"],
    ["a role that is a list", { ask, ...three, roles: ["legal"] }, "INVALID_OPTIONS"],
    ["a role with a count of 0", { ask, ...three, roles: { legal: 0 } }, "INVALID_OPTIONS"],
    ["roles that are null", { ask, ...three, roles: null }, "INVALID_OPTIONS"],
    ["missing levels", { ask, escalation: Array(2) }, "INVALID_OPTIONS"],
    [
      "approvers at a level, though anyone may decide",
      { ask, escalation: [{ after: "1h", approvers: () => ["boss"] }] },
      "INVALID_OPTIONS",
    ],
    ["a keepFor that is not a duration", { ask, keepFor: null }, "INVALID_DELAY"],
    ["a timeout that is not a duration", { ask, timeout: "long" }, "INVALID_DELAY"],
    ["an infinite timeout", { ask, timeout: Infinity }, "INVALID_DELAY"],
    ["an onTimeout that is not a function", { ask, onTimeout: "escalate" }, "INVALID_OPTIONS"],
    ["reminders without a time", { ask, remind: {} }, "INVALID_DELAY"],
    ["no reminders", { ask, remind: { every: "1h", times: 0 } }, "INVALID_OPTIONS"],
    ["an escalation that is not a list", { ask, escalation: "up" }, "INVALID_OPTIONS"],
    [
      "levels that go back in time",
      { ask, escalation: [{ after: "2h" }, { after: "1h" }] },
      "INVALID_OPTIONS",
    ],
    ["a level without a time", { ask, escalation: [{}] }, "INVALID_DELAY"],
    ["an audit that is not a destination", { ask, audit: 5 }, "INVALID_OPTIONS"],
    ["an option that does not exist", { ask, approver: "ada" }, "INVALID_OPTIONS"],
  ])("are rejected at definition: %s", (_, options, code) => {
    expect(() => approval("app/bad", options as never)).toThrow(expect.objectContaining({ code }));
  });
});

/** A second model of the outcome: the first sufficient decision is the last that counts. */
function outcome(decisions: readonly Decision[], quorum: number, rejections: number): string {
  const said = new Map<string, string>();
  for (const { by, decision } of decisions) {
    if (said.has(by)) continue;
    said.set(by, decision);
    const count = (what: string): number =>
      [...said.values()].filter((each) => each === what).length;
    if (count("reject") >= rejections) return "rejected";
    if (count("approve") >= quorum) return "approved";
  }
  return "expired";
}

test("decisions count in their order, once each, through crashes and repeats", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          by: fc.constantFrom("a", "b", "c", "d"),
          decision: fc.constantFrom("approve" as const, "reject" as const),
          after: fc.boolean(),
        }),
        { maxLength: 7 },
      ),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 2 }),
      schedules(),
      async (decisions, quorum, rejections, schedule) => {
        const approved = approval<Expense>("app/approve", {
          ask,
          quorum,
          rejections,
          timeout: "3d",
          remind: { every: "7h" },
        });
        const run = await simulate({ functions: [approved], schedule }, async (t) => {
          const early = decisions.filter(({ after }) => !after);
          const late = decisions.filter(({ after }) => after);
          for (const { by, decision } of early)
            await t.client.call(approved.decide, { by, decision }, { id: "e" });
          const flow = await t.client.start(approved, expense, { id: "e" });
          for (const { by, decision } of late) {
            await t.advance("3h");
            await t.client.call(approved.decide, { by, decision }, { id: "e" });
          }
          return { result: await flow.result(), order: [...early, ...late] };
        });
        const { result, order } = run.result;
        expect(result.status).toBe(outcome(order, quorum, rejections));
        const recorded = result.audit.filter(
          ({ action }) => action === "approved" || action === "rejected",
        );
        expect(recorded.map(({ by }) => by)).toEqual(result.decisions.map(({ by }) => by));
        expect(new Set(recorded.map(({ by }) => by)).size).toBe(recorded.length);
      },
    ),
  ));

test("errors of an approval have a code", () => {
  expect(() => approval("no-slash", { ask })).toThrow(HandbackError);
});
