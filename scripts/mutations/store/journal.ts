import type { Mutation } from "../mutation.ts";

const EMISSIONS = "src/engines/embedded/journal/emissions.ts";
const STREAMS = "test/engines/embedded/journal/streams.test.ts";
const STREAM_LAWS = "test/laws/journal/streams.test.ts";
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
];
