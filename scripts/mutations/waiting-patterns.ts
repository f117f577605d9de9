import type { Mutation } from "./mutation.ts";

const AGGREGATOR = "src/patterns/aggregator/aggregator.ts";
const GATHERING = "src/patterns/aggregator/batch-buffer.ts";
const MONITOR = "src/patterns/monitor.ts";
const APPROVAL = "src/patterns/approval/approval.ts";
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
    file: AGGREGATOR,
    find: "!leaveIfDue(ctx, open, now) && open.bytes",
    replace: "open.bytes",
    test: AGGREGATOR_TESTS,
    killedBy:
      "an aggregator and time that was lost > keeps sessions apart, though the machine was down when the first one ended",
  },
  {
    breaks: "waiting patterns: the window of a name begins anew whenever it comes",
    file: "src/patterns/aggregator/dedupe-window.ts",
    find: "if (lines.includes(line)) return undefined;",
    replace: "",
    test: AGGREGATOR_TESTS,
    killedBy: "an event that comes again > changes nothing when its batch has left already",
  },
  {
    breaks: "waiting patterns: a silence is counted from the first event",
    file: GATHERING,
    find: "lastAt + gapMs",
    replace: "openedAt + gapMs",
    test: AGGREGATOR_TESTS,
    killedBy: "an aggregator hands its events on > after a silence",
  },
  {
    breaks: "waiting patterns: a monitor that is cancelled looks on",
    file: MONITOR,
    find: 'result.reason.code === "CANCELLED" || !isTolerated',
    replace: "!isTolerated",
    test: MONITOR_TESTS,
    killedBy:
      "a monitor that is cancelled > checks no more, and terminates nothing: in the last check of its grace",
  },
  {
    breaks: "waiting patterns: a monitor's check goes on after the deadline",
    file: MONITOR,
    find: "deadlineAt === undefined ? checked : ctx.timeout(",
    replace: "deadlineAt !== 0 ? checked : ctx.timeout(",
    test: MONITOR_TESTS,
    killedBy: "a monitor with a deadline > cuts off a check that is under way",
  },
  {
    breaks: "waiting patterns: a monitor looks once more at its deadline",
    file: MONITOR,
    find: "return graceMs > 0 ? look",
    replace: "return graceMs >= 0 ? look",
    test: MONITOR_TESTS,
    killedBy: "checks and ends follow from the options alone, whatever they are",
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
    killedBy: "an approval > counts as of a role who was asked as that, whatever a decision says",
  },
  {
    breaks: "waiting patterns: a vote that was handed on comes back with the next rung",
    file: BALLOT,
    find: " && !hasDelegated(ballot, approver.person)) approvers",
    replace: ") approvers",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that nobody answers > is not heard twice by who has handed the vote on and is named again on the next rung",
  },
  {
    breaks: "waiting patterns: a request is forgotten before who waits for it has been told",
    file: APPROVAL,
    find: "ctx.expireAfter(isNeeded ? FOR_EVER : keepMs);",
    replace: 'ctx.expireAfter(ballot?.status === "open" ? FOR_EVER : keepMs);',
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that goes wrong > tells who waits how it ended, though it is kept for 0 and the machine was down for longer",
  },
  {
    breaks: "waiting patterns: a monitor looks at another state each time",
    file: MONITOR,
    find: "after, ...(at !== undefined && { id: at }) }",
    replace: "after }",
    test: MONITOR_TESTS,
    killedBy:
      "a monitor > looks at one state with all its checks, and ends there, when these are operations of a stateful function",
  },
  {
    breaks: "waiting patterns: a decision counts after the time was up",
    file: APPROVAL,
    find: "act(overdue(before, now), now)",
    replace: "act(before, now)",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that nobody answers > is late for those who decide after its time, though the machine was down when that came",
  },
  {
    breaks:
      "waiting patterns: a request of the same id takes the place of one whose end nobody has been told",
    file: APPROVAL,
    find: "ctx.state.ended = [...ctx.state.ended, ctx.state.ballot];",
    replace: "ctx.state.ended = [];",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that goes wrong > tells each of those who wait how theirs has ended, when requests of one id follow close on each other",
  },
  {
    breaks: "waiting patterns: an approval goes on when whoever has asked is cancelled",
    file: APPROVAL,
    find: "save(ctx, ballot, note({ ...ballot, status: action }, { at: ctx.now(), action, comment }));",
    replace: "ctx.log.info(action, { comment });",
    test: APPROVAL_TESTS,
    killedBy:
      "an approval that goes wrong > is withdrawn when who has asked is cancelled: nobody is reminded any more, and whoever decides is told",
  },
  {
    breaks: "waiting patterns: a token is good for another approval",
    file: TOKENS,
    find: "claims === undefined || claims.approval !== approval",
    replace: "claims === undefined",
    test: TOKEN_TESTS,
    killedBy: "a token > is worth nothing elsewhere",
  },
];
