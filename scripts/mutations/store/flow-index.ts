import type { Mutation } from "../mutation.ts";

const LAW = "test/laws/listing/listing.test.ts";
const WHOLE = "a filter gives what the whole list gives, and its pages make up the whole";
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
    find: " - parkedInGroups - expired;",
    replace: " - parkedInGroups;",
    test: "test/conformance/embedded-memory.test.ts",
    killedBy: "a flow counts once, however often its record changes, and no more once it is gone",
  },
  {
    breaks: "the flow index: a list leaves out flows whose first call is being handled",
    file: "src/engines/embedded/listing/unwritten-flows.ts",
    find: "return cached.isCommittedDerived && cached.committed !== undefined",
    replace: "return cached.isDerived && cached.committed !== undefined",
    test: "test/engines/embedded/flow-listing.test.ts",
    killedBy: "a flow is listed without a gap, while its record is first written",
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
    breaks: "cursors: one of another filter is taken",
    file: "src/futures/listing/cursor.ts",
    find: "if (place !== undefined && digestOfPlace(list, place) === stated) return place;",
    replace: "if (place !== undefined) return place;",
    test: "test/conformance/embedded-memory.test.ts",
    killedBy: "a cursor is refused by another list, and so is one that was changed",
  },
];
