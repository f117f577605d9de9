import type { Mutation } from "./mutation.ts";

const LEFT_WORK = "src/engines/embedded/execution/left-work.ts";
const LEFT_WORK_LAW =
  "work that settled futures left behind is canceled with each scope around them, also after a restart";
const MESSAGE_CANCELLATION = "src/engines/embedded/execution/message-cancellation.ts";
const CELL = "src/futures/combinators/cell.ts";
const DELIVER = "src/futures/protocol/deliver.ts";
const FIRST = "src/futures/combinators/first.ts";
const RACE = "src/futures/combinators/race.ts";
const CANCELLATION_LAWS = "test/laws/cancellation.test.ts";
const CANCELLING = "test/durability/cancelling/cancelling.test.ts";
const CONFORMANCE = "test/conformance/embedded-memory.test.ts";
const SCOPE_LAWS = "test/laws/scope.test.ts";
const JOIN_LAWS = "test/laws/join.test.ts";

/** What is cancelled, what is not, and what is left of it. */
export const CANCELLATION: readonly Mutation[] = [
  {
    breaks: "races: each settlement decides a race again",
    file: RACE,
    find: "    return serveHeld(activation, { ...late, tally: NO_USAGE });\n  }\n",
    replace: "    void serveHeld(activation, { ...late, tally: NO_USAGE });\n  }\n",
    test: JOIN_LAWS,
    killedBy: "a race is won by the first to settle, and `any` by the first to succeed",
  },
  {
    breaks: "left work: a canceled scope does not reach it",
    file: LEFT_WORK,
    find: "      this.#parts.scopes.cancel({ scope: link.scope, graceMs });",
    replace: "      void [link, graceMs];",
    test: SCOPE_LAWS,
    killedBy: LEFT_WORK_LAW,
  },
  {
    breaks: "left work: links are not read at the start",
    file: LEFT_WORK,
    find: "      this.#note({ scope: scope.slice(LINK.length), parent: address.id });",
    replace: "      void [scope, address];",
    test: SCOPE_LAWS,
    killedBy: LEFT_WORK_LAW,
  },
  {
    breaks: "left work: links outlive it",
    file: LEFT_WORK,
    find: "    for (const name of [scope, futureOf(scope)]) if (this.#byScope.has(name)) this.#shrunk.add(name);",
    replace: "    if (futureOf(scope) === undefined) this.#shrunk.add(scope);",
    test: SCOPE_LAWS,
    killedBy: LEFT_WORK_LAW,
  },
  {
    breaks: "left work: the branches of a settled race do not count as part of it",
    file: LEFT_WORK,
    find: "  return end < 0 ? scope : scope.slice(0, end);",
    replace: "  return end < 0 ? scope : scope.slice(0);",
    test: SCOPE_LAWS,
    killedBy: LEFT_WORK_LAW,
  },
  {
    breaks: "meter: a run that is given up is not billed",
    file: "src/futures/run/cancel-call.ts",
    find: "run === undefined ? usageOfCrashes(1) : usageOfRun(run)",
    replace: "run === undefined ? usageOfCrashes(1) : usageOfCrashes(1)",
    test: "test/laws/meter.test.ts",
    killedBy:
      "a canceled run is billed once: to its end or, if it is given up, to the end of its grace",
  },
  {
    breaks: "gates: those of a canceled run stay until it ends",
    file: "src/futures/run/run.ts",
    find: "    return this.#activation.collectSends(() => openGates(this.#graph));",
    replace: "    return openGates === undefined ? [] : [];",
    test: "test/laws/blocking/gates.test.ts",
    killedBy:
      "a canceled handler that blocked leaves nothing after the retention time, whether it ends, is given up, or its engine closes",
  },
  {
    breaks: "cells: spilled consumers of a canceled call are told at once",
    file: "src/futures/run/compile-graph.ts",
    find: "consumers, {\n      flow,\n      scope: id,\n      within: scope.id,\n    });",
    replace: "consumers, {\n      flow,\n      scope: id,\n    });",
    test: "test/durability/cancelling/spilled.test.ts",
    killedBy:
      "consumers that have outgrown their message > that share a call wait for its end, too: a race",
  },
  {
    breaks: "races: a rejection decides `any`",
    file: RACE,
    find: '  return opening.mode === "any" && !settled.ok\n    ? counted\n    : decideRace(activation, counted, settled, index);',
    replace: "  return decideRace(activation, counted, settled, index);",
    test: JOIN_LAWS,
    killedBy: "a race is won by the first to settle, and `any` by the first to succeed",
  },
  {
    breaks: "races: losers are not cancelled",
    file: RACE,
    find: "    if (branch !== index || !settled.ok) activation.cancelScope(own, graceMs);\n    else",
    replace: "    void [branch, graceMs];\n    if (index === branch)",
    test: CANCELLATION_LAWS,
    killedBy: "losing branches of a decided race start no new leaves",
  },
  {
    breaks: "races: the branch of the winner is cancelled, too",
    file: RACE,
    find: "    if (branch !== index || !settled.ok)\n      activation.cancelScope",
    replace: "    activation.cancelScope",
    test: SCOPE_LAWS,
    killedBy: "unawaited work of a winner continues, and that of the losers does not",
  },
  {
    breaks: "races: the watch of a decided race stays behind",
    file: RACE,
    find: "  if (scope !== undefined) unwatchCancellation(activation, [scope, CANCEL]);\n  return decided;",
    replace: "  return decided;",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
  {
    breaks: "first: the rest is not cancelled",
    file: FIRST,
    find: "    else activation.cancelScope(own);\n",
    replace: "    else void own;\n",
    test: "test/laws/combinators/first.test.ts",
    killedBy:
      "`first` takes the first fulfilled futures in their order, rejects as soon as they cannot suffice, and cancels the rest",
  },
  {
    breaks: "first: a future that settles before the opening message is lost",
    file: FIRST,
    find: "  if (opening === undefined) return { ...state, early: [...state.early, arrival] };\n",
    replace: "  if (opening === undefined) return state;\n",
    test: CONFORMANCE,
    killedBy: "`first` takes known values, the same future twice, and a hundred futures",
  },
  {
    breaks: "first: a rejection comes although enough futures are left",
    file: FIRST,
    find: "return branches - count + 1;",
    replace: "return branches - count;",
    test: CONFORMANCE,
    killedBy: "`first` is rejected with the failures so far as soon as too few futures are left",
  },
  {
    breaks: "first: an instance stays behind when all its futures have settled",
    file: FIRST,
    find: "values + failures === (opening?.branches ?? 0) + 1)",
    replace: "values + failures === (opening?.branches ?? 0) + 2)",
    test: CONFORMANCE,
    killedBy: "`first` cancels the rest once it is decided, and everything with its own scope",
  },
  {
    breaks: "scopes: cancelling a branch cancels the whole flow",
    file: RACE,
    find: "activation.cancelScope(own, graceMs)",
    replace: "activation.cancelScope(activation.address.id.slice(0, 16), graceMs)",
    test: JOIN_LAWS,
    killedBy: "a race is won by the first to settle, and `any` by the first to succeed",
  },
  {
    breaks: "scopes: cancelling branch 1 cancels branch 10",
    file: RACE,
    find: "return `${scopeName(id, isDetached(scope))}/${index}.`;",
    replace: "return `${scopeName(id, isDetached(scope))}/${index}`;",
    test: SCOPE_LAWS,
    killedBy: "unawaited work of a winner continues, and that of the losers does not",
  },
  {
    breaks: "scopes: a shared future is cancelled with the first loser that needs it",
    file: "src/futures/protocol/scope.ts",
    find: "if (above.has(scope)) return scope;",
    replace: "if (above.has(scope)) return one;",
    test: CONFORMANCE,
    killedBy: "a future in two races is left alone until both are decided, in either order",
  },
  {
    breaks: "timeouts: the timer of a decided race stays",
    file: "src/futures/combinators/timer.ts",
    find: "{ id, dueAt, scope: scope.id }",
    replace: "{ id, dueAt }",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
  {
    breaks: "events: a cancelled waiter takes a value",
    file: "src/futures/combinators/event.ts",
    find: "queue.waiters.filter((waiter) => waiter !== gone)",
    replace: "queue.waiters",
    test: CANCELLATION_LAWS,
    killedBy: "a losing wait for an event takes none: each event goes to a waiter that still waits",
  },
  {
    breaks: "canceled messages: a queued one is still handled",
    file: "src/engines/embedded/execution/scope-cancellation.ts",
    find: "    while (message !== undefined && this.takeSkipped(message.seq)) message = queue.shift();\n",
    replace: "",
    test: CONFORMANCE,
    killedBy:
      "a canceled flow's calls leave the queue of a busy address, and the calls of others run",
  },
  {
    breaks: "canceled messages: one whose commit is in flight is still delivered",
    file: "src/engines/embedded/execution/commit-results.ts",
    find: "      if (scopes.takeSkipped(message.seq)) continue;\n",
    replace: "",
    test: "test/durability/cancelling/cancelled-scopes.test.ts",
    killedBy:
      "cancellation reaches its whole scope > messages for functions that are not registered, which count only while they wait",
  },
  {
    breaks: "canceled messages: one is removed from memory only, and returns after a restart",
    file: MESSAGE_CANCELLATION,
    find: "    this.remove(message);\n",
    replace: "",
    test: CANCELLING,
    killedBy: "all work of a race's losers is gone once the race is decided",
  },
  {
    breaks: "withdrawing: a call in a cancelled scope begins",
    file: DELIVER,
    find: "consumer.oneWay !== true && (isLate(consumer) || activation.isCancelled(consumer.scope))",
    replace: "false",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
  {
    breaks: "cleaning up: an `onSettled` whose turn has not come is skipped",
    file: "src/futures/run/cancel-call.ts",
    find: "  if (settles !== undefined)\n    return activation.send",
    replace: "  if (settles !== settles)\n    return activation.send",
    test: "test/durability/cancelling/clean-up.test.ts",
    killedBy:
      "a continuation of `onSettled` > learns of a cancellation that comes after the future has settled and before the continuation runs",
  },
  {
    breaks: "cleaning up: an `onSettled` in a cancelled scope is skipped",
    file: DELIVER,
    find: "if (settled.ok && consumer.settles !== undefined) {",
    replace: "if (settled.ok && consumer.settles !== consumer.settles) {",
    test: CANCELLATION_LAWS,
    killedBy: "`onSettled` runs once for each canceled future, and gets the cancellation",
  },
  {
    breaks: "running handlers: the consumers of a cancelled one are not late",
    file: "src/futures/run/run.ts",
    find: "    return record === undefined ? this.#control.consumers : callControlOf(record).consumers;",
    replace:
      "    return record === undefined || record !== undefined ? this.#control.consumers : callControlOf(record).consumers;",
    test: "test/laws/sagas/canceled-orders.test.ts",
    killedBy:
      "of an order that is canceled at any moment, each step is kept if it completed, and else undone, also across crashes",
  },
  {
    breaks: "running handlers: their signal is not aborted",
    file: MESSAGE_CANCELLATION,
    find: "    cancellation.abort(reason);\n",
    replace: "",
    test: CANCELLATION_LAWS,
    killedBy: "the signal of a running handler is aborted at the instant of its cancellation",
  },
  {
    breaks: "flows: the work of a cancelled one goes on",
    file: "src/futures/flow/flow.ts",
    find: "  activation.cancelScope(record.number ?? activation.address.id);\n",
    replace: "",
    test: CANCELLING,
    killedBy:
      "a canceled flow is over at once: only its clean-ups start, and nothing is left behind",
  },
  {
    breaks: "handles: the work of a cancelled future goes on",
    file: CELL,
    find: "  activation.cancelScope(scopeName(activation.address.id, state.detached));\n",
    replace: "",
    test: CANCELLING,
    killedBy:
      "any holder of a future can cancel it: all its consumers are notified, and its work is gone",
  },
  {
    breaks: "cells: subscribers in a cell's own scope are not released with it",
    file: "src/futures/combinators/cell-settlement.ts",
    find: '  sendSystemMessage(activation, { to: "cell", id, name: "turn", control: null });\n  const scope',
    replace: "  const scope",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
  {
    breaks: "watches: a canceled scope notifies no address",
    file: MESSAGE_CANCELLATION,
    find: "    for (const watch of commits.watchesInScope(scope)) this.#notify(watch);\n",
    replace: "",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
];
