import type { Mutation } from "../mutation.ts";

const BATCH = "src/engines/statefun/request/batch.ts";
const HANDLER = "src/engines/statefun/request/request-handler.ts";
const MODULE = "src/statefun/remote-module.ts";
const LIMITS = "test/engines/statefun/limits.test.ts";
const WAITING = "test/engines/statefun/waiting-messages.test.ts";

/** Limits on answers and records. */
export const LIMITED: readonly Mutation[] = [
  {
    breaks: "statefun: a call that is refused never settles",
    file: BATCH,
    find: "    if (refusal === undefined) return;\n",
    replace: "    if (refusal !== undefined) return;\n",
    test: LIMITS,
    killedBy:
      "a call whose effects have no room in an answer fails for its caller, and is a dead letter",
  },
  {
    breaks: "statefun: a settlement that has no room is never delivered",
    file: "src/futures/run/refused-message.ts",
    find: "if (ok === true) {",
    replace: "if (key === ok) {",
    test: LIMITS,
    killedBy: "a join that has no room in an answer rejects, and so does what waits for it",
  },
  {
    breaks: "statefun: a client waits for the reply to a request that has no room",
    file: "src/futures/run/refused-message.ts",
    find: 'if (typeof key === "string") return { key };',
    replace: 'if (typeof key === "string") return undefined;',
    test: LIMITS,
    killedBy: "a start whose input has no room in an answer is PAYLOAD_TOO_LARGE",
  },
  {
    breaks: "statefun: a message without room beside others fails for nobody",
    file: HANDLER,
    find: '.filter((leftover) => "again" in leftover && ',
    replace: '.filter((leftover) => "none" in leftover && ',
    test: LIMITS,
    killedBy: "a join that has no room in an answer rejects, and so does what waits for it",
  },
  {
    breaks: "statefun: a call of a function that is not registered, and has no room, never settles",
    file: HANDLER,
    find: "(fitted.hasRoom ? lacking.size === 0 : told.size === 0)",
    replace: "(fitted.hasRoom || told.size === 0)",
    test: WAITING,
    killedBy:
      "calls of a function that is not registered wait until it is there, and those without room in an answer fail",
  },
  {
    breaks: "statefun: a call that waits at its sender, and has no room, is lost",
    file: BATCH,
    find: "    if (refusal !== undefined) return this.#refuse(invocation, envelope.value, refusal);\n    const released",
    replace: "    void refusal;\n    const released",
    test: WAITING,
    killedBy:
      "calls of a function that is unknown to its sender wait until it is there, and those without room in an answer fail",
  },
  {
    breaks: "statefun: a call that waited at its sender is lost",
    file: BATCH,
    find: "        return this.#release(invocation, argument);\n",
    replace: "        return;\n",
    test: WAITING,
    killedBy:
      "calls of a function that is unknown to its sender wait until it is there, and those without room in an answer fail",
  },
  {
    breaks: "statefun: a call of a renamed function by its new name is lost",
    file: "src/engines/statefun/request/leftovers.ts",
    find: 'if ("to" in leftover) return { message: { target: leftover.to, argument: leftover.again } };',
    replace: 'if ("to" in leftover) return {};',
    test: WAITING,
    killedBy:
      "calls of a function that is renamed wait until it is there, and those without room in an answer fail",
  },
  {
    breaks: "statefun: a result without room in an answer leaves its flow unsettled",
    file: HANDLER,
    find: "outgoing.response({ emptyReplies: true });",
    replace: "outgoing.response();",
    test: LIMITS,
    killedBy:
      "a result without room in an answer beside the record of its flow settles its flow, and is PAYLOAD_TOO_LARGE for clients",
  },
  {
    breaks: "statefun: a reply that its topic does not take restarts the job forever",
    file: MODULE,
    find: "record: this.#fits(record) ? record : empty()",
    replace: "record",
    test: LIMITS,
    killedBy:
      "a result without room in a record of the egress settles its flow, and is PAYLOAD_TOO_LARGE for clients",
  },
  {
    breaks: "statefun: a dead letter that its topic does not take restarts the job forever",
    file: MODULE,
    find: "    if (this.#fits(whole)) return whole;\n",
    replace: "    if (whole !== undefined) return whole;\n",
    test: LIMITS,
    killedBy: "a dead letter without room in a record of its egress lacks the message",
  },
  {
    breaks: "statefun: a record that its topic does not take restarts the job forever",
    file: MODULE,
    find: "    if (size <= limit) return argument;\n",
    replace: "    if (size >= 0) return argument;\n",
    test: LIMITS,
    killedBy: "a value for an egress that is larger than its record may be fails its call",
  },
];
