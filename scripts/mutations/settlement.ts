import type { Mutation } from "./mutation.ts";

const CELL = "src/futures/combinators/cell.ts";
const FLOW = "src/futures/flow/flow.ts";
const JOIN = "src/futures/combinators/join.ts";
const DELIVER = "src/futures/protocol/deliver.ts";
const SETTLEMENT_LAWS = "test/laws/settlement.test.ts";
const REGRESSIONS = "test/laws/regressions.test.ts";
const CONFORMANCE = "test/conformance/embedded-memory.test.ts";

/** Who is told how a future ended, how often, and in what order. */
export const SETTLEMENT: readonly Mutation[] = [
  {
    breaks: "start: what was started under a key before a restart is forgotten",
    file: FLOW,
    find: "  if (record !== undefined) {\n    const same",
    replace:
      "  if (record !== undefined && record.number.slice(0, 6) === number.slice(0, 6)) {\n    const same",
    test: "test/durability/kills/every-commit.test.ts",
    killedBy: "a promise and an event are settled once by a client that asks again",
  },
  {
    breaks: "flows: one that is settled is settled again by what comes later",
    file: FLOW,
    find: "  if (record.ok !== undefined) return save(activation, summed);\n",
    replace: "",
    test: "test/laws/scope.test.ts",
    killedBy:
      "a canceled flow stays canceled, on every engine, even if its work continues and ends",
  },
  {
    breaks: "cells: a later settlement takes the place of the first",
    file: CELL,
    find: "  if (state.settled !== undefined) return state;\n  const kept = keep(activation, state, { ok",
    replace: "  const kept = keep(activation, state, { ok",
    test: "test/conformance/poorest-engine.test.ts",
    killedBy: "canceling an escaped future through its handle rejects all its holders in any flow",
  },
  {
    breaks: "cells: a late registration is lost",
    file: CELL,
    find: "  if (joined.settled !== undefined) return announce(activation, joined);\n",
    replace: "  if (joined.settled !== undefined) return joined;\n",
    test: SETTLEMENT_LAWS,
    killedBy: "a consumer sees a settlement once, whether it was registered early or late",
  },
  {
    breaks: "cells: a registration that comes before the future is made is lost",
    file: CELL,
    find: "    ...state,\n    made: true,\n",
    replace: "    ...state,\n    subscribers: [],\n    made: true,\n",
    test: "test/laws/programs.test.ts",
    killedBy: "naive(flow) = reference(flow): results, states, the calls of leaves, and the bill",
  },
  {
    breaks: "cells: one that held spilled consumers stays",
    file: CELL,
    find: "state.released || spill === true",
    replace: "state.released",
    test: CONFORMANCE,
    killedBy: "a stack of 2,000 continuations is spilled, and leaves nothing behind",
  },
  {
    breaks: "continuations: each is fired twice",
    file: DELIVER,
    find: "  const envelope = callEnvelope({ ...consumer, consumers }, payload);\n",
    replace:
      "  const envelope = callEnvelope({ ...consumer, consumers }, payload);\n  activation.send(envelope);\n",
    test: "test/laws/programs.test.ts",
    killedBy: "split(flow) = reference(flow): results, states, the calls of leaves, and the bill",
  },
  {
    breaks: "continuations: one that wants a value is called with a failure",
    file: DELIVER,
    find: "  if (!settled.ok) return pass(activation, consumer, settled, tally);\n",
    replace: "",
    test: "test/laws/continuation.test.ts",
    killedBy:
      "a failure short-circuits: no later continuation is called, and the failure arrives unchanged",
  },
  {
    breaks: "joins: the order of results is that of completion",
    file: JOIN,
    find: "state.texts.with(slot.index, slot.text)",
    replace: "state.texts.with(state.texts.length - state.left, slot.text)",
    test: "test/laws/join.test.ts",
    killedBy: "results have the order of their futures, under any schedule",
  },
  {
    breaks: "joins: a slot that comes before the opening message is lost",
    file: JOIN,
    find: "return { ...state, early: [...state.early, slot] };",
    replace: "return state;",
    test: "test/laws/programs.test.ts",
    killedBy: "split(flow) = reference(flow) on the poorest engine",
  },
  {
    breaks: "joins: a second failure is delivered, too",
    file: JOIN,
    find: "  if (state.over) {\n",
    replace: "  if (state.over && slot.ok) {\n",
    test: CONFORMANCE,
    killedBy: "joins, waits and rejections leave only the flow's record",
  },
  {
    breaks: "joins: one that has failed is gone before its last slot has come",
    file: JOIN,
    find: "state.opening === undefined || state.left > 0)",
    replace: "state.opening === undefined || (state.left > 0 && !state.over))",
    test: CONFORMANCE,
    killedBy: "joins, waits and rejections leave only the flow's record",
  },
  {
    breaks: "waits: what settles after one is over is given to it",
    file: "src/futures/combinators/wait.ts",
    find: "const enough = waiting !== undefined && !ticks.over && ",
    replace: "const enough = waiting !== undefined && ",
    test: REGRESSIONS,
    killedBy: "settlements after the end of a wait are not added to it",
  },
  {
    breaks: "events: one that comes before its waiter is lost",
    file: "src/futures/combinators/event.ts",
    find: "{ ...known, values: [...known.values, payload] }",
    replace:
      "{ ...known, values: known.waiters.length > 0 ? [...known.values, payload] : known.values }",
    test: REGRESSIONS,
    killedBy:
      "a completion counts even if it comes before the wait is registered, or between registration and parking",
  },
];
