import type { Mutation } from "./mutation.ts";

const ENGINE = "src/engines/embedded/engine.ts";
const COMMITS = "src/engines/embedded/commit/group-commit.ts";
const ADDRESS_STATE = "src/engines/embedded/state/address-state.ts";
const STATE_CACHE = "src/engines/embedded/state/state-cache.ts";
const STORE_SESSION = "src/stores/sqlite/session/store-session.ts";
const ENGINE_TESTS = "test/engines/embedded/embedded-engine.test.ts";
const CRASH_LAWS = "test/laws/crash.test.ts";
const COMMITS_TESTS = "test/engines/embedded/group-commit.test.ts";
const IMPLIED = "src/engines/embedded/commit/derived-values.ts";
const IMPLIED_TESTS = "test/durability/kills/derived-values.test.ts";
const IMPLIED_LAW =
  "a flow without a key, whose record is kept when its first call is handled, is as one whose record is kept at once";
const THREAD_TESTS = "test/stores/sqlite/writer-thread.test.ts";
const SQLITE_TESTS = "test/stores/sqlite/sqlite-store.test.ts";

/** What is on disk, when, and who may know of it. */
export const COMMIT: readonly Mutation[] = [
  {
    breaks: "the durable commit: answers are given before it",
    file: ENGINE,
    find: "    if (this.#stopped === undefined) this.#commits.begin();\n",
    replace:
      "    this.#outbox.add(this.#commits.batch.answers.splice(0));\n    this.#outbox.giveAll();\n    if (this.#stopped === undefined) this.#commits.begin();\n",
    test: CRASH_LAWS,
    killedBy:
      "acknowledged work is durable, and reads are committed: nothing goes back over crashes",
  },
  {
    breaks: "the durable commit: messages are delivered before it, and handlers run",
    file: COMMITS,
    find: "await this.#commit(batch);",
    replace: "void this.#commit(batch).catch(this.#parts.failed);",
    test: ENGINE_TESTS,
    killedBy:
      "waiting for the disk > a handler runs only once the message that caused it is durable",
  },
  {
    breaks:
      "the atomic commit: messages leave in a second transaction, apart from state and consumption",
    file: COMMITS,
    find: "        await store.commit(batch, !gathers());\n",
    replace:
      "        const { inserted, ...rest } = batch;\n        await store.commit({ ...rest, inserted: [] });\n        const nothing = Object.fromEntries(Object.keys(batch).map((list) => [list, []]));\n        await store.commit({ ...nothing, inserted } as never);\n",
    test: CRASH_LAWS,
    killedBy:
      "effects are atomic: a handler's writes, sends and egress count together or not at all",
  },
  {
    breaks: "the atomic commit: a handled message stays in the store",
    file: ENGINE,
    find: "      if (!running.cancellation.isCancelled) this.#activations.remove(running);\n",
    replace: "",
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
    breaks: "the failed read: it ends the process",
    file: ENGINE,
    find: "    try {\n      step();\n    } catch (error) {\n      this.#fail(error);\n    }\n",
    replace: "    step();\n",
    test: ENGINE_TESTS,
    killedBy:
      "a store that fails > stops the engine, not the process, when it cannot be read; the message that was being handled is not lost",
  },
  {
    breaks: "snapshots: readers see what is not committed",
    file: ADDRESS_STATE,
    find: "slot.committed !== undefined) values.push({ name: slot.name, value: slot.committed });",
    replace: "slot.current !== undefined) values.push({ name: slot.name, value: slot.current });",
    test: ENGINE_TESTS,
    killedBy:
      "waiting for the disk > acknowledgements, results, egress and what is read from outside wait for the commit",
  },
  {
    breaks: "the state cache: it forgets what is not committed yet",
    file: STATE_CACHE,
    find: "state.pins > 0",
    replace: "state.pins > 9",
    test: ENGINE_TESTS,
    killedBy:
      "taking turns > a state is forgotten and loaded again as often as need be, and loses nothing",
  },
  {
    breaks: "isolation: two messages are handled at once at one address",
    file: "src/engines/embedded/execution/mailboxes.ts",
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
      "the full disk: what gathers meanwhile overtakes the second of two commits that found no room",
    file: COMMITS,
    find: "this.#refused > 0 || ",
    replace: "",
    test: COMMITS_TESTS,
    killedBy:
      "commits to a store that queues > that find no room are tried again in their order, and what has gathered meanwhile follows them",
  },
  {
    breaks: "two commits under way: what the second removes is taken for kept",
    file: COMMITS,
    find: "this.#underWay.some((batch) => batch.removes(seq))",
    replace: "this.#underWay[0]?.removes(seq) === true",
    test: COMMITS_TESTS,
    killedBy:
      "what is known of messages and watches does not depend on how far the commits have come",
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
    breaks: "the implied value: it is not kept when the message that tells it is removed",
    file: IMPLIED,
    find: "    if (slot.isImplied) commits.batch.write(slot, slot.current ?? null);\n",
    replace: "",
    test: IMPLIED_TESTS,
    killedBy: IMPLIED_LAW,
  },
  {
    breaks: "the implied value: it is not read from the message",
    file: STATE_CACHE,
    find: "    if (implied !== undefined) state.imply(implied.name, implied.value);\n",
    replace: "",
    test: IMPLIED_TESTS,
    killedBy: IMPLIED_LAW,
  },
  {
    breaks: "the implied value: what was written since is forgotten",
    file: "src/engines/embedded/commit/write-batch.ts",
    find: "    slot.isImplied = false;\n",
    replace: "",
    test: IMPLIED_TESTS,
    killedBy: IMPLIED_LAW,
  },
  {
    breaks: "the implied value: it is kept beside the message",
    file: "src/engines/embedded/commit/write-batch.ts",
    find: "      if (slot.isImplied) continue;\n",
    replace: "",
    test: IMPLIED_TESTS,
    killedBy: "nothing is kept of a flow beside its first call until that is handled",
  },
  {
    breaks:
      "the commit on the event loop: it is made there although there is something else to be done",
    file: COMMITS,
    find: "        await store.commit(batch, !gathers());\n",
    replace: "        await store.commit(batch);\n",
    test: COMMITS_TESTS,
    killedBy:
      "commits to a store that queues > may keep the event loop from nothing but what is about to gather",
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
