import type { Mutation } from "../mutation.ts";

const LAW = "test/laws/listing/listing.test.ts";
const WHOLE = "a filter gives what the whole list gives, and its pages make up the whole";
const IDS =
  "sqlite() as a store > lists the ids of a function's states in the order of their code points";
const WAITING = "test/laws/listing/waiting.test.ts";
const AGREE = "lists, counts and statuses agree on flows that wait, are parked, or were recovered";
const UNWRITTEN = "src/engines/embedded/listing/unwritten-flows.ts";
const ENTRIES = "test/stores/flow-entries.test.ts";

/** Lists of flows, and the index that they read. */
export const FLOW_INDEX: readonly Mutation[] = [
  {
    breaks: "the flow index: a flow that ends stays in its former group",
    file: "src/engines/embedded/commit/flow-change-list.ts",
    find: "this.#changed.push({ was: before, is: after });",
    replace: "this.#changed.push({ is: after });",
    test: LAW,
    killedBy: WHOLE,
  },
  {
    breaks: "the flow index: a page begins with the last flow of the page before",
    file: "src/stores/memory/flow-entries.ts",
    find: "after !== undefined && compare(entry, after) >= 0",
    replace: "after !== undefined && compare(entry, after) > 0",
    test: LAW,
    killedBy: WHOLE,
  },
  {
    breaks: "the flow index: flows whose records have expired are counted",
    file: "src/engines/embedded/listing/flow-listing.ts",
    find: "unwritten.count(types) : 0) - expired;",
    replace: "unwritten.count(types) : 0);",
    test: "test/conformance/embedded-memory.test.ts",
    killedBy: "a flow counts once, however often its record changes, and no more once it is gone",
  },
  {
    breaks: "the flow index: a list leaves out flows whose first call is being handled",
    file: "src/engines/embedded/listing/unwritten-flows.ts",
    find: "if (isCommittedDerived && committed !== undefined)",
    replace: "if (!isCommittedDerived && committed !== undefined)",
    test: "test/engines/embedded/flow-listing.test.ts",
    killedBy: "a flow is listed without a gap, while its record is first written",
  },
  {
    breaks: "the flow index: a flow whose record is stored is listed by its waiting call, too",
    file: UNWRITTEN,
    find: "      isRecovered &&",
    replace: "      false &&",
    test: WAITING,
    killedBy: AGREE,
  },
  {
    breaks: "the flow index: a call whose flow's record is written counts on",
    file: "src/engines/embedded/commit/group-commit.ts",
    find: "    if (batch.flows !== undefined) messages.observer?.written(batch.flows);\n",
    replace: "",
    test: WAITING,
    killedBy: AGREE,
  },
  {
    breaks: "the flow index: a start counts before it is committed",
    file: UNWRITTEN,
    find: "this.#waiting.count(types) - uncommitted",
    replace: "this.#waiting.count(types)",
    test: "test/engines/embedded/flow-listing.test.ts",
    killedBy: "a start that the next commit writes is neither listed nor counted yet",
  },
  {
    breaks: "the flow index: a flow stays parked after its message is gone",
    file: "src/engines/embedded/commit/message-index.ts",
    find: "    this.unpark(message);\n",
    replace: "",
    test: "test/engines/embedded/message-index.test.ts",
    killedBy: "a flow is parked while one of its messages is parked and not handled",
  },
  {
    breaks: "attributes: those that a flow cannot keep leave silently",
    file: "src/futures/flow/flow-attributes.ts",
    find: "    else dropped.push(name);\n",
    replace: "",
    test: "test/bad-input/log-lines.test.ts",
    killedBy:
      "the log has a line when a flow has too many attributes, with their names and no value",
  },
  {
    breaks: "the flow index: an index that other openings left behind counts as complete",
    file: "src/stores/sqlite/connection/sqlite-connection.ts",
    find: "this.#isIndexKept = flows.keptBy() === last;",
    replace: "this.#isIndexKept = flows.keptBy() > 0 || last === 0;",
    test: ENTRIES,
    killedBy: "each flow of the former store store-v1.db gets an entry once",
  },
  {
    breaks: "lists of states: a page begins with the last state of the page before",
    file: "src/stores/sqlite/tables/state.ts",
    find: "`${after}\\0`",
    replace: "after",
    test: "test/stores/sqlite/sqlite-store.test.ts",
    killedBy: IDS,
  },
  {
    breaks: "lists of states: one that has expired is listed",
    file: "src/futures/client/stored/read-state.ts",
    find: "if (alive.length > 0) found.push(id);",
    replace: "found.push(id);",
    test: "test/conformance/embedded-memory.test.ts",
    killedBy: "a state that was deleted or has expired is not listed",
  },
  {
    breaks: "lists of dead letters: a letter is listed again",
    file: "src/stores/memory/memory.ts",
    find: "({ place }) => place > after",
    replace: "({ place }) => place >= after",
    test: "test/conformance/embedded-memory.test.ts",
    killedBy: "dead letters are listed in pages, the oldest first",
  },
  {
    breaks: "cursors: one of another filter is taken",
    file: "src/futures/listing/cursor.ts",
    find: "if (place !== undefined && digestOfPlace(list, place) === stated) return place;",
    replace: "if (place !== undefined) return place;",
    test: "test/conformance/embedded-memory.test.ts",
    killedBy: "a cursor is refused by another list, and so is one that was changed",
  },
  {
    breaks: "the flow index: a count looks at some of many expired records only",
    file: "src/engines/embedded/listing/flow-listing.ts",
    find: "    if (expiredValues.length === MOST_EXPIRED) return undefined;\n",
    replace: "",
    test: "test/engines/embedded/flow-listing.test.ts",
    killedBy:
      "flows whose records expired while no engine ran are not counted, however many they are",
  },
];
