import type { Mutation } from "./mutation.ts";

const RUN = "src/futures/run/run.ts";
const CELL = "src/futures/combinators/cell.ts";
const ACTIVATION = "src/core/activation/activation.ts";
const EVERY_COMMIT = "test/durability/kills/every-commit.test.ts";
const FAILURE_LAWS = "test/laws/failure.test.ts";

/** How a handler ends, fails, begins anew and blocks. */
export const HANDLER: readonly Mutation[] = [
  {
    breaks: "the tail call: a handler's consumers do not go to the future that it returned",
    file: RUN,
    find: '    if ("plan" in outcome) this.#handBack(outcome, run);\n',
    replace: "",
    test: EVERY_COMMIT,
    killedBy: "a chain of three continues from where it was",
  },
  {
    breaks: "the tail call: each finished handler leaves a cell behind",
    file: RUN,
    find: "    const endedAt = ",
    replace: "    this.#graph.makeHandle(node, this.#graph.scope);\n    const endedAt = ",
    test: "test/laws/liveness.test.ts",
    killedBy: "10^5 tail calls take O(1) space: stored data does not grow with the number of calls",
  },
  {
    breaks: "the rollback: the writes of a failed handler stay",
    file: ACTIVATION,
    find: "    this.#writes = undefined;\n",
    replace: "",
    test: FAILURE_LAWS,
    killedBy: "a throw rolls everything back, at every point in a handler",
  },
  {
    breaks: "the rollback: the messages of a failed handler are sent",
    file: ACTIVATION,
    find: "    this.#aged = undefined;\n    this.takeSends();\n",
    replace: "    this.#aged = undefined;\n",
    test: FAILURE_LAWS,
    killedBy: "a throw rolls everything back, at every point in a handler",
  },
  {
    breaks: "the retry: it begins with the state of the failed attempt",
    file: RUN,
    find: "    this.#activation.rollBack();\n    this.#graph.nodes = [];\n    const run",
    replace: "    this.#graph.nodes = [];\n    const run",
    test: FAILURE_LAWS,
    killedBy: "a throw rolls everything back, at every point in a handler",
  },
  {
    breaks: "the retry: it attaches to calls of an earlier attempt",
    file: RUN,
    find: "epoch: control.retries ?? 0",
    replace: "epoch: 0",
    test: "test/laws/id.test.ts",
    killedBy:
      "a policy retry starts anew: the same call does not attach to work of an earlier attempt",
  },
  {
    breaks: "gates: a blocked handler that runs again sends its messages again",
    file: CELL,
    find: "  if (state.made) return state;\n",
    replace: "",
    test: EVERY_COMMIT,
    killedBy:
      "a blocked handler runs again after a crash, and attaches to the work it started before",
  },
  {
    breaks: "promises: a repeated run creates its promise again",
    file: "src/engines/embedded/execution/handler-runs.ts",
    find: "isFirstRun = seq >= storeInfo.nextSeq;",
    replace: "isFirstRun = true;",
    test: EVERY_COMMIT,
    killedBy:
      "a promise of a blocked handler settles once for each consumer, however often the handler has run",
  },
  {
    breaks: "gates: a blocked handler that runs again subscribes again",
    file: "src/futures/run/flush.ts",
    find: "childId(node.id, epoch, digest(content))",
    replace: "childId(node.id, epoch, digest(JSON.stringify(sends)))",
    test: EVERY_COMMIT,
    killedBy:
      "a promise of a blocked handler settles once for each consumer, however often the handler has run",
  },
  {
    breaks: "gates: one expires while its handler blocks",
    file: CELL,
    find: "state.gate ? Math.max",
    replace: "state.released ? Math.max",
    test: EVERY_COMMIT,
    killedBy:
      "a handler blocked for longer than the retention still attaches to the work it started, and leaves nothing behind",
  },
  {
    breaks: "async contexts: a handler runs in the one of its caller",
    file: "src/engines/embedded/host/unhandled-rejections.ts",
    find: "context.runInAsyncScope(receive, undefined, activation)",
    replace: "starter.run(activation, receive, activation)",
    test: "test/bad-input/detached.test.ts",
    killedBy:
      "a handler runs in the async context in which its engine was opened, and does not change its caller's",
  },
  {
    breaks: "decoding: a text that begins and ends with a quote is taken for one string",
    file: "src/core/codec/decode.ts",
    find: "text.indexOf(QUOTE, 1) === text.length - 1",
    replace: "text.endsWith(QUOTE)",
    test: "test/core/codec.test.ts",
    killedBy: "laws > decoding any text that is not JSON is rejected",
  },
  {
    breaks: "new states: a call from outside that leaves the id out makes one",
    file: "src/futures/define/state-id.ts",
    find: 'if (spec.state === undefined || "id" in options) return stateIdOf(options, target);',
    replace: 'if (spec !== undefined || "id" in options) return stateIdOf(options, target);',
    test: "test/futures/new-state.test.ts",
    killedBy: "a client's call of an operation > is refused without options, and makes nothing",
  },
  {
    breaks: "new states: a one-way message that leaves the id out makes one",
    file: "src/futures/run/plan-call.ts",
    find: "const wantedId = requiredStateIdOf(options, receiver);",
    replace: "const wantedId = stateIdOf(options, receiver);",
    test: "test/futures/new-state.test.ts",
    killedBy: "a one-way message to an operation > is refused without an id",
  },
  {
    breaks: "new states: the choice of one is taken for no id of a stateless function",
    file: "src/futures/define/state-id.ts",
    find: "if (spec.state !== undefined) return undefined;",
    replace: "if (spec !== undefined) return undefined;",
    test: "test/futures/new-state.test.ts",
    killedBy: "a stateless function has no state to make",
  },
];
