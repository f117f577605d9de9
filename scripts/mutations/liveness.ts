import type { Mutation } from "./mutation.ts";

const LIVENESS_LAWS = "test/laws/liveness.test.ts";
const METER = "src/core/activation/meter.ts";
const METER_LAWS = "test/laws/meter.test.ts";
const METER_TESTS = "test/conformance/meter.test.ts";

/** What must not wait for ever. */
export const LIVENESS: readonly Mutation[] = [
  {
    breaks: "deadlocks: a ring of futures that forward to each other is not found",
    file: "src/futures/combinators/cell.ts",
    find: "  if (spill !== true) startCycleProbe(activation, consumers);\n",
    replace: "",
    test: LIVENESS_LAWS,
    killedBy: "futures that forward to each other in a ring, or to themselves, are rejected",
  },
  {
    breaks: "deadlocks: a deadlock behind an `all` is not found",
    file: "src/futures/flow/leads-to.ts",
    find: "return isStuck(missing.size) && !isStuck(before)",
    replace: 'return combinator.kind !== "all" && isStuck(missing.size) && !isStuck(before)',
    test: LIVENESS_LAWS,
    killedBy:
      "with concurrency 1, a get that needs a blocked handler is a deadlock, through any combination of futures",
  },
  {
    breaks: "deadlocks: handlers that hold all slots and wait for another one are not found",
    file: "src/engines/embedded/execution/deadlock-search.ts",
    find: "this.#areAllSlotsBlocked() ? [...mailboxes.waiting()] : []",
    replace: "[]",
    test: LIVENESS_LAWS,
    killedBy:
      "with concurrency 1, a naive flow of depth 2 is reported as a deadlock, and the engine continues",
  },
  {
    breaks: "deadlocks: a ring of blocked handlers is not found",
    file: "src/engines/embedded/execution/blocked-gets.ts",
    find: "    if (cycle !== undefined) return this.#rejectYoungest",
    replace: "    if (cycle?.length === 1) return this.#rejectYoungest",
    test: LIVENESS_LAWS,
    killedBy: "handlers that block on each other in a ring, or on themselves, are rejected",
  },
];

/** What is billed. */
export const BILLING: readonly Mutation[] = [
  {
    breaks: "ids: the children of a message have the same mark",
    file: "src/core/message/child-ids.ts",
    find: "hex(mix(this.#high + step)) + hex(mix(this.#middle + step))",
    replace: "hex(mix(this.#high)) + hex(mix(this.#middle))",
    test: "test/core/child-ids.test.ts",
    killedBy:
      "the ids of the messages that one message causes > have marks that cancel out only together",
  },
  {
    breaks: "the meter: blocked time is not subtracted",
    file: "src/futures/flow/bill.ts",
    find: "billedNs - blockedNs;",
    replace: "billedNs;",
    test: METER_LAWS,
    killedBy: "A + D = B: a flow's bill is its active time plus its blocked time, in either build",
  },
  {
    breaks: "the meter: overlapping gets are charged one by one",
    file: METER,
    find: "if (--this.#gets === 0) this.#blockedNs",
    replace: "--this.#gets;\n    this.#blockedNs",
    test: METER_LAWS,
    killedBy: "overlapping gets are charged their union",
  },
  {
    breaks: "the meter: calls are not counted",
    file: "src/futures/run/run.ts",
    find: "addUsage(markOfMessage(this.#activation.envelope.id), this.#graph.callMarks())",
    replace: "markOfMessage(this.#activation.envelope.id)",
    test: METER_TESTS,
    killedBy: "a bill grows while a flow runs, and is final when every run of it is in",
  },
  {
    breaks: "the meter: a bill is final while runs are pending",
    file: "src/futures/flow/bill.ts",
    find: "settled && isUsageComplete(tally)",
    replace: "settled",
    test: METER_TESTS,
    killedBy: "a bill grows while a flow runs, and is final when every run of it is in",
  },
  {
    breaks: "the meter: only the last branch of an `all` is billed",
    file: "src/futures/combinators/all.ts",
    find: "const counted = { ...state, tally: addUsage(state.tally, tally) };\n  saveAll",
    replace: "const counted = { ...state, tally };\n  saveAll",
    test: METER_LAWS,
    killedBy: "a naive fan-out bills sum d + (d1 + max d2 + d3), the split one sum d",
  },
];
