import type { Mutation } from "../mutation.ts";

const HELD = "src/engines/embedded/pausing/held-messages.ts";
const PAUSED = "src/engines/embedded/pausing/pauses.ts";
const FLOW = "src/futures/flow/flow.ts";
const MAILBOXES = "src/engines/embedded/mailboxes/mailboxes.ts";
const CONFORMANCE = "test/conformance/embedded-memory.test.ts";
const LAWS = "test/laws/repair/pauses.test.ts";
const TESTS = "test/futures/repair/pause.test.ts";

/** Flows and functions that a client holds back. */
export const PAUSES: readonly Mutation[] = [
  {
    breaks: "pauses: a paused flow goes on",
    file: PAUSED,
    find: "if (flow !== undefined && this.#flows.has(flow)) return flowPauseId(flow);",
    replace: "void [flow, flowPauseId];",
    test: CONFORMANCE,
    killedBy:
      "no handler of a paused flow starts, until it is resumed; its timers keep their instants",
  },
  {
    breaks: "pauses: a file lists none",
    file: "src/stores/sqlite/tables/state.ts",
    find: "const select = type === PAUSE_TYPE ? this.#selectPauses : this.#selectIds;",
    replace: "const select = type === PAUSE_TYPE ? this.#selectIds : this.#selectIds;",
    test: "test/stores/sqlite/sqlite-store.test.ts",
    killedBy: "sqlite() as a store > lists the ids of pauses, which are states of the system",
  },
  {
    breaks: "pauses: they end with the process",
    file: "src/engines/embedded/engine.ts",
    find: "    if (lists !== undefined) this.#rooms.held.recover(lists);\n",
    replace: "    void lists;\n",
    test: LAWS,
    killedBy:
      "a crash at any commit of a pause or its end changes nothing, and nothing paused runs",
  },
  {
    breaks: "pauses: held messages go back in the wrong order",
    file: MAILBOXES,
    find: "for (const message of messages.toReversed()) known.queue.unshift(message);",
    replace: "for (const message of messages) known.queue.push(message);",
    test: TESTS,
    killedBy:
      "a held message comes back before those of its flow that queue behind another handler",
  },
  {
    breaks: "pauses: a message goes on when the first of two pauses ends",
    file: HELD,
    find: "      if (other !== undefined) this.#index(other, at);\n",
    replace: "",
    test: CONFORMANCE,
    killedBy: "a message that a flow and a function hold waits for the end of both pauses",
  },
  {
    breaks: "pauses: that of a flow outlives it",
    file: FLOW,
    find: '  if (record.pausedAt !== undefined) sendPause(activation, record, "end");\n',
    replace: "",
    test: CONFORMANCE,
    killedBy: "a flow that was paused leaves nothing behind",
  },
  {
    breaks: "pauses: the end of a pause runs a paused call as well",
    file: FLOW,
    find: '    return activation.replyTo(repair.key, UNDEFINED, { outcome: "resumed" });\n  }\n  const chosen',
    replace: "  }\n  const chosen",
    test: CONFORMANCE,
    killedBy: "a flow with a call that failed goes on first, then the call",
  },
  {
    breaks: "pauses: that of a function misses its former names and the stages of a pattern",
    file: PAUSED,
    find: "return [...names, ...names.flatMap((name) => patternOfStage(name) ?? [])];",
    replace: "return names.slice(0, patternOfStage.length);",
    test: TESTS,
    killedBy:
      "the pause of a function holds its messages under all names, and the stages of a pattern",
  },
  {
    breaks: "pauses: held messages do not count as backlog",
    file: "src/engines/embedded/intake/admission.ts",
    find: "backlog.at(address) + held.sizeAt(address);",
    replace: "backlog.at(address) + 0 * held.sizeAt(address);",
    test: TESTS,
    killedBy: "messages that a pause holds count for the limit of their address",
  },
];
