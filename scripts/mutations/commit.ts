import type { Mutation } from "./mutation.ts";

const GROUP_COMMIT = "src/engines/embedded/commit/group-commit.ts";
const STATE_CACHE = "src/engines/embedded/state/state-cache.ts";
const WRITE_BATCH = "src/engines/embedded/commit/write-batch.ts";
const STORE_SESSION = "src/stores/sqlite/session/store-session.ts";
const CONSISTENCY = "test/battery/consistency.test.ts";
const ENGINE_TESTS = "test/engines/embedded/embedded-engine.test.ts";
const CRASH_LAWS = "test/laws/crash.test.ts";
const COMMITS_TESTS = "test/engines/embedded/group-commit.test.ts";
const DERIVED_TESTS = "test/durability/kills/derived-values.test.ts";
const DERIVED_LAW =
  "a flow whose record is derived from its first call behaves like a flow whose record is written at once";
const THREAD_TESTS = "test/stores/sqlite/writer-thread.test.ts";
const SQLITE_TESTS = "test/stores/sqlite/sqlite-store.test.ts";

/** What is on disk, when, and who may know of it. */
export const COMMIT: readonly Mutation[] = [
  {
    breaks: "inserting rows: those that fill no statement of several rows are left out",
    file: "src/stores/sqlite/rows/row-insert.ts",
    find: "    for (const row of rows.slice(at)) this.#one.run(...row);\n",
    replace: "",
    test: "test/stores/sqlite/rows/row-insert.test.ts",
    killedBy:
      "every row of a list is inserted once, in the order of the list, however many there are",
  },
  {
    breaks: "late functions: parked work that was just canceled runs",
    file: "src/engines/embedded/execution/late-functions.ts",
    find: "if (!added.has(type) || commits.removes(message.seq)) continue;",
    replace: "if (!added.has(type)) continue;",
    test: "test/engines/embedded/late-functions.test.ts",
    killedBy:
      "a function that is registered later > does not run work that was canceled while it was parked",
  },
  {
    breaks: "late functions: messages of a commit in flight are delivered twice",
    file: "src/engines/embedded/commit/group-commit.ts",
    find: "if (this.isStoreAhead) this.#reads.push(read);",
    replace: "if (this.isStoreAhead && this.#isStopped) this.#reads.push(read);",
    test: "test/engines/embedded/late-functions.test.ts",
    killedBy:
      "a function that is registered later > gets each message once and in order, whenever it is registered",
  },
  {
    breaks: "work in a scope: all of it is read to find out that some is left",
    file: GROUP_COMMIT,
    find: "return this.#keepsRows(prefix, FIRST_ROWS) || this.#keepsRows(prefix);",
    replace: "return this.#keepsRows(prefix);",
    test: COMMITS_TESTS,
    killedBy:
      "whether a scope has work left > is found out from a few stored timers, however many there are",
  },
  {
    breaks: "work in a scope: only the first page counts",
    file: GROUP_COMMIT,
    find: "return this.#keepsRows(prefix, FIRST_ROWS) || this.#keepsRows(prefix);",
    replace: "return this.#keepsRows(prefix, FIRST_ROWS);",
    test: COMMITS_TESTS,
    killedBy:
      "whether a scope has work left > is exact where a batch removes the first page of stored watches, and then all",
  },
  {
    breaks: "work in a scope: what a batch in flight removes still counts",
    file: GROUP_COMMIT,
    find: "return this.#keepsRows(prefix, FIRST_ROWS) || this.#keepsRows(prefix);",
    replace: "return true;",
    test: COMMITS_TESTS,
    killedBy: "lookups of messages and watches do not depend on the progress of commits",
  },
  {
    breaks: "consistency: readState sees what is not committed",
    file: "src/engines/embedded/state/address-state.ts",
    find: "values.push({ name: cached.name, value: cached.committed });",
    replace: "values.push({ name: cached.name, value: cached.current ?? cached.committed });",
    test: CONSISTENCY,
    killedBy: "each address is linearizable, whatever the order of events and the crashes",
  },
  {
    breaks: "consistency: client.waits mixes two instants",
    file: "src/engines/embedded/commit/committed-reads.ts",
    find: "if (view.asked < 2 || !commits.isStoreAhead) return result;",
    replace: "if (view.asked > 0) return result;",
    test: "test/engines/embedded/committed-reads.test.ts",
    killedBy:
      "client.waits while the store is ahead of the engine > never shows a pending flow that waits for nothing",
  },
  {
    breaks: "the durable commit: replies are delivered before it",
    file: "src/engines/embedded/dispatch/turn-dispatcher.ts",
    find: "    if (!lifecycle.hasStopped) commits.begin();\n    replies.deliverSome();\n",
    replace:
      "    replies.add(commits.batch.replies.splice(0));\n    while (!replies.isEmpty) replies.deliverSome();\n    if (!lifecycle.hasStopped) commits.begin();\n",
    test: CRASH_LAWS,
    killedBy:
      "acknowledged work is durable, and reads are committed: nothing goes back over crashes",
  },
  {
    breaks: "the durable commit: messages are delivered before it",
    file: GROUP_COMMIT,
    find: "await this.#commit(batch, listener);",
    replace: "void this.#commit(batch, listener).catch((error) => listener.commitFailed(error));",
    test: ENGINE_TESTS,
    killedBy: "waiting for the disk > a handler runs only once its message is durable",
  },
  {
    breaks: "the atomic commit: messages are sent in a second transaction",
    file: GROUP_COMMIT,
    find: "        await store.commit(batch, !isRetry && !listener.expectsMore);\n",
    replace:
      "        const { inserted, ...rest } = batch;\n        await store.commit({ ...rest, inserted: [] });\n        const nothing = Object.fromEntries(Object.keys(batch).map((list) => [list, []]));\n        await store.commit({ ...nothing, inserted } as never);\n",
    test: CRASH_LAWS,
    killedBy:
      "effects are atomic: a handler's writes, sends and egress count together or not at all",
  },
  {
    breaks: "the atomic commit: a handled message stays in the store",
    file: "src/engines/embedded/execution/message-cancellation.ts",
    find: "      this.remove(running.message);\n      return scopes.takeSkipped(running.seq);",
    replace: "      return scopes.takeSkipped(running.seq);",
    test: CRASH_LAWS,
    killedBy: "counters equal the number of distinct requests, however often each is repeated",
  },
  {
    breaks: "the atomic commit: SQLite keeps the first half of a batch that fails",
    file: "src/stores/sqlite/connection/transactions.ts",
    find: "this.#rollback.run();",
    replace: "this.#commit.run();",
    test: SQLITE_TESTS,
    killedBy:
      "sqlite() as a store > rejects a batch that inserts a seq that exists, and applies nothing of it",
  },
  {
    breaks: "failed reads: one ends the process",
    file: "src/engines/embedded/lifecycle/lifecycle.ts",
    find: "    try {\n      step();\n    } catch (error) {\n      this.fail(error);\n    }\n",
    replace: "    step();\n",
    test: ENGINE_TESTS,
    killedBy:
      "a store that fails > stops the engine, not the process, when a read fails, and loses no message that was being handled",
  },
  {
    breaks: "snapshots: readers see uncommitted values",
    file: "src/engines/embedded/state/address-state.ts",
    find: "cached.committed !== undefined)\n        values.push({ name: cached.name, value: cached.committed });",
    replace:
      "cached.current !== undefined) values.push({ name: cached.name, value: cached.current });",
    test: ENGINE_TESTS,
    killedBy:
      "waiting for the disk > acknowledgments, results, egress and reads from outside wait for the commit",
  },
  {
    breaks: "the state cache: uncommitted values are evicted",
    file: STATE_CACHE,
    find: "state.pins > 0",
    replace: "state.pins > 9",
    test: ENGINE_TESTS,
    killedBy: "taking turns > a state that is evicted and loaded many times loses nothing",
  },
  {
    breaks: "isolation: two messages are handled at once at one address",
    file: "src/engines/embedded/mailboxes/mailboxes.ts",
    find: "    if (known !== undefined) {",
    replace: "    if (known !== undefined && known.queue.size > 0) {",
    test: "test/laws/state.test.ts",
    killedBy:
      "one handler at a time runs at an address, and different addresses run at the same time",
  },
  {
    breaks: "the lock of a store is not taken",
    file: STORE_SESSION,
    find: "const lock = lockStore(file);",
    replace: "const lock = { release: () => void lockStore };",
    test: "test/stores/store-lock.test.ts",
    killedBy:
      "opening a store that another process has open is STORE_LOCKED with its pid; after a kill the store opens at once, intact",
  },
  {
    breaks:
      "the full disk: the current batch overtakes the second of two commits that wait for space",
    file: GROUP_COMMIT,
    find: "this.#retrying > 0 || ",
    replace: "",
    test: COMMITS_TESTS,
    killedBy:
      "commits to a store that queues > that find the disk full are tried again in order, and later messages follow them",
  },
  {
    breaks: "two commits in flight: messages that the second one removes count as stored",
    file: GROUP_COMMIT,
    find: "this.#inFlight.some((batch) => batch.removes(seq))",
    replace: "this.#inFlight[0]?.removes(seq) === true",
    test: COMMITS_TESTS,
    killedBy: "lookups of messages and watches do not depend on the progress of commits",
  },
  {
    breaks: "two commits under way: the second is made although the first has failed",
    file: "src/stores/sqlite/writer/writer-thread.ts",
    find: "  if (lastFailure !== undefined && request.failures < failures) return { failure: lastFailure };\n",
    replace: "",
    test: THREAD_TESTS,
    killedBy:
      "a commit that fails in the thread > also fails the commit that was sent right after it, and no other",
  },
  {
    breaks: "two commits under way: the event loop overtakes the thread",
    file: "src/stores/sqlite/session/commit-routing.ts",
    find: "this.#batchesInThread === 0 && ",
    replace: "",
    test: THREAD_TESTS,
    killedBy:
      "a commit that fails in the thread > also fails the next commit when that is small enough for the event loop",
  },
  {
    breaks: "derived values: one is lost when its message is removed",
    file: "src/engines/embedded/commit/derived-value-writer.ts",
    find: "    if (value.isDerived) commits.batch.write(value, value.current ?? null);\n",
    replace: "",
    test: DERIVED_TESTS,
    killedBy: DERIVED_LAW,
  },
  {
    breaks: "derived values: one is not read from its message",
    file: STATE_CACHE,
    find: "    if (derived !== undefined) state.loadDerived(derived.name, derived.value);\n",
    replace: "",
    test: DERIVED_TESTS,
    killedBy: DERIVED_LAW,
  },
  {
    breaks: "derived values: a later write of one is forgotten",
    file: WRITE_BATCH,
    find: "    cached.isDerived = false;\n",
    replace: "",
    test: DERIVED_TESTS,
    killedBy: DERIVED_LAW,
  },
  {
    breaks: "derived values: one is stored beside its message",
    file: WRITE_BATCH,
    find: "      if (cached.isDerived) continue;\n",
    replace: "",
    test: DERIVED_TESTS,
    killedBy: "until the first call of a flow is handled, the store holds nothing else of the flow",
  },
  {
    breaks: "commits on the event loop: one happens there although other work is ready",
    file: GROUP_COMMIT,
    find: "        await store.commit(batch, !isRetry && !listener.expectsMore);\n",
    replace: "        await store.commit(batch, !isRetry);\n",
    test: COMMITS_TESTS,
    killedBy:
      "commits to a store that queues > may block the event loop only when no more messages are about to arrive",
  },
  {
    breaks: "reading: the transaction stays open over a commit that is known",
    file: STORE_SESSION,
    find: "    connection.endRead();\n",
    replace: "",
    test: THREAD_TESTS,
    killedBy:
      "while the thread commits > a read after its promise resolves sees the commit, even after many reads just before",
  },
];
