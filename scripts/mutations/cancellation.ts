import type { Mutation } from "./mutation.ts";

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
    find: "  if (state.over) {\n    billFlow(activation, state.tally, opening.flow);\n    return { ...counted, tally: NO_USAGE };\n  }\n",
    replace: "",
    test: JOIN_LAWS,
    killedBy: "a race is won by the first to settle, and `any` by the first to succeed",
  },
  {
    breaks: "races: a rejection decides `any`",
    file: RACE,
    find: '  if (opening.mode === "race" || settled.ok) return decideRace',
    replace: "  return decideRace",
    test: JOIN_LAWS,
    killedBy: "a race is won by the first to settle, and `any` by the first to succeed",
  },
  {
    breaks: "races: losers are not cancelled",
    file: RACE,
    find: "    if (index !== winner) activation.cancelScope(branchScope(activation.address.id, index, scope));\n",
    replace: "",
    test: CANCELLATION_LAWS,
    killedBy: "losing branches of a decided race start no new leaves",
  },
  {
    breaks: "races: the branch of the winner is cancelled, too",
    file: RACE,
    find: "if (index !== winner) activation.cancelScope",
    replace: "activation.cancelScope",
    test: SCOPE_LAWS,
    killedBy: "unawaited work of a winner continues, and that of the losers does not",
  },
  {
    breaks: "races: the watch of a decided race stays behind",
    file: RACE,
    find: "  const { scope, flow, consumers } = opening;\n  if (scope !== undefined) unwatchCancellation(activation, [scope, CANCEL]);\n",
    replace: "  const { scope, flow, consumers } = opening;\n",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
  {
    breaks: "first: the rest is not cancelled",
    file: FIRST,
    find: "      activation.cancelScope(branchScope(activation.address.id, index, scope));\n  }\n  return { ...state, over: true };",
    replace: "      void branchScope;\n  }\n  return { ...state, over: true };",
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
    find: "if (index !== winner) activation.cancelScope(branchScope(activation.address.id, index, scope))",
    replace: "if (index !== winner) activation.cancelScope(activation.address.id.slice(0, 16))",
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
    find: "consumer.oneWay === true || !activation.isCancelled(consumer.scope)",
    replace: "true",
    test: CANCELLATION_LAWS,
    killedBy: "pending work of a canceled scope is dropped at once, and leaves nothing behind",
  },
  {
    breaks: "cleaning up: an `onSettled` whose turn has not come is skipped",
    file: "src/futures/run/cancel-call.ts",
    find: "    : settles !== undefined\n",
    replace: "    : settles !== settles\n",
    test: "test/durability/cancelling/clean-up.test.ts",
    killedBy:
      "a continuation of `onSettled` > learns of a cancellation that comes after the future has settled and before the continuation runs",
  },
  {
    breaks: "cleaning up: an `onSettled` in a cancelled scope is skipped",
    file: DELIVER,
    find: "  if (consumer.settles === undefined) return skipCall",
    replace: "  return skipCall",
    test: CANCELLATION_LAWS,
    killedBy: "`onSettled` runs once for each canceled future, and gets the cancellation",
  },
  {
    breaks: "running handlers: the result of a cancelled one is delivered",
    file: "src/futures/run/run.ts",
    find: '    if (this.#cancellation.isCancelled) return this.#end(run);\n    if ("plan"',
    replace: '    if ("plan"',
    test: CONFORMANCE,
    killedBy: "a running handler of a canceled flow gets an abort signal, and keeps its state",
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
    file: "src/futures/combinators/cell.ts",
    find: "  return serveSubscribers(activation, { ...kept, cancelled: true });\n",
    replace: "  return { ...kept, cancelled: true };\n",
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
