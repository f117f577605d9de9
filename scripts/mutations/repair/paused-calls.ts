import type { Mutation } from "../mutation.ts";

const PAUSED_CALL = "src/futures/combinators/paused-call.ts";
const PAUSE = "src/futures/run/pause-call.ts";
const BULK = "src/futures/client/bulk/bulk-operations.ts";
const CONFORMANCE = "test/conformance/embedded-memory.test.ts";
const LAWS = "test/laws/repair/paused-calls.test.ts";
const PATTERNS = "test/patterns/when-failed.test.ts";

/** Calls that wait for a person, and decisions about them. */
export const REPAIR: readonly Mutation[] = [
  {
    breaks: "paused calls: a resumed call stays put aside",
    file: PAUSED_CALL,
    find: "  activation.delete(VALUE);\n",
    replace: "",
    test: CONFORMANCE,
    killedBy: "a call that was paused leaves nothing behind",
  },
  {
    breaks: "paused calls: a resumed call has another idempotency key",
    file: PAUSED_CALL,
    find: "if (newKey !== true) return hasInput",
    replace: "if (newKey === false) return hasInput",
    test: CONFORMANCE,
    killedBy: "a call that throws pauses with its consumers, and runs again under the same key",
  },
  {
    breaks: "paused calls: the policy of a resumed call is used up",
    file: PAUSED_CALL,
    find: "resumedAfter: retries };",
    replace: "resumedAfter: 0 };",
    test: CONFORMANCE,
    killedBy: "the policy of a resumed call starts afresh, and its attempts count on",
  },
  {
    breaks: "paused calls: the cancellation of its scope does not reach a call",
    file: PAUSED_CALL,
    find: "if (stopped !== undefined) cancelStopped(activation, stopped);",
    replace: "void [stopped, cancelStopped];",
    test: CONFORMANCE,
    killedBy: "a paused flow is canceled like any other, and clean-up hears that the call threw",
  },
  {
    breaks: "paused calls: a flow that ends otherwise keeps them",
    file: "src/futures/flow/flow.ts",
    find: "  for (const { call } of record.paused ?? []) endPausedCall(activation, call);\n",
    replace: "",
    test: CONFORMANCE,
    killedBy: "a flow that ends leaves no paused call behind, and its failure passes on",
  },
  {
    breaks: "pausing: a failure of another function that is passed on pauses",
    file: PAUSE,
    find: "  return isOwn && !isPassedOn;",
    replace: "  return isOwn || isPassedOn;",
    test: LAWS,
    killedBy: "a blocking handler that passes on a failure fails with it",
  },
  {
    breaks: "pausing: a terminal error pauses",
    file: PAUSE,
    find: `code === "CANCELLED" || code === "FUNCTION_FAILED"`,
    replace: `code === "CANCELLED"`,
    test: CONFORMANCE,
    killedBy: "failures that are not of a handler itself never pause",
  },
  {
    breaks: "pausing: calls below a caller that deals with failures pause",
    file: "src/futures/run/compile-graph.ts",
    find: "noPause: plan.noPause ?? graph.noPause,",
    replace: "noPause: plan.noPause,",
    test: CONFORMANCE,
    killedBy: "failures that are not of a handler itself never pause",
  },
  {
    breaks: "pausing: a poisoned call becomes a dead letter",
    file: "src/futures/run/poison-call.ts",
    find: "  if (mayPause(spec, activation)) return pausePoisoned(activation, crashes);\n",
    replace: "  void [spec, mayPause, pausePoisoned];\n",
    test: LAWS,
    killedBy: "a call that crashes the process pauses, and is resumed as it was",
  },
  {
    breaks: "pausing: the branches of a tolerant fan-out pause",
    file: "src/patterns/fan-out/failure-policy.ts",
    find: `return isStrict ? undefined : { whenFailed: "fail" };`,
    replace: "return void isStrict;",
    test: PATTERNS,
    killedBy: "branches of a fan-out pause unless it has a failure policy",
  },
  {
    breaks: "operations on many flows: a dry run changes them",
    file: "src/futures/client/bulk/run-in-bulk.ts",
    find: "dryRun ? [] :",
    replace: "!dryRun && flows.length === 0 ? [] :",
    test: "test/futures/repair/bulk.test.ts",
    killedBy:
      "each operation changes exactly the flows that it is for, in batches, and a dry run none",
  },
  {
    breaks: "operations on many flows: they begin again at the first flow",
    file: "src/futures/client/bulk/run-in-bulk.ts",
    find: "let cursor = from as string | undefined;",
    replace: "let cursor = void from as string | undefined;",
    test: "test/futures/repair/bulk.test.ts",
    killedBy: "an operation that is stopped goes on with the cursor of its last report",
  },
  {
    breaks: "operations on many flows: a filter that is no object means all flows",
    file: BULK,
    find: "  readFlowsFilter(name, filter);\n",
    replace: "  void [readFlowsFilter, name];\n",
    test: "test/futures/repair/bulk.test.ts",
    killedBy: "the filter null is refused by each operation, so that none means all flows",
  },
  {
    breaks:
      "operations on many flows: a call that has gone on keeps the other calls of its flow paused",
    file: BULK,
    find: "(await unlessGoneOn(() => client.resume(id, { call }))) || hasResumed;",
    replace: "(await client.resume(id, { call }).then(() => true)) || hasResumed;",
    test: "test/futures/repair/bulk.test.ts",
    killedBy: "a flow of which one paused call has gone on meanwhile gets its other calls resumed",
  },
];
