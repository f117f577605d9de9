import type { Mutation } from "./mutation.ts";

const ACTIVATIONS = "src/engines/embedded/execution/activations.ts";
const ENGINE = "src/engines/embedded/engine.ts";
const TIMERS = "src/engines/embedded/timers/timers.ts";
const TIMER_TESTS = "test/durability/timers/timers.test.ts";
const TIMER_LAWS = "test/laws/timer.test.ts";
const EXPIRY_TESTS = "test/durability/timers/expiry.test.ts";
const EXPIRY_LAWS = "test/laws/expiry.test.ts";

/** What happens at an instant. */
export const TIMER: readonly Mutation[] = [
  {
    breaks: "timers: one comes a millisecond early",
    file: TIMERS,
    find: "(next.dueAt ?? 0) <= now &&",
    replace: "(next.dueAt ?? 0) <= now + 1 &&",
    test: TIMER_LAWS,
    killedBy: "timers: none early, none lost, none twice, over restarts",
  },
  {
    breaks: "timers: one is lost that was too far off to be in memory",
    file: TIMERS,
    find: "this.#horizon = Math.max(this.#horizon, horizon);",
    replace: "this.#horizon = Number.POSITIVE_INFINITY;",
    test: TIMER_LAWS,
    killedBy: "timers: none early, none lost, none twice, over restarts",
  },
  {
    breaks: "timers: one that has fired stays in the store",
    file: ENGINE,
    find: "      this.#commits.remove(accepted);\n      this.#activations.forward(accepted.envelope);\n",
    replace: "      this.#activations.forward(accepted.envelope);\n",
    test: TIMER_LAWS,
    killedBy: "timers: none early, none lost, none twice, over restarts",
  },
  {
    breaks: "timers: one goes on after the engine was closed",
    file: TIMERS,
    find: "    if (this.#stopped || this.#paused) return;\n",
    replace: "",
    test: TIMER_TESTS,
    killedBy:
      "nothing is left of an engine that was closed: no timer is set, though one was being committed",
  },
  {
    breaks: "timers: those of one instant lose their order",
    file: TIMERS,
    find: "dueX === dueY && x.seq < y.seq",
    replace: "dueX === dueY && x.seq > y.seq",
    test: TIMER_TESTS,
    killedBy:
      "messages of one instant keep their order when some were sent before a restart and some after it",
  },
  {
    breaks: "timers: one that is read while its commit is under way counts twice",
    file: TIMERS,
    find: " && !this.#parts.isUnderWay(seq)",
    replace: "",
    test: TIMER_TESTS,
    killedBy: "a timer that is read from the store before its commit resolves counts once",
  },
  {
    breaks: "cancelSend: it is ignored",
    file: ACTIVATIONS,
    find: "    for (const token of cancels) this.#cancel(tokenKey(address, token));\n",
    replace: "",
    test: TIMER_LAWS,
    killedBy:
      "a token names one pending message: it is delivered, replaced or canceled, and no other is",
  },
  {
    breaks: "cancelSend: a message whose commit is under way comes all the same",
    file: TIMERS,
    find: "    if (message.token !== undefined && this.#cancelling.has(message.token)) return;\n",
    replace: "",
    test: TIMER_TESTS,
    killedBy:
      "a message cancelled while its own commit is under way does not come, though it is due by then (commits seen at once)",
  },
  {
    breaks: "cancelSend: what a blocking handler sent cannot be cancelled",
    file: ACTIVATIONS,
    find: "tokenKey(envelope.caller ?? sender, token)",
    replace: "tokenKey(sender, token)",
    test: "test/durability/kills/every-commit.test.ts",
    killedBy:
      "a handler that blocks on the outside takes an event once, and cancels later what it has sent before",
  },
  {
    breaks: "expiry: a value lives at the instant at which it expires",
    file: "src/core/activation/activation.ts",
    find: "stored.expiresAt <= this.now",
    replace: "stored.expiresAt < this.now",
    test: EXPIRY_LAWS,
    killedBy:
      "expiry is exact: a value exists before the instant and is initial from it on, counted from the last write",
  },
  {
    breaks: "expiry: of a state that has aged out only its age is deleted",
    file: "src/engines/embedded/state/expiry-collector.ts",
    find: "name === LIFE ? state.names : [name]",
    replace: "[name]",
    test: EXPIRY_TESTS,
    killedBy:
      "expiry > a state that has aged out is gone for readers and for handlers, whether it has been collected or not",
  },
  {
    breaks: "expiry: a state is deleted under a handler that runs",
    file: "src/engines/embedded/state/expiry-collector.ts",
    find: "      if (isBusy(value)) continue;\n",
    replace: "",
    test: EXPIRY_TESTS,
    killedBy: "expiry > a handler that began before its state aged out keeps the state",
  },
  {
    breaks: "the near window: what is held is read again",
    file: "src/engines/embedded/timers/timers.ts",
    find: "readDelayed(until, limit, this.#horizon)",
    replace: "readDelayed(until, limit)",
    test: "test/durability/timers/timers.test.ts",
    killedBy: "what is held in memory is not read from the store again",
  },
];
