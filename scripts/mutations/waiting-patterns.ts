import type { Mutation } from "./mutation.ts";

const AGGREGATOR = "src/patterns/aggregator/aggregator.ts";
const GATHERING = "src/patterns/aggregator/batch-buffer.ts";
const MONITOR = "src/patterns/monitor.ts";
const DECISIONS = "src/patterns/approval/decisions.ts";
const BALLOT = "src/patterns/approval/ballot.ts";
const TOKENS = "src/patterns/approval/approval-tokens.ts";
const AGGREGATOR_TESTS = "test/patterns/aggregator.test.ts";
const MONITOR_TESTS = "test/patterns/monitor.test.ts";
const APPROVAL_TESTS = "test/patterns/approval.test.ts";
const TOKEN_TESTS = "test/patterns/approval-tokens.test.ts";

/** What the patterns of people and time promise. */
export const WAITING_PATTERNS: readonly Mutation[] = [
  {
    breaks: "waiting patterns: an aggregator's batch leaves, and stays",
    file: AGGREGATOR,
    find: "    ctx.state.open = undefined;\n",
    replace: "",
    test: AGGREGATOR_TESTS,
    killedBy: "through every crash > each event leaves once, with calls",
  },
  {
    breaks: "waiting patterns: an event joins a batch that was due before it came",
    file: "src/patterns/aggregator/decisions.ts",
    find: "open && (dueReason(open, rules, now) ?? overflowReason(open, bytes, rules))",
    replace: "open && overflowReason(open, bytes, rules)",
    test: AGGREGATOR_TESTS,
    killedBy:
      "an aggregator after downtime > keeps two sessions apart, even if the first ended while it was down",
  },
  {
    breaks: "waiting patterns: the window of a name begins anew whenever it comes",
    file: "src/patterns/aggregator/dedupe-window.ts",
    find: "if (lines.includes(line)) return undefined;",
    replace: "",
    test: AGGREGATOR_TESTS,
    killedBy: "a repeated event > changes nothing after its batch has left",
  },
  {
    breaks: "waiting patterns: a deploy that remembers more names forgets where it kept them",
    file: "src/patterns/aggregator/dedupe-grouping.ts",
    find: "former: [[before.count, now + windowMs], ...former] }",
    replace: "former }",
    test: "test/laws/deploy/dedupe-max.test.ts",
    killedBy:
      "an event is a duplicate within its time, and only then, whatever deploys raise the number of names meanwhile",
  },
  {
    breaks: "waiting patterns: a silence is counted from the first event",
    file: GATHERING,
    find: "lastAt + gapMs",
    replace: "openedAt + gapMs",
    test: AGGREGATOR_TESTS,
    killedBy: "an aggregator sends a batch > after a silence",
  },
  {
    breaks: "waiting patterns: a monitor that is cancelled looks on",
    file: MONITOR,
    find: 'handbackCode(result.reason) === "CANCELLED" || !isTolerated',
    replace: "!isTolerated",
    test: MONITOR_TESTS,
    killedBy:
      "a canceled monitor > checks no more and does not call onDeadline: during the last check of its grace",
  },
  {
    breaks: "waiting patterns: a monitor's check goes on after the deadline",
    file: MONITOR,
    find: "deadlineAt === undefined ? checked : ctx.timeout(",
    replace: "deadlineAt !== 0 ? checked : ctx.timeout(",
    test: MONITOR_TESTS,
    killedBy: "a monitor with a deadline > cancels a running check",
  },
  {
    breaks: "waiting patterns: a monitor looks once more at its deadline",
    file: MONITOR,
    find: "if (graceMs > 0) return look",
    replace: "if (graceMs >= 0) return look",
    test: MONITOR_TESTS,
    killedBy: "the options alone determine the checks and the end",
  },
  {
    breaks: "waiting patterns: a person approves twice",
    file: BALLOT,
    find: "if (earlier !== undefined) {",
    replace: "if (earlier === null) {",
    test: APPROVAL_TESTS,
    killedBy: "an approval > counts one person once",
  },
  {
    breaks: "waiting patterns: who decides says in which role",
    file: "src/patterns/approval/decision-input.ts",
    find: "decision, ...remarks(what, more) }",
    replace: "decision, ...more }",
    test: APPROVAL_TESTS,
    killedBy: "an approval > takes the role from the approvers, not from the decision",
  },
  {
    breaks: "waiting patterns: a delegated vote comes back with the next escalation level",
    file: BALLOT,
    find: " && !hasDelegated(ballot, approver.person)) approvers",
    replace: ") approvers",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval without an answer > a person who delegated gets no second vote at the next level",
  },
  {
    breaks: "waiting patterns: a request is forgotten before who waits for it has been told",
    file: DECISIONS,
    find: 'ballot?.status === "open" || ballot?.waiting !== undefined || ended.length > 0',
    replace: 'ballot?.status === "open"',
    test: "test/patterns/approval/decisions.test.ts",
    killedBy: "deciding > ends the request with the last approval it needs, and wakes the caller",
  },
  {
    breaks: "waiting patterns: a monitor looks at another state each time",
    file: MONITOR,
    find: "    ...(at !== undefined && { id: at }),\n",
    replace: "",
    test: MONITOR_TESTS,
    killedBy: "a monitor > runs all stateful checks and onDeadline on one state",
  },
  {
    breaks: "waiting patterns: a decision counts after the time was up",
    file: DECISIONS,
    find: "act(expireOverdue(state.ballot, now))",
    replace: "act(state.ballot)",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval without an answer > rejects a decision after the deadline, even if it was down at the deadline",
  },
  {
    breaks:
      "waiting patterns: a request of the same id takes the place of one whose end nobody has been told",
    file: DECISIONS,
    find: "previous?.waiting === undefined ? ended : [...ended, previous]",
    replace: "ended",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that goes wrong > gives each caller its own result when requests follow closely",
  },
  {
    breaks: "waiting patterns: an approval goes on when whoever has asked is cancelled",
    file: DECISIONS,
    find: "store(before, endOpenBallot(ballot, isCanceled, now), rules)",
    replace: "unchanged(before, undefined)",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that goes wrong > is withdrawn when its flow is canceled, and reminders stop",
  },
  {
    breaks: "waiting patterns: a token is good for another approval",
    file: TOKENS,
    find: "claims === undefined || claims.approval !== approval",
    replace: "claims === undefined",
    test: TOKEN_TESTS,
    killedBy: "a token > is invalid for another approval and another secret",
  },
];
