import type { Mutation } from "../mutation.ts";

const FLOW = "src/futures/flow/flow.ts";
const RESTART = "src/futures/flow/restart-flow.ts";
const TEST = "test/futures/repair/restart.test.ts";

/** Flows that run again from their start. */
export const RESTARTS: readonly Mutation[] = [
  {
    breaks: "restarts: the calls of a new run have new keys, although the same were asked for",
    file: RESTART,
    find: "keyId: keys === undefined ? undefined : rootId(keys)",
    replace: "keyId: keys === undefined ? rootId(number) : undefined",
    test: TEST,
    killedBy: "20 failed orders are restarted with the same keys, and none is charged twice",
  },
  {
    breaks: "restarts: what is left of the run before goes on",
    file: RESTART,
    find: "  activation.cancelScope(record.number ?? flow);\n",
    replace: "",
    test: TEST,
    killedBy: "a restart cancels the work that is left of the run before",
  },
  {
    breaks: "restarts: a late outcome of an earlier run settles the flow",
    file: FLOW,
    find: "record.ok !== undefined || isOfEarlierRun(record, run)",
    replace: "record.ok !== undefined || (isOfEarlierRun(record, run) && false)",
    test: TEST,
    killedBy: "the late end of a handler of a canceled run does not settle the new one",
  },
  {
    breaks: "restarts: the same keys are given although a compensation has begun",
    file: RESTART,
    find: 'keys === "same" && record.compensates === true',
    replace: 'keys === "new" && record.compensates === true',
    test: TEST,
    killedBy:
      "a flow is not restarted > with the same keys once a step is undone, but with new ones",
  },
  {
    breaks: "restarts: a saga of the first run undoes what the new run does again",
    file: "src/futures/flow/answer-flow.ts",
    find: "if (isRepeatedBy(record, run)) {",
    replace: "if (isRepeatedBy(record, run) && false) {",
    test: TEST,
    killedBy:
      "a saga of the first run that is canceled by a restart undoes nothing that the new run does again",
  },
  {
    breaks: "restarts: another call in the place of the first one has its key",
    file: "src/futures/protocol/idempotency-key.ts",
    find: "return `${keyId}-${content}`;",
    replace: "return `${keyId}-${content.slice(DIGITS)}`;",
    test: TEST,
    killedBy: "another call in the place of the first one has another key",
  },
  {
    breaks: "restarts: an input with an id of the run has another key in the next one",
    file: "src/futures/protocol/idempotency-key.ts",
    find: "input.replaceAll(own",
    replace: "input.replaceAll(/never/g",
    test: TEST,
    killedBy:
      "a flow that is restarted with the same keys reaches the bank under these: > an input with the id of a state of the run",
  },
  {
    breaks: "restarts: the calls of a retried handler have keys by its attempt",
    file: "src/futures/protocol/graph.ts",
    find: "parts.keyId ?? (parts.epoch > 0 ? id : undefined)",
    replace: "parts.keyId",
    test: TEST,
    killedBy:
      "a flow that is restarted with the same keys reaches the bank under these: > a handler that is retried before it calls",
  },
  {
    breaks: "restarts: the branches of a fan-out have keys by the worker that took them",
    file: "src/patterns/fan-out/window-state.ts",
    find: "key === undefined ? {} :",
    replace: "key !== undefined ? {} :",
    test: TEST,
    killedBy:
      "a flow that is restarted with the same keys reaches the bank under these: > a fan-out whose branches take their turn",
  },
  {
    breaks: "restarts: a large input is lost with the first change of its flow",
    file: "src/futures/flow/record/stored-flow.ts",
    find: "  activation.write(INPUT_VALUE, { text });\n",
    replace: "",
    test: TEST,
    killedBy: "an input of any size is kept until the flow completes, and no longer",
  },
];
