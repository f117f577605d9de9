import type { Mutation } from "../mutation.ts";

const HANDLER = "src/engines/statefun/request/request-handler.ts";
const OUTGOING = "src/engines/statefun/request/outgoing.ts";
const MODULE = "src/statefun/remote-module.ts";
const ANSWERS = "test/engines/statefun/answers.test.ts";
const STATE = "test/engines/statefun/calls/state.test.ts";
const SENDING = "test/engines/statefun/calls/sending.test.ts";
const MESSAGES = "test/engines/statefun/calls/messages.test.ts";

/** Requests of a Stateful Functions cluster, whose answers must never restart its job. */
export const STATEFUN_REQUESTS: readonly Mutation[] = [
  {
    breaks: "statefun: a request that lacks a value runs code",
    file: HANDLER,
    find: "if (missing.length > 0) return",
    replace: "if (missing.length > 1) return",
    test: ANSWERS,
    killedBy:
      "after any restart, a request that lacks a value runs no code and asks for exactly that value",
  },
  {
    breaks: "statefun: messages to send again may exceed the limit of an answer",
    file: HANDLER,
    find: "const fitted = fitLeftovers(effects, leftovers, frame);",
    replace:
      "const fitted = { bytes: whole, shed: [], hasRoom: writeResponse(effects).length <= limit };",
    test: ANSWERS,
    killedBy:
      "no answer of a registered function is over the limit, and each message counts, waits or is a dead letter",
  },
  {
    breaks: "statefun: messages that fit into an answer make dead letters",
    file: "src/engines/statefun/request/leftovers.ts",
    find: "  if (whole.length <= frame.limit) return",
    replace: "  if (whole.length < 0) return",
    test: ANSWERS,
    killedBy: "messages that fit into an answer make no dead letters",
  },
  {
    breaks: "statefun: messages that wait for a function may exceed the limit of an answer",
    file: HANDLER,
    find: "const fitted = fitLeftovers(effects, [...refused, ...rest], this.#frame(request));",
    replace:
      "const fitted = { bytes: addLeftovers(effects, [...refused, ...rest], this.#frame(request)), shed: [], hasRoom: true };",
    test: ANSWERS,
    killedBy:
      "no answer of a function that is not registered is over the limit, and each message counts, waits or is a dead letter",
  },
  {
    breaks: "statefun: a message that waits loses its caller",
    file: HANDLER,
    find: "return { invocation, again: sentAgain(invocation), delayMs };",
    replace:
      "return { invocation, again: forLater({ ...invocation, caller: undefined }), delayMs };",
    test: ANSWERS,
    killedBy: "a message that had to wait keeps its caller, or its lack of one",
  },
  {
    breaks: "statefun: a message that waits again is wrapped again",
    file: HANDLER,
    find: "received.invocations.map(readRelayed)",
    replace: "received.invocations",
    test: ANSWERS,
    killedBy:
      "a message that had to wait several times until its function is registered keeps its caller",
  },
  {
    breaks: "statefun: a damaged message that was sent again reaches its handler",
    file: MODULE,
    find: "    checkUnwrapped(invocation);\n",
    replace: "",
    test: ANSWERS,
    killedBy: "bytes that claim to be a message that waited, and are not, are a dead letter",
  },
  {
    breaks: "statefun: a message from an ingress that waits for its function is wrapped",
    file: HANDLER,
    find: "return this.#postponeAll(idle, because, { again: forLater });",
    replace: "return this.#postponeAll(idle, because, { again: sentAgain });",
    test: ANSWERS,
    killedBy:
      "a message from an ingress waits as it came until its function is registered, and has no caller then",
  },
  {
    breaks: "statefun: a message that waited replies to its own function",
    file: MODULE,
    find: "return caller?.type === target.type && caller.id === target.id ? undefined : caller;",
    replace: "return target.id === caller?.type ? undefined : caller;",
    test: ANSWERS,
    killedBy:
      "a message from an ingress waits as it came until its function is registered, and has no caller then",
  },
  {
    breaks: "statefun: effects of a message that fails count in part",
    file: OUTGOING,
    find: "    const changes = writes.map(",
    replace:
      "    for (const send of sends) this.#send(this.#route(send, caller));\n    const changes = writes.map(",
    test: ANSWERS,
    killedBy:
      "a batch in which messages fail has the effects of the batch without them, and their dead letters",
  },
  {
    breaks: "statefun: a value of a changed type is overwritten",
    file: HANDLER,
    find: "if (value.typename !== typename)",
    replace: "if (value.typename === '')",
    test: STATE,
    killedBy:
      "a value that was stored under another type makes its messages wait, and is not overwritten",
  },
  {
    breaks: "statefun: a live token is used again",
    file: OUTGOING,
    find: "if (token !== undefined) this.#cancel(token);",
    replace: "",
    test: SENDING,
    killedBy: "every use of a token is cancelled first, and no two functions share a token",
  },
  {
    breaks: "statefun: an egress takes messages for functions",
    file: MODULE,
    find: "if (this.#egress.has(type)) return operation === undefined || operation === EGRESS;",
    replace: "if (this.#egress.has(type)) return true;",
    test: SENDING,
    killedBy: "a message with an egress as a function fails alone, and its batch goes on",
  },
  {
    breaks: "statefun: a function of another program can be invoked",
    file: MODULE,
    find: "return this.#remotes.has(type) && (operation === undefined || operation === MESSAGE);",
    replace: "return this.#remotes.has(type);",
    test: SENDING,
    killedBy:
      "an invocation of a function that another program serves is UNKNOWN_FUNCTION, for it cannot answer",
  },
  {
    breaks: "statefun: a message that its receiver has no operation for is sent",
    file: MODULE,
    find: "return knowsFunction(this.#definitions, type, operation, payload);",
    replace: "return knowsFunction(this.#definitions, type, operation);",
    test: "test/conformance/statefun-wire.test.ts",
    killedBy:
      "a message of a type that its receiver has no operation for is refused when it is sent",
  },
  {
    breaks: "statefun: a namespace ends at its first slash",
    file: "src/engines/statefun/wire/typename.ts",
    find: 'typename.lastIndexOf("/")',
    replace: 'typename.indexOf("/")',
    test: MESSAGES,
    killedBy: "`ctx.reply` sends to the caller, also to one whose namespace has slashes",
  },
  {
    breaks: "statefun: a reply to an empty id goes elsewhere",
    file: "src/futures/run/plan-call.ts",
    find: 'const exact = to.target.id === "" ?',
    replace: 'const exact = to.target.id === " " ?',
    test: MESSAGES,
    killedBy: "`ctx.reply` sends to the caller, also to one whose namespace has slashes",
  },
  {
    breaks: "statefun: a Protobuf message of an unknown type is written as JSON",
    file: "src/engines/statefun/types/message-values.ts",
    find: "if (typename.startsWith(PROTOBUF)) throw undescribed(typename);",
    replace: "if (typename === PROTOBUF) throw undescribed(typename);",
    test: MESSAGES,
    killedBy:
      "a Protobuf message whose type the module does not know is UNSERIALIZABLE, and never JSON",
  },
  {
    breaks: "statefun: a dead letter for Kafka is no Kafka record",
    file: MODULE,
    find: "if (topic === undefined) return",
    replace: "if (topic !== null) return",
    test: SENDING,
    killedBy:
      "a dead letter for a Kafka egress is a Kafka record, for the egress fails on any other",
  },
  {
    breaks: "statefun: a record that is no dead letter is reported as one",
    file: "src/statefun/dead-letters.ts",
    find: "if (typename !== DEAD_LETTER) return undefined;",
    replace: "",
    test: "test/engines/statefun/dead-letters.test.ts",
    killedBy: "replies and dead letters are read by one reader, which `close` stops",
  },
  {
    breaks: "statefun: an error of onDeadLetter reaches the reader of the egress",
    file: "src/statefun/dead-letters.ts",
    find: "  return (record) => {\n    report(record)",
    replace:
      "  return (record) => {\n    void onDeadLetter(readDeadLetter(record)!);\n    report(record)",
    test: "test/engines/statefun/dead-letters.test.ts",
    killedBy: "`onDeadLetter` that throws is logged, and harms no reader",
  },
  {
    breaks: "statefun: a request that breaks off rejects",
    file: "src/engines/statefun/http/answer-request.ts",
    find: "await attemptLater(body)",
    replace: "{ value: await body() }",
    test: "test/engines/statefun/serving.test.ts",
    killedBy: "a request that breaks off in its body does no harm, and the next one is answered",
  },
];
