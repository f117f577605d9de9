import type { Mutation } from "../mutation.ts";

const CARRIER = "src/engines/restate/delivery/carrier.ts";
const CARRIER_TESTS = "test/engines/restate/carrier.test.ts";
const LETTER_TESTS = "test/engines/restate/dead-letters.test.ts";
const STEP_TESTS = "test/engines/restate/step.test.ts";
const INGRESS = "src/engines/restate/client/ingress.ts";
const INGRESS_TESTS = "test/engines/restate/ingress.test.ts";

/** What an invocation on Restate keeps, what leaves it in which order, and how clients get there. */
export const RESTATE: readonly Mutation[] = [
  {
    breaks: "restate: two requests that fail together skip a node",
    file: INGRESS,
    find: "if (this.#node === node) this.#node++;",
    replace: "this.#node++;",
    test: INGRESS_TESTS,
    killedBy:
      "a request to the ingress > goes to the next node, also if another request fails at the same time",
  },
  {
    breaks: "restate: a client that waits makes others forgotten",
    file: "src/engines/restate/delivery/address.ts",
    find: "state.forgetPast(listener.at);",
    replace: "state.forgetPast(listener.until - 1);",
    test: "test/engines/restate/waiting.test.ts",
    killedBy:
      "clients that wait for a flow > are all remembered, whenever each of them began to wait",
  },
  {
    breaks: "restate: messages that collect expired values multiply",
    file: "src/engines/restate/delivery/address.ts",
    find: "if (state.collectAt !== at) return;",
    replace: "",
    test: "test/engines/restate/waiting.test.ts",
    killedBy: "messages that collect expired values do not multiply",
  },
  {
    breaks: "restate: a message leaves before what it could lead back to",
    file: CARRIER,
    find: "    await this.#handOver();\n    const leaving",
    replace: "    const leaving",
    test: CARRIER_TESTS,
    killedBy:
      "an invocation that begins a flow > hands over all that a message could lead back to before the message leaves",
  },
  {
    breaks: "restate: an invocation runs any number of calls",
    file: CARRIER,
    find: "const callsStay = calls <= this.#callsLeft;",
    replace: "const callsStay = calls >= 0;",
    test: CARRIER_TESTS,
    killedBy:
      "an invocation that begins a flow > sends all branches of a fan-out that is too wide for it, and none twice",
  },
  {
    breaks: "restate: an invocation carries on with results of any size",
    file: CARRIER,
    find: "if (this.#charactersLeft < 0) this.#callsLeft = 0;",
    replace: "",
    test: CARRIER_TESTS,
    killedBy:
      "an invocation that begins a flow > sends the next call once its results are large together",
  },
  {
    breaks: "restate: large results enter a journal at the same time",
    file: "src/engines/restate/journal/turns.ts",
    find: "if (this.#owner === undefined) {",
    replace: "if (this.#owner !== owner) {",
    test: "test/engines/restate/turns.test.ts",
    killedBy:
      "owners have their turns one at a time, in the order in which they ask, until all have had one",
  },
  {
    breaks: "restate: letters of early releases are listed and not found",
    file: "src/engines/restate/delivery/dead-letters.ts",
    find: "  for (const [id, at] of places) journal.write(indexOf(id), String(at));\n",
    replace: "",
    test: LETTER_TESTS,
    killedBy:
      "dead letters > can all be decided if they are listed, whichever release has kept them",
  },
  {
    breaks: "restate: two letters of one message are listed",
    file: "src/engines/restate/delivery/dead-letters.ts",
    find: "  if (earlier !== undefined) journal.remove(placeOf(Number(earlier)));\n",
    replace: "",
    test: LETTER_TESTS,
    killedBy:
      "dead letters > can all be decided if they are listed, whichever release has kept them",
  },
  {
    breaks: "futures: a join that is over keeps the values that come later",
    file: "src/futures/combinators/all.ts",
    find: 'if (branch.text === APART) activation.delete(TEXTS[branch.index] ?? "");',
    replace: "",
    test: STEP_TESTS,
    killedBy:
      "a join that is over keeps no values, in whatever order its messages come, and none is parked",
  },
  {
    breaks: "futures: a join keeps its values until its last message comes",
    file: "src/futures/combinators/all.ts",
    find: "  deleteTexts(activation, state);\n  return { ...state, texts: state.texts.map(() => null), over",
    replace: "  return { ...state, over",
    test: STEP_TESTS,
    killedBy:
      "a join that is over keeps no values, in whatever order its messages come, and none is parked",
  },
  {
    breaks: "restate: the timeout of a held wait leaves without its token",
    file: CARRIER,
    find: "return send.token !== undefined && send.dueAt !== undefined;",
    replace: 'return send.token === "";',
    test: "test/engines/restate/adoption.test.ts",
    killedBy: "a wait that was held and is decided later cancels its timeout",
  },
  {
    breaks: "restate: the token of a delivered message keeps a state stored",
    file: "src/engines/restate/delivery/address-state.ts",
    find: "if (token !== undefined && this.delayed.get(token)?.id === envelope.id)",
    replace: 'if (token !== undefined && envelope.id === "")',
    test: "test/engines/restate/waiting.test.ts",
    killedBy:
      "an object whose address has no state left > stores nothing once the message that it sent itself is delivered",
  },
  {
    breaks: "restate: tokens and clients that are past stay stored",
    file: "src/engines/restate/delivery/collection.ts",
    find: "  state.forgetPast(at);\n",
    replace: "",
    test: "test/engines/restate/waiting.test.ts",
    killedBy:
      "an object whose address has no state left > forgets tokens of messages to others, and clients that wait, when they are past",
  },
  {
    breaks: "clusters: an aged state is deleted while a flow may come back to it",
    file: "src/core/state/expired-values.ts",
    find: "return expiresAt + (TERMS_KEPT - 1) * afterMs;",
    replace: "return expiresAt;",
    test: "test/engines/restate/waiting.test.ts",
    killedBy: "a state that was made without an id is deleted some terms after it has aged out",
  },
  {
    breaks: "restate: a client stays with a node that fails",
    file: INGRESS,
    find: "if (this.#node === node) this.#node++;",
    replace: "",
    test: INGRESS_TESTS,
    killedBy: "a request to the ingress > goes to the next node if one answers with an error",
  },
  {
    breaks: "restate: a request that waits stays with a frozen node",
    file: "src/engines/restate/client/node-watch.ts",
    find: "const isHealthy = waitMs > 0 && (await this.#isHealthy());",
    replace: "const isHealthy = waitMs > 0;",
    test: INGRESS_TESTS,
    killedBy:
      "a request to the ingress > that waits leaves a node that becomes silent, long before its time is over",
  },
  {
    breaks: "restate: a request that may have been taken is told as refused",
    file: INGRESS,
    find: "definite &&= attempt.isDefinite;",
    replace: "definite = attempt.isDefinite;",
    test: INGRESS_TESTS,
    killedBy:
      "a request to the ingress > is not definite if one of its attempts was not, or it follows another one",
  },
  {
    breaks: "restate: a dead letter that was decided is kept",
    file: "src/engines/restate/delivery/decide-letter.ts",
    find: "  if (outcome === DONE) await removeDeadLetter(journal, decision.id);\n",
    replace: "",
    test: LETTER_TESTS,
    killedBy: "dead letters > are listed in their order, and each is decided once",
  },
  {
    breaks: "restate: the list of dead letters forgets one",
    file: "src/engines/restate/delivery/dead-letters.ts",
    find: "  if (first < removed) return;\n",
    replace: "  if (first < removed) first = removed + 1;\n",
    test: LETTER_TESTS,
    killedBy: "dead letters > are listed in their order, and each is decided once",
  },
  {
    breaks: "restate: a held message that is sent again keeps its crashes",
    file: "src/engines/restate/delivery/step.ts",
    find: "const cause = { key: `${envelope.id}-${at}`,",
    replace: "const cause = { key: `${envelope.id}-1000`,",
    test: LETTER_TESTS,
    killedBy: "a message is given up after some crashes, and runs when it is sent again later",
  },
  {
    breaks: "restate: effects and states have any size",
    file: "src/engines/restate/delivery/step.ts",
    find: "    if (size <= functions.resultLimit) return text;\n",
    replace: "    if (size >= 0) return text;\n",
    test: STEP_TESTS,
    killedBy:
      "a state that would become larger than Restate reads fails the call, and stays as it was",
  },
  {
    breaks: "restate: a value that is replaced counts twice",
    file: "src/engines/restate/delivery/address-state.ts",
    find: "filter((name) => !names.has(name));",
    replace: "filter((name) => names.size >= 0 || name);",
    test: STEP_TESTS,
    killedBy:
      "a state that would become larger than Restate reads fails the call, and stays as it was",
  },
  {
    breaks: "restate: a function that code lacks is not journaled",
    file: "src/engines/restate/delivery/step.ts",
    find: "  const environment = atClock(functions.environment, (now) => Math.max(now, at));\n",
    replace:
      "  if (definition === undefined) return readStepResult(unknown({ type: target.type }));\n  const environment = atClock(functions.environment, (now) => Math.max(now, at));\n",
    test: STEP_TESTS,
    killedBy:
      "whether this code has step/gone is journaled, so other code may go on with the invocation",
  },
  {
    breaks: "futures: a join keeps values that are too large together",
    file: "src/futures/combinators/all.ts",
    find: "return size <= limit ? settled : tooLarge(size, limit);",
    replace: "return size >= 0 ? settled : tooLarge(size, limit);",
    test: "test/futures/large-joins.test.ts",
    killedBy:
      "a join is rejected as soon as its values are too large together, and keeps none of them",
  },
  {
    breaks: "restate: a function that has got a state runs without it",
    file: "src/engines/restate/delivery/step.ts",
    find: "if (state === NO_STATE && hasState(definition))",
    replace: 'if (definition.type === "")',
    test: STEP_TESTS,
    killedBy:
      "a message for a function that has got a state since it was sent goes to its virtual object",
  },
  {
    breaks: "restate: an input of a newer format is read",
    file: "src/engines/restate/wire/input.ts",
    find: "if (version <= VERSION) return input;",
    replace: "if (version >= 0) return input;",
    test: "test/engines/restate/wire.test.ts",
    killedBy: "an input has its format version, and one of a newer format is refused",
  },
];
