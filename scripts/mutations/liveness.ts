import type { Mutation } from "./mutation.ts";

const LIVENESS_LAWS = "test/laws/liveness.test.ts";
const BLOCKING_LAWS = "test/laws/blocking/slots.test.ts";
const CLIENT_WAITS = "test/engines/embedded/client-waits.test.ts";
const BLOCKING = "src/engines/embedded/blocking";
const HANDLER_BLOCKING = "src/engines/embedded/execution/handler-blocking.ts";
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
      "a get that needs a blocked handler, which needs the get's address, is a deadlock, through any combination of futures",
  },
  {
    breaks: "deadlocks: a ring of blocked handlers is not found",
    file: `${BLOCKING}/blocked-gets.ts`,
    find: "    for (const { cycle, victim } of deadlocks)\n",
    replace:
      "    for (const { cycle, victim } of deadlocks.filter((each) => each.cycle.length === 1))\n",
    test: LIVENESS_LAWS,
    killedBy: "handlers that block on each other in a ring, or on themselves, are rejected",
  },
  {
    breaks: "deadlocks: one that a commit closes is not found",
    file: `${BLOCKING}/deadlock-search.ts`,
    find: "if (this.#gets.size > 0 && this.#cancelSweep === undefined) this.#scheduleSweep();",
    replace: "",
    test: BLOCKING_LAWS,
    killedBy:
      "a deadlock that closes without a get and without a queued message is found within two seconds",
  },
  {
    breaks: "deadlocks: each handler that blocks searches among all others",
    file: `${BLOCKING}/deadlock-search.ts`,
    find: "if (isCheap) this.#search();",
    replace: "if (this.#changes > 0) this.#search();",
    test: "test/engines/embedded/blocked-handlers.test.ts",
    killedBy: "the search for deadlocks costs a constant for each handler that blocks",
  },
  {
    breaks: "deadlocks: a rejected get is part of another deadlock",
    file: `${BLOCKING}/blocked-gets.ts`,
    find: "    this.#rejected.add(get);\n",
    replace: "",
    test: "test/engines/embedded/embedded-engine.test.ts",
    killedBy:
      "a rejected get is part of no other deadlock, and its handler counts as blocked until it continues",
  },
  {
    breaks: "deadlocks: only one of several cycles is broken",
    file: `${BLOCKING}/wait-cycles.ts`,
    find: "      done.add(victim);\n",
    replace: "      return found;\n",
    test: "test/engines/embedded/wait-cycles.test.ts",
    killedBy: "taking the cycles out of a graph of waits > takes each of many cycles once",
  },
  {
    breaks: "deadlocks: a client's wait in a handler is not found",
    file: "src/futures/flow/leads-to.ts",
    find: "yield settledReplyKey(consumer.id);",
    replace: "continue;",
    test: CLIENT_WAITS,
    killedBy:
      "a client's wait in a handler > for a call of its own address is REENTRANT_CALL: a result at once",
  },
  {
    breaks: "slots: a handler in which a client waits keeps its slot",
    file: "src/engines/embedded/execution/client-waits.ts",
    find: "return running === undefined ?",
    replace: "return running === undefined || key !== '' ?",
    test: CLIENT_WAITS,
    killedBy: "calls by a client that nest deeper than there are slots end",
  },
  {
    breaks: "slots: a client's wait ends with its handler",
    file: "src/engines/embedded/blocking/blocked-gets.ts",
    find: "if (get.isClients !== true) get.stop();",
    replace: "get.stop();",
    test: CLIENT_WAITS,
    killedBy: "a client's wait in a handler > that is not awaited ends after its handler",
  },
  {
    breaks: "slots: a blocked handler keeps its slot",
    file: HANDLER_BLOCKING,
    find: "      slots.release();\n",
    replace: "      slots.acquire();\n      slots.release();\n",
    test: LIVENESS_LAWS,
    killedBy: "with concurrency 1, every naive flow finishes",
  },
  {
    breaks: "slots: a blocked handler continues without a slot",
    file: HANDLER_BLOCKING,
    find: "if (gets.isOnlyOne(ending.get)) slots.reserveFirst(() => this.#waitForMark(ending, true));",
    replace: "if (gets.isOnlyOne(ending.get)) (slots.reserve(), this.#waitForMark(ending, true));",
    test: BLOCKING_LAWS,
    killedBy:
      "handlers that block hold no slots: all calls end, and no more handlers work at once than there are slots",
  },
  {
    breaks: "slots: a handler that has not started comes before one that continues",
    file: "src/engines/embedded/mailboxes/handler-slots.ts",
    find: "    this.#released++;\n    this.#grant();",
    replace: "    this.#released++;\n    setTimeout(() => this.#grant());",
    test: BLOCKING_LAWS,
    killedBy: "a handler whose reply came continues before handlers that have not started",
  },
  {
    breaks: "slots: blocked handlers have no limit",
    file: `${BLOCKING}/blocked-limit.ts`,
    find: "if (blocked < this.#limit) return;",
    replace: "if (blocked >= 0) return;",
    test: BLOCKING_LAWS,
    killedBy:
      "at the limit of blocked handlers a further get is OVERLOADED, before its handler has sent anything",
  },
  {
    breaks: "slots: handlers that hold all slots are not reported",
    file: `${BLOCKING}/slot-watch.ts`,
    find: "if (slots.released === released) this.#report();",
    replace: "if (slots.released < released) this.#report();",
    test: "test/engines/embedded/blocked-handlers.test.ts",
    killedBy:
      "the log says once that no handler can start > because handlers that do not end hold all slots, which it counts by function",
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
    find: "    this.#graph.addCalls(ids);\n",
    replace: "",
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
