/** One way to break the code, and the test file that must notice. */
export interface Mutation {
  /** What is broken, to a reader of the list. */
  readonly breaks: string;
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly test: string;
}

const ENGINE = "src/engines/embedded/engine.ts";
const TIMERS = "src/engines/embedded/timers.ts";
const RUN = "src/futures/run.ts";
const CELL = "src/futures/cell.ts";
const EVERY_COMMIT = "test/durability/every-commit.test.ts";
const TIMER_TESTS = "test/durability/timers.test.ts";
const ENGINE_TESTS = "test/engines/embedded-engine.test.ts";
const EXPIRY_TESTS = "test/durability/expiry.test.ts";

/** What the guarantees rest on, broken one at a time. */
export const MUTATIONS: readonly Mutation[] = [
  {
    breaks: "the tail call: a handler's consumers are not handed on to the future it returned",
    file: RUN,
    find: '    if ("plan" in outcome) this.#handBack(outcome, run);\n',
    replace: "",
    test: EVERY_COMMIT,
  },
  {
    breaks: "the tail call: each finished handler leaves a cell behind",
    file: RUN,
    find: "    const endedAt = ",
    replace: "    this.#graph.escape(node);\n    const endedAt = ",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the rollback: what a failed handler wrote stays",
    file: "src/core/activation.ts",
    find: "    this.writes = new Map();\n",
    replace: "",
    test: EVERY_COMMIT,
  },
  {
    breaks: "the retry: it begins where the failed attempt ended",
    file: RUN,
    find: "    this.#activation.rollBack();\n",
    replace: "",
    test: EVERY_COMMIT,
  },
  {
    breaks: "the durable commit: messages are delivered before it, and handlers run",
    file: ENGINE,
    find: "      await this.#parts.store.commit(batch.toStore());\n",
    replace:
      "      const rows = batch.toStore();\n      this.#guard(() => this.#committed(batch));\n      await this.#parts.store.commit(rows);\n      return;\n",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the durable commit: answers are given before it",
    file: ENGINE,
    find: "this.#batch.answers.push(answer);",
    replace: "this.#answers.give(answer);",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the durable commit: readers see what is not committed",
    file: "src/engines/embedded/state-cache.ts",
    find: "    for (const [name, { committed }] of this.slots)",
    replace: "    for (const [name, { current: committed }] of this.slots)",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the atomic commit: a handled message stays in the store",
    file: ENGINE,
    find: "      this.#batch.remove(envelope.id);\n      if (effects.run",
    replace: "      if (effects.run",
    test: EVERY_COMMIT,
  },
  {
    breaks: "the failed commit: handlers go on",
    file: ENGINE,
    find: "if (this.#closing !== undefined || this.#stopped !== undefined) break;",
    replace: "if (this.#closing !== undefined) break;",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the failed read: it ends the process",
    file: ENGINE,
    find: "    } catch (error) {\n      this.#fail(error);\n    }",
    replace: "    } finally {\n    }",
    test: ENGINE_TESTS,
  },
  {
    breaks: "isolation: two messages are handled at once at one address",
    file: "src/engines/embedded/mailboxes.ts",
    find: "    if (known !== undefined) {",
    replace: "    if (known !== undefined && known.queue.size > 0) {",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the state cache: it forgets what is not committed yet",
    file: "src/engines/embedded/state-cache.ts",
    find: "state.pins > 0",
    replace: "state.pins > 9",
    test: ENGINE_TESTS,
  },
  {
    breaks: "the order of a join",
    file: "src/futures/join.ts",
    find: "state.texts.with(slot.index, slot.text)",
    replace: "state.texts.with(state.texts.length - 1 - slot.index, slot.text)",
    test: EVERY_COMMIT,
  },
  {
    breaks: "timers: one comes a millisecond early",
    file: TIMERS,
    find: "(next.dueAt ?? 0) <= now;",
    replace: "(next.dueAt ?? 0) <= now + 1;",
    test: TIMER_TESTS,
  },
  {
    breaks: "timers: one goes on after the engine was closed",
    file: TIMERS,
    find: "    if (this.#stopped) return;\n",
    replace: "",
    test: TIMER_TESTS,
  },
  {
    breaks: "timers: those of one instant lose their order with a restart",
    file: ENGINE,
    find: "    this.#seq = Math.max(0, Math.floor(this.now() * 1000));\n",
    replace: "",
    test: TIMER_TESTS,
  },
  {
    breaks: "timers: one that is read while its commit is under way counts twice",
    file: TIMERS,
    find: " || this.#parts.isUnderWay(id)",
    replace: "",
    test: TIMER_TESTS,
  },
  {
    breaks: "cancelSend: it is ignored",
    file: ENGINE,
    find: "    for (const token of cancels) this.#cancel(tokenKey(address, token));\n",
    replace: "",
    test: TIMER_TESTS,
  },
  {
    breaks: "cancelSend: a message whose commit is under way comes all the same",
    file: TIMERS,
    find: "    if (message.token !== undefined && this.#cancelling.has(message.token)) return;\n",
    replace: "",
    test: TIMER_TESTS,
  },
  {
    breaks: "cancelSend: what a blocking handler sent cannot be cancelled",
    file: ENGINE,
    find: "tokenKey(envelope.caller ?? sender, token)",
    replace: "tokenKey(sender, token)",
    test: EVERY_COMMIT,
  },
  {
    breaks: "start: it forgets what was started under a key",
    file: "src/futures/flow.ts",
    find: "  if (record !== undefined) {\n    const same",
    replace: "  if (record?.settled !== undefined) {\n    const same",
    test: EVERY_COMMIT,
  },
  {
    breaks: "gates: what a blocking handler sent is let out again when it runs again",
    file: CELL,
    find: "  if (state.made) return state;\n",
    replace: "",
    test: EVERY_COMMIT,
  },
  {
    breaks: "gates: a later run of a blocking handler subscribes anew",
    file: "src/futures/flush.ts",
    find: "digest(JSON.stringify(node.consumers))",
    replace: "digest(JSON.stringify(sends))",
    test: EVERY_COMMIT,
  },
  {
    breaks: "gates: one expires while its handler blocks",
    file: CELL,
    find: "state.gate === true ? Math.max",
    replace: "state.released ? Math.max",
    test: EVERY_COMMIT,
  },
  {
    breaks: "cells: a subscriber that comes after the settlement is never served",
    file: CELL,
    find: "return joined.settled === undefined ? joined : announce(activation, joined);",
    replace: "return joined;",
    test: EVERY_COMMIT,
  },
  {
    breaks: "cells: one that held spilled consumers stays",
    file: CELL,
    find: "state.released || spill === true",
    replace: "state.released",
    test: EVERY_COMMIT,
  },
  {
    breaks: "expiry: a value lives at the instant at which it expires",
    file: "src/core/activation.ts",
    find: "stored.expiresAt <= this.now",
    replace: "stored.expiresAt < this.now",
    test: EXPIRY_TESTS,
  },
  {
    breaks: "expiry: of a state that has aged out only its age is deleted",
    file: "src/engines/embedded/collector.ts",
    find: "name === LIFE ? [...state.slots.keys()] : [name]",
    replace: "[name]",
    test: EXPIRY_TESTS,
  },
  {
    breaks: "expiry: a state is deleted under a handler that runs",
    file: "src/engines/embedded/collector.ts",
    find: "      if (isBusy(address)) continue;\n",
    replace: "",
    test: EXPIRY_TESTS,
  },
  {
    breaks: "the lock of a store is not taken",
    file: "src/engines/embedded/sqlite.ts",
    find: "const lock = lockStore(file);",
    replace: "const lock = { release: () => void lockStore };",
    test: "test/engines/store-lock.test.ts",
  },
];
