import type { Mutation } from "./mutation.ts";

const CELL = "src/futures/combinators/cell.ts";
const FLOW = "src/futures/flow/flow.ts";
const SIGNAL_KEYS = "src/futures/flow/signal-keys.ts";
const ALL = "src/futures/combinators/all.ts";
const DELIVER = "src/futures/protocol/deliver.ts";
const SETTLEMENT_LAWS = "test/laws/settlement.test.ts";
const REGRESSIONS = "test/laws/regressions.test.ts";
const CONFORMANCE = "test/conformance/embedded-memory.test.ts";

/** Who is told how a future ended, how often, and in what order. */
export const SETTLEMENT: readonly Mutation[] = [
  {
    breaks: "flow numbers: each process of a cluster claims the same number",
    file: "src/futures/flow/process-numbers.ts",
    find: "activation.write(VALUE, { json: { v: FORMAT, count: number } });",
    replace: "void [VALUE, FORMAT];",
    test: "test/futures/process-numbers.test.ts",
    killedBy: "processes that start at the same time never give two flows one number",
  },
  {
    breaks: "calls: the client asks a second time for the outcome",
    file: "src/futures/flow/flow.ts",
    find: '  activation.confirm(key, { outcome: "started", type, stateId });',
    replace: '  activation.replyTo(key, UNDEFINED, { outcome: "started", type, stateId });',
    test: "test/futures/call-answer.test.ts",
    killedBy:
      "a call on an engine that cannot be read from outside > sends one request, whether the flow is new, pending or settled",
  },
  {
    breaks: "starts: the same start again conflicts with itself",
    file: "src/futures/flow/flow.ts",
    find: "const isSame = isOfFunction &&",
    replace: "const isSame = isOfFunction && digest === null &&",
    test: "test/futures/call-answer.test.ts",
    killedBy: "a request that arrives again counts once, whatever the order",
  },
  {
    breaks: "start: a flow started under a key before a restart is forgotten",
    file: FLOW,
    find: "  if (record !== undefined) {\n    const same",
    replace:
      "  if (record !== undefined && record.number.slice(0, 6) === number.slice(0, 6)) {\n    const same",
    test: "test/durability/kills/every-commit.test.ts",
    killedBy: "a promise and an event are settled once by a client that retries",
  },
  {
    breaks: "signals: a key is not kept",
    file: SIGNAL_KEYS,
    find: "  activation.write(VALUE, { json: { v: FORMAT, keys: { ...keys, [name]: once.digest } } });\n",
    replace: "",
    test: "test/laws/signals/signal-keys.test.ts",
    killedBy: "a signal counts once under its key, on every engine",
  },
  {
    breaks: "signals: keys under way are not counted",
    file: SIGNAL_KEYS,
    find: "count < MOST_SIGNAL_KEYS",
    replace: "count < MOST_SIGNAL_KEYS + 1",
    test: "test/laws/signals/signal-keys.test.ts",
    killedBy: "a flow keeps 10,000 keys of signals, and refuses more, at a constant cost each",
  },
  {
    breaks: "signals: keys stay after their flow",
    file: SIGNAL_KEYS,
    find: "if (page !== undefined) activation.write(VALUE, { json: page }, keepUntil);",
    replace: "if (page !== undefined) activation.write(VALUE, { json: page });",
    test: "test/laws/signals/signal-keys.test.ts",
    killedBy: "the keys of a flow are gone from the store with its record",
  },
  {
    breaks: "signals: the page sends the event past the flow, so a later signal overtakes it",
    file: SIGNAL_KEYS,
    find: '  sendSystemMessage(activation, { to: "flow", id: flow, name: "admit", control, payload });',
    replace:
      '  sendSystemMessage(activation, { to: "event", id: `${event}\\n${flow}`, name: "signal", control: null, payload });\n  activation.replyTo(key, UNDEFINED, { outcome: "signalled" });',
    test: "test/laws/signals/signal-keys.test.ts",
    killedBy: "a signal counts once under its key, on every engine",
  },
  {
    breaks: "flows: a later settlement replaces the first",
    file: FLOW,
    find: "record.ok !== undefined || isOfEarlierRun(record, run)",
    replace: "isOfEarlierRun(record, run)",
    test: "test/laws/scope.test.ts",
    killedBy:
      "a canceled flow stays canceled, on every engine, even if its work continues and ends",
  },
  {
    breaks: "cells: a later settlement replaces the first",
    file: CELL,
    find: "  if (state.settled !== undefined) return serveLate(activation, state, settled);\n",
    replace: "",
    test: "test/conformance/poorest-engine.test.ts",
    killedBy: "canceling an escaped future through its handle rejects all its holders in any flow",
  },
  {
    breaks: "cells: a late subscriber is lost",
    file: CELL,
    find: "  if (joined.settled !== undefined) return serveSubscribers(activation, joined);\n",
    replace: "  if (joined.settled !== undefined) return joined;\n",
    test: SETTLEMENT_LAWS,
    killedBy: "a consumer sees a settlement once, whether it was registered early or late",
  },
  {
    breaks: "cells: a subscriber that overtakes the cell's creation is lost",
    file: CELL,
    find: "    ...state,\n    made: true,\n",
    replace: "    ...state,\n    subscribers: [],\n    made: true,\n",
    test: "test/laws/programs.test.ts",
    killedBy: "naive(flow) = reference(flow): results, states, the calls of leaves, and the bill",
  },
  {
    breaks: "cells: a cell of spilled consumers stays behind",
    file: CELL,
    find: "state.released || spill === true",
    replace: "state.released",
    test: CONFORMANCE,
    killedBy: "a stack of 2,000 continuations is spilled, and leaves nothing behind",
  },
  {
    breaks: "continuations: each is called twice",
    file: DELIVER,
    find: "  const envelope = callEnvelope(consumer, payload, consumers);\n",
    replace:
      "  const envelope = callEnvelope(consumer, payload, consumers);\n  activation.send(envelope);\n",
    test: "test/laws/programs.test.ts",
    killedBy: "split(flow) = reference(flow): results, states, the calls of leaves, and the bill",
  },
  {
    breaks: "continuations: one that wants a value is called with a failure",
    file: DELIVER,
    find: "    return settled.ok\n      ? startCall(activation, consumer, settled, tally)\n      : skipCall(activation, consumer, settled, tally);",
    replace: "    return startCall(activation, consumer, settled, tally);",
    test: "test/laws/continuation.test.ts",
    killedBy:
      "a failure short-circuits: no later continuation is called, and the failure arrives unchanged",
  },
  {
    breaks: "all: results have the order of completion",
    file: ALL,
    find: "state.texts.with(branch.index, branch.text)",
    replace: "state.texts.with(state.texts.length - state.left, branch.text)",
    test: "test/laws/join.test.ts",
    killedBy: "results have the order of their futures, under any schedule",
  },
  {
    breaks: "all: a branch that settles before the opening message is lost",
    file: ALL,
    find: "  if (opening === undefined) return { ...state, early: [...state.early, branch] };\n  const left",
    replace: "  if (opening === undefined) return state;\n  const left",
    test: "test/laws/programs.test.ts",
    killedBy: "split(flow) = reference(flow) on the poorest engine",
  },
  {
    breaks: "all: a second failure is delivered, too",
    file: ALL,
    find: "  if (state.over) {\n    billFlow(activation, state.tally, opening.flow);\n    // Nothing",
    replace:
      "  if (state.over && branch.ok) {\n    billFlow(activation, state.tally, opening.flow);\n    // Nothing",
    test: CONFORMANCE,
    killedBy: "joins, waits and rejections leave only the flow's record",
  },
  {
    breaks: "all: a failed instance is deleted before its last branch has settled",
    file: ALL,
    find: "state.opening === undefined || state.left > 0)",
    replace: "state.opening === undefined || (state.left > 0 && !state.over))",
    test: CONFORMANCE,
    killedBy: "joins, waits and rejections leave only the flow's record",
  },
  {
    breaks: "wait: a settlement after its end is added to it",
    file: "src/futures/combinators/wait.ts",
    find: "  if (arrivals.over) {\n    billFlow(activation, arrivals.tally ?? NO_USAGE, opening.flow);\n    return saveWait(activation, opening, { ...arrivals, tally: NO_USAGE });\n  }\n",
    replace: "",
    test: REGRESSIONS,
    killedBy: "settlements after the end of a wait are not added to it",
  },
  {
    breaks: "events: an event that arrives before its waiter is lost",
    file: "src/futures/combinators/event.ts",
    find: "serveFirst(activation, queue) ?? keepValue(activation, queue)",
    replace: "serveFirst(activation, queue) ?? queue",
    test: REGRESSIONS,
    killedBy:
      "a completion counts even if it comes before the wait is registered, or between registration and parking",
  },
];
