import type { Mutation } from "../mutation.ts";

const EMISSIONS = "src/engines/embedded/journal/emissions.ts";
const STREAMS = "test/engines/embedded/journal/streams.test.ts";
const STREAM_LAWS = "test/laws/journal/streams.test.ts";
const HISTORY = "test/engines/embedded/journal/history.test.ts";
const EVENT_LAWS = "test/laws/journal/events.test.ts";
const HISTORY_LAWS = "test/laws/journal/history.test.ts";
const CONFORMANCE = "test/conformance/embedded-memory.test.ts";

/** What the journal keeps, in which order, and what its readers see. */
export const JOURNAL: readonly Mutation[] = [
  {
    breaks: "streams: values that are not durable yet are not bounded",
    file: EMISSIONS,
    find: "      items >= most.items ||",
    replace: "      items > Number.MAX_SAFE_INTEGER ||",
    test: STREAMS,
    killedBy: "values that are not durable yet are bounded for each run, and those before stay",
  },
  {
    breaks: "streams: each value is a commit of its own",
    file: EMISSIONS,
    find: "if (last?.takes(run, value.length) === true) return last;",
    replace: "if (last?.takes(run, value.length) === true && last.count < 1) return last;",
    test: STREAMS,
    killedBy: "thousands of values share few rows and commits",
  },
  {
    breaks: "streams: a canceled run goes on emitting",
    file: "src/futures/run/handler-context.ts",
    find: "    if (this.#parts.cancellation.isCancelled) throw this.#cancelled();\n    return (this.#streams",
    replace: "    return (this.#streams",
    test: STREAMS,
    killedBy: "a run that was canceled emits nothing after",
  },
  {
    breaks: "streams: a rejected promise of ctx.emit is unhandled",
    file: EMISSIONS,
    find: "    durable.promise.catch(() => undefined);\n",
    replace: "",
    test: STREAMS,
    killedBy: "a promise that is not awaited does not end the process when the engine stops",
  },
  {
    breaks: "streams: a run has a new epoch in each commit",
    file: EMISSIONS,
    find: "    this.#run.epoch ??= first;",
    replace: "    this.#run.epoch = first;",
    test: STREAM_LAWS,
    killedBy:
      "a reader that goes on at its cursor misses no item and reads none twice, whatever crashes",
  },
  {
    breaks: "streams: a reader that goes on repeats items that share a row with its cursor",
    file: "src/futures/client/journal/read-stream.ts",
    find: "    if (at <= after) continue;\n",
    replace: "",
    test: CONFORMANCE,
    killedBy: "a reader goes on after the cursor of any item",
  },
  {
    breaks: "journal: rows of flows that are gone stay",
    file: "src/engines/embedded/journal/journal-collector.ts",
    find: "for (const flow of gone) journal.deleteFlow(flow);",
    replace: "void journal;",
    test: STREAMS,
    killedBy: "the items of a flow are deleted with its record, after the retention",
  },
  {
    breaks: "journal: readers see entries that the store holds and the engine does not know",
    file: "src/engines/embedded/journal/journal.ts",
    find: "last <= this.#known ? rows :",
    replace: "last > 0 ? rows :",
    test: EVENT_LAWS,
    killedBy:
      "at any moment a history agrees with the status of its flow, and only grows, whatever crashes",
  },
  {
    breaks: "traces: calls do not carry on the trace of their flow",
    file: "src/futures/protocol/call.ts",
    find: "    actsFor,\n    traceparent,\n  };",
    replace: "    actsFor,\n  };",
    test: CONFORMANCE,
    killedBy: "the trace of a start reaches every call and message of its flow, and no other flow",
  },
  {
    breaks: "history: the end of a flow is not noted",
    file: "src/futures/flow/flow.ts",
    find: "  noteFlowEnd(activation, record, failure);\n",
    replace: "",
    test: EVENT_LAWS,
    killedBy:
      "at any moment a history agrees with the status of its flow, and only grows, whatever crashes",
  },
  {
    breaks: "history: entries are written in the batch after that of what they tell",
    file: "src/engines/embedded/execution/effect-writer.ts",
    find: "for (const note of notes) this.#parts.history?.add(note);",
    replace:
      "for (const note of notes) this.#parts.commits.batch.afterCommit.push(() => this.#parts.history?.add(note));",
    test: EVENT_LAWS,
    killedBy:
      "at any moment a history agrees with the status of its flow, and only grows, whatever crashes",
  },
  {
    breaks: "history: entries that left while a handler is blocked leave again",
    file: "src/core/activation/activation.ts",
    find: "    this.#notes = undefined;\n    return",
    replace: "    return",
    test: HISTORY,
    killedBy: "a call that leaves while its handler is blocked is told once",
  },
  {
    breaks: "history: runs that retry are not told",
    file: "src/futures/run/run.ts",
    find: '    this.#note(run, delay === undefined ? "failed" : "retries", failure);',
    replace: '    if (delay === undefined) this.#note(run, "failed", failure);',
    test: HISTORY_LAWS,
    killedBy: "the runs in a history add up to the bill of the flow",
  },
  {
    breaks: "history: a reader is not told of a gap",
    file: "src/engines/embedded/journal/history-limit.ts",
    find: "journal.batch.replace(rows, { ...last, count: 1, text });",
    replace: "journal.batch.replace(rows, { ...last, count: 1, text: encodeHistoryRow([]) });",
    test: HISTORY,
    killedBy: "a history over its limit loses its oldest entries, and tells how many",
  },
  {
    breaks: "history: a flow that is purged in the batch of its end leaves its last entries",
    file: "src/engines/embedded/commit/journal-batch.ts",
    find: "    this.#drafts = this.#drafts.filter((draft) => draft.flow !== flow);\n",
    replace: "",
    test: HISTORY,
    killedBy: "a purged flow leaves no history, also when it has just ended",
  },
  {
    breaks: "history: the option of a function is ignored",
    file: "src/engines/embedded/journal/configured-history.ts",
    find: "this.#definitions.get(type)?.history ?? this.#detail",
    replace: "this.#definitions.has(type) ? this.#detail : this.#detail",
    test: HISTORY,
    killedBy: "a function that is registered later turns its history on",
  },
  {
    breaks: "history: a cursor of another filter is taken",
    file: "src/futures/client/journal/cursor.ts",
    find: "list === this.#list && Number",
    replace: "list !== undefined && Number",
    test: CONFORMANCE,
    killedBy: "a cursor of another filter, flow or kind is refused",
  },
  {
    breaks: "history: a flow is cut again before its last cut is committed",
    file: "src/engines/embedded/journal/history-limit.ts",
    find: "    if (this.#cutting.has(flow)) return;\n",
    replace: "",
    test: "test/engines/embedded/journal/history-limit.test.ts",
    killedBy: "a history over its limit counts each lost entry once, however commits overlap",
  },
  {
    breaks: "history: the entries of a flow whose count was forgotten do not count",
    file: "src/engines/embedded/journal/history-limit.ts",
    find: "if (flow > this.#lastForgotten) this.#lastForgotten = flow;",
    replace: "",
    test: "test/engines/embedded/journal/history-limit.test.ts",
    killedBy: "a history keeps its limit after its count was forgotten for those of many others",
  },
];
