import type { Mutation } from "./mutation.ts";

const MESSAGE_CANCELLATION = "src/engines/embedded/execution/message-cancellation.ts";
const FLUSH = "src/futures/run/flush.ts";
const RUN = "src/futures/run/run.ts";
const WIRE = "src/futures/run/compile-graph.ts";
const CANCEL_COMMITS = "test/durability/cancelling/cancel-commits.test.ts";
const CANCELLED_RUNS = "test/durability/cancelling/cancelled-runs.test.ts";
const CANCELLED_SCOPES = "test/durability/cancelling/cancelled-scopes.test.ts";
const CLEAN_UP = "test/durability/cancelling/clean-up.test.ts";
const ENDED_RUNS = "test/durability/cancelling/ended-runs.test.ts";
const CANCELED_ORDERS = "test/laws/sagas/canceled-orders.test.ts";
const EVERY_COMMIT = "test/durability/kills/every-commit.test.ts";

/** What a cancellation must not reach, and what it must find although it is on its way from one place to another. */
export const SHIELDING: readonly Mutation[] = [
  {
    breaks: "cleaning up: a call made for a cancellation is cancelled with the flow",
    file: "src/futures/protocol/deliver.ts",
    find: "const { scope: _, late: _late, ...cleanUp } = consumer;",
    replace: "const { late: _late, ...cleanUp } = consumer;",
    test: CLEAN_UP,
    killedBy:
      "a continuation of `onSettled` > is not canceled with its flow once it cleans up after a race, and neither are its own continuations",
  },
  {
    breaks: "cleaning up: an `onSettled` whose arguments are futures is skipped",
    file: WIRE,
    find: 'settles: needs[0]?.want !== "settlement" ?',
    replace: 'settles: needs.length !== 1 || needs[0]?.want !== "settlement" ?',
    test: CLEAN_UP,
    killedBy:
      "a continuation of `onSettled` > is called once its arguments, which are futures, have settled",
  },
  {
    breaks: "cleaning up: an `onSettled` whose turn has not come is not told of the cancellation",
    file: RUN,
    find: "    if (isCancelled !== true) return input;\n",
    replace: "    if (isCancelled !== true || settles !== undefined) return input;\n",
    test: CLEAN_UP,
    killedBy:
      "a continuation of `onSettled` > learns of a cancellation that comes after the future has settled and before the continuation runs",
  },
  {
    breaks: "scopes: cancelling a flow cancels the races of its one-way messages",
    file: "src/futures/protocol/scope.ts",
    find: "return detached ? `${DETACHED}${id}` : id;",
    replace: "return id;",
    test: CANCELLED_SCOPES,
    killedBy:
      "cancellation stays within its scope > races and handles of a one-way message continue when the flow that sent it is canceled",
  },
  {
    breaks: "handles: cancelling a future cancels an escaped future that it needs",
    file: WIRE,
    find: ' && (plan.kind !== "cell" || (plan.cell === id && !kept))',
    replace: "",
    test: CANCELLED_SCOPES,
    killedBy:
      "cancellation stays within its scope > canceling work that needs a future from elsewhere leaves that future to others",
  },
  {
    breaks: "handles: a future past its retention is cancelled for later holders",
    file: "src/futures/combinators/cell.ts",
    find: "isPastRetention(activation, state, handle)\n          ? state\n          : serveSubscribers",
    replace:
      "isPastRetention(activation, state, handle) && false\n          ? state\n          : serveSubscribers",
    test: CANCELLED_SCOPES,
    killedBy:
      "cancellation stays within its scope > canceling a future after its retention notifies no consumer",
  },
  {
    breaks: "canceled messages: those of an unregistered function still count",
    file: MESSAGE_CANCELLATION,
    find: " && !commits.changes(seq);\n",
    replace: ";\n",
    test: CANCELLED_SCOPES,
    killedBy:
      "cancellation reaches its whole scope > messages for functions that are not registered, which count only while they wait",
  },
  {
    breaks: "running handlers: one is aborted before its cancellation is durable",
    file: MESSAGE_CANCELLATION,
    find: "commits.batch.afterCommit.push(() => this.#abort(running, graceMs));",
    replace: "this.#abort(running, graceMs);",
    test: CANCELLED_RUNS,
    killedBy: "a handler learns of its cancellation once that is on disk, not before",
  },
  {
    breaks: "running handlers: messages of one that has just ended are not canceled",
    file: "src/engines/embedded/execution/activations.ts",
    find: "    scopes.cancel({ scope });\n    this.#drain();\n",
    replace: "",
    test: CANCELLED_RUNS,
    killedBy:
      "of two handlers that end at the same instant one loses the race, and its outcome has no consequence",
  },
  {
    breaks: "running handlers: futures of a cancelled one start",
    file: "src/engines/embedded/execution/message-cancellation.ts",
    find: "    this.remove(record);\n    return true;",
    replace: "    this.remove(record);\n    return false;",
    test: CANCELLED_RUNS,
    killedBy:
      "a canceled run that still ends keeps its state and sends, and its futures are canceled for every consumer",
  },
  {
    breaks: "gates: a promise is awaited once for each run of a blocked handler",
    file: FLUSH,
    find: '  if (node.plan.kind !== "promise") return gateFor(graph, node, { sends, content });\n',
    replace:
      '  if (node.plan.kind !== "promise") return gateFor(graph, node, { sends, content });\n  if (flush.length > 0) return gateFor(graph, node, { sends, content: node.plan.digest + content });\n',
    test: EVERY_COMMIT,
    killedBy:
      "a promise of a blocked handler settles once for each consumer, however often the handler has run",
  },
  {
    breaks: "gates: a repeated run does not use the result of a call made before",
    file: FLUSH,
    find: "  if (isKnown(node) || !settles(node)) return gated(graph, node);\n",
    replace: "  if (isKnown(node) || settles(node) || !settles(node)) return gated(graph, node);\n",
    test: EVERY_COMMIT,
    killedBy:
      "a blocked handler attaches to the work it started before, though its next run uses other instants",
  },
  {
    breaks: "gates: each run of a blocked handler repeats a call with a handle as input",
    file: "src/futures/protocol/codec.ts",
    find: 'return text.replaceAll(INSTANT, "$1]]}");',
    replace: "return text.replaceAll(INSTANT, (handle) => handle);",
    test: EVERY_COMMIT,
    killedBy:
      "a blocked handler attaches to the work it started before, though its next run uses other instants",
  },
  {
    breaks: "the meter: calls that a cancelled, blocked handler lost in a crash are not counted",
    file: FLUSH,
    find: "[...compileNode(graph, node), ...markMade(graph, node)]",
    replace: "[...compileNode(graph, node), ...markMade(graph, node).slice(1)]",
    test: CANCEL_COMMITS,
    killedBy:
      "messages sent by blocked handlers are canceled with their flow, whichever commit fails and in whichever way",
  },
  {
    breaks: "canceled runs: clean-up does not wait for the handler",
    file: "src/futures/run/cancel-call.ts",
    find: '  if (activation.withdrawn === "running") {',
    replace: '  if (activation.withdrawn === "running" && flow === "") {',
    test: ENDED_RUNS,
    killedBy: "60 orders that are canceled while their charge runs are not charged in the end",
  },
  {
    breaks: "canceled runs: one that never ends is waited for forever",
    file: MESSAGE_CANCELLATION,
    find: "    running.stopGrace = setLongTimer(clock, graceMs, giveUp);\n",
    replace: "    void [clock, setLongTimer, giveUp];\n",
    test: ENDED_RUNS,
    killedBy:
      "clean-up of a call whose handler is running > has the late effects of a run fenced that is given up",
  },
  {
    breaks: "canceled runs: one that was given up still has effects",
    file: "src/engines/embedded/execution/handler-runs.ts",
    find: "    cancellation.abandon();\n",
    replace: "",
    test: ENDED_RUNS,
    killedBy:
      "clean-up of a call whose handler is running > has the late effects of a run fenced that is given up",
  },
  {
    breaks: "joins: a canceled one does not wait for its other branches",
    file: "src/futures/combinators/all.ts",
    find: "  if (late === true) return fillLate(activation, filled, opening, branch);\n",
    replace: "",
    test: ENDED_RUNS,
    killedBy:
      "clean-up of a call whose handler is running > waits for every run below a join, a race, a first or a wait",
  },
  {
    breaks: "races: a canceled one does not wait for its branches",
    file: "src/futures/combinators/held-consumers.ts",
    find: "isLate(consumer) || patienceOf(consumer) !== undefined",
    replace: "patienceOf(consumer) !== undefined",
    test: ENDED_RUNS,
    killedBy:
      "clean-up of a call whose handler is running > waits for every run below a join, a race, a first or a wait",
  },
  {
    breaks: "cells: the late subscribers of a canceled one do not wait for its work",
    file: "src/futures/combinators/cell-settlement.ts",
    find: "  if (state.working) return",
    replace: "  if (state.working && state.gate && state.left) return",
    test: CANCELED_ORDERS,
    killedBy:
      "of an order that is canceled at any moment, each step is kept if it completed, and else undone, also across crashes",
  },
  {
    breaks: "clean-up: the outer ones do not get the result of the inner ones",
    file: "src/futures/protocol/deliver.ts",
    find: "{ ...cleanUp, consumers, cancelled: true }",
    replace: "{ ...cleanUp, consumers: [], cancelled: true }",
    test: ENDED_RUNS,
    killedBy:
      "clean-up of a call whose handler is running > runs after the clean-ups inside it, with what they end with: retry",
  },
  {
    breaks: "sagas: ifUnsure has an idempotency key of its own",
    file: "src/patterns/saga/saga.ts",
    find: "...(key !== undefined && { idempotencyKey: key }),",
    replace: "...(key === null && { idempotencyKey: key }),",
    test: ENDED_RUNS,
    killedBy:
      "ifUnsure has the idempotency key of its step, at whichever commit the process crashes",
  },
  {
    breaks: "sagas: a step that timed out is compensated while it runs",
    file: "src/patterns/saga/saga.ts",
    find: "next, { at, done, given }, { awaitRuns: true })",
    replace: "next, { at, done, given })",
    test: CANCELED_ORDERS,
    killedBy:
      "of an order that is canceled at any moment, each step is kept if it completed, and else undone, also across crashes",
  },
];
