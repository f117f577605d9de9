import type { Mutation } from "./mutation.ts";

const DELAYED_MESSAGES = "src/engines/embedded/timers/delayed-messages.ts";
const EFFECT_WRITER = "src/engines/embedded/execution/effect-writer.ts";
const EXPIRY_COLLECTOR = "src/engines/embedded/timers/expiry-collector.ts";
const TIMER_TESTS = "test/durability/timers/timers.test.ts";
const TIMER_LAWS = "test/laws/timer.test.ts";
const EXPIRY_TESTS = "test/durability/timers/expiry.test.ts";
const EXPIRY_LAWS = "test/laws/expiry.test.ts";

/** What happens at an instant. */
export const TIMER: readonly Mutation[] = [
  {
    breaks: "timers: the time of a dead process in a simulation stands still",
    file: "src/testing/simulation/host/process-clock.ts",
    find: "clock.monotonicNs() + skippedNs",
    replace: "clock.monotonicNs()",
    test: "test/testing/process-clock.test.ts",
    killedBy: "a timer of 30000 ms of a dead process fires at once, although it measures time",
  },
  {
    breaks: "timers: one fires a millisecond early",
    file: DELAYED_MESSAGES,
    find: "(next.dueAt ?? 0) <= now &&",
    replace: "(next.dueAt ?? 0) <= now + 1 &&",
    test: TIMER_LAWS,
    killedBy: "timers: none early, none lost, none twice, over restarts",
  },
  {
    breaks: "timers: one beyond the horizon is lost",
    file: DELAYED_MESSAGES,
    find: "this.#horizon = Math.max(this.#horizon, horizon);",
    replace: "this.#horizon = Number.POSITIVE_INFINITY;",
    test: TIMER_LAWS,
    killedBy: "timers: none early, none lost, none twice, over restarts",
  },
  {
    breaks: "timers: one stays in the store after it has fired",
    file: "src/engines/embedded/execution/activations.ts",
    find: "      commits.remove(message);\n      leftWork",
    replace: "      leftWork",
    test: TIMER_LAWS,
    killedBy: "timers: none early, none lost, none twice, over restarts",
  },
  {
    breaks: "timers: one continues after the engine was closed",
    file: "src/engines/embedded/timers/timers.ts",
    find: "    if (this.#isStopped || this.#isPaused) return;\n",
    replace: "",
    test: TIMER_TESTS,
    killedBy: "a closed engine leaves no timer set, though one was being committed",
  },
  {
    breaks: "timers: those of one instant lose their order",
    file: "src/engines/embedded/timers/due-heap.ts",
    find: "dueX === dueY && x.seq < y.seq",
    replace: "dueX === dueY && x.seq > y.seq",
    test: TIMER_TESTS,
    killedBy:
      "messages of one instant keep their order when some were sent before a restart and some after",
  },
  {
    breaks: "timers: one that is loaded while its commit is in flight fires twice",
    file: DELAYED_MESSAGES,
    find: " && !this.#parts.commits.changes(seq)",
    replace: "",
    test: TIMER_TESTS,
    killedBy: "a timer read from the store before its commit resolves fires once",
  },
  {
    breaks: "cancelSend: it is ignored",
    file: EFFECT_WRITER,
    find: "    for (const token of cancels) this.#cancelDelayed(address, token);\n",
    replace: "",
    test: TIMER_LAWS,
    killedBy:
      "a token names one pending message: it is delivered, replaced or canceled, and no other is",
  },
  {
    breaks: "cancelSend: a message whose commit is in flight is still delivered",
    file: DELAYED_MESSAGES,
    find: "    if (message.token !== undefined && this.#cancellingTokens.has(message.token)) return;\n",
    replace: "",
    test: TIMER_TESTS,
    killedBy:
      "a message canceled during its own commit does not arrive, though it is due by then (commits visible at once)",
  },
  {
    breaks: "cancelSend: a message of a blocking handler is not canceled",
    file: EFFECT_WRITER,
    find: "const owner = envelope.caller ?? sender;",
    replace: "const owner = sender;",
    test: "test/durability/kills/every-commit.test.ts",
    killedBy:
      "a blocked handler takes an event once, and can cancel a message that an earlier run sent",
  },
  {
    breaks: "expiry: a value lives at the instant at which it expires",
    file: "src/core/activation/activation.ts",
    find: "expiresAt !== undefined && expiresAt <= this.now",
    replace: "expiresAt !== undefined && expiresAt < this.now",
    test: EXPIRY_LAWS,
    killedBy:
      "expiry is exact: a value exists before the instant and is initial from it on, counted from the last write",
  },
  {
    breaks: "expiry: only the age of an aged-out state is deleted",
    file: EXPIRY_COLLECTOR,
    find: "name === AGE_OUT_VALUE ? state.names : [name]",
    replace: "[name]",
    test: EXPIRY_TESTS,
    killedBy: "expiry > an aged-out state is gone for readers and handlers, collected or not",
  },
  {
    breaks: "expiry: the state of a running handler is deleted",
    file: EXPIRY_COLLECTOR,
    find: "      if (mailboxes.has(value)) continue;\n",
    replace: "",
    test: EXPIRY_TESTS,
    killedBy: "expiry > a handler that started before its state aged out keeps the state",
  },
  {
    breaks: "the near window: timers in memory are loaded again",
    file: DELAYED_MESSAGES,
    find: "readDelayed(until, limit, this.#horizon)",
    replace: "readDelayed(until, limit)",
    test: "test/durability/timers/timers.test.ts",
    killedBy: "delayed messages in memory are not read from the store again",
  },
];
