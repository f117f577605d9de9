import type { Mutation } from "../mutation.ts";

const SESSION = "src/stores/sqlite/session/store-session.ts";
const OWNERSHIP = "src/stores/sqlite/session/ownership.ts";
const FENCING = "test/stores/sqlite/fencing.test.ts";

/** Stores whose lock is lost, or whose files are replaced, while an engine has them open. */
export const STORE_OWNERSHIP: readonly Mutation[] = [
  {
    breaks: "fencing: a commit does not look for a later opening",
    file: "src/stores/sqlite/tables/commit-marks.ts",
    find: "if (mark?.storeId === storeId && mark.generation === generation) return mark;",
    replace: "if (mark !== undefined) return { ...mark, storeId, generation };",
    test: FENCING,
    killedBy: "a second engine in the same process fences the first one, too",
  },
  {
    breaks: "fencing: a commit does not look for the one before it",
    file: "src/stores/sqlite/tables/commit-marks.ts",
    find: "    if (mark.commits < (this.#written?.mark.commits ?? 0)) throw commitsLost(this.#file);\n",
    replace: "    void commitsLost;\n",
    test: FENCING,
    killedBy: "a store that commits on the event loop stops when its own last commit is gone",
  },
  {
    breaks: "fencing: a commit is acknowledged though its log was deleted",
    file: "src/stores/sqlite/connection/checked-commits.ts",
    find: "    requireFiles(file, files);\n",
    replace: "    void [requireFiles, file, files];\n",
    test: FENCING,
    killedBy:
      "a store that commits on the event loop > does not acknowledge a commit once the log is deleted",
  },
  {
    breaks: "fencing: a commit is acknowledged though the index of the log was deleted",
    file: "src/stores/sqlite/file/open-files.ts",
    find: '["", "-wal", "-shm"]',
    replace: '["", "-wal"]',
    test: FENCING,
    killedBy:
      "a store that commits on the event loop > does not acknowledge a commit once the index of the log is deleted",
  },
  {
    breaks: "fencing: an idle store does not look for its files",
    file: OWNERSHIP,
    find: "      this.requireFiles();\n      connection",
    replace: "      connection",
    test: FENCING,
    killedBy: "an idle store reports within a second that the log is deleted",
  },
  {
    breaks: "fencing: an idle store does not look for a later opening",
    file: OWNERSHIP,
    find: "      connection.requireOwner();\n",
    replace: "      void connection;\n",
    test: FENCING,
    killedBy: "an idle engine stops within a second when another engine opens its store",
  },
  {
    breaks: "fencing: a call of a batch that was rolled back is in doubt",
    file: "src/engines/embedded/execution/commit-results.ts",
    find: "if (isRolledBack(error)) replies.reject(commits.unwrittenReplies(), fencedFor(error, true));",
    replace: "void [isRolledBack, fencedFor, replies, commits];",
    test: FENCING,
    killedBy: "calls of a batch that was rolled back are told that it did not happen",
  },
  {
    breaks: "fencing: a call that waits is told that its work was not accepted",
    file: "src/engines/embedded/lifecycle/lifecycle.ts",
    find: "this.#onFailure(fencedFor(reason, false));",
    replace: "this.#onFailure(fencedFor(reason, true));",
    test: FENCING,
    killedBy: "an idle engine stops within a second when another engine opens its store",
  },
  {
    breaks: "fencing: a store that has lost its log copies it into the file when it is closed",
    file: SESSION,
    find: "this.#lastConnection.closeAfter(() => connection.close());",
    replace: "closeWithoutCheckpoint(file, () => connection.close());",
    test: FENCING,
    killedBy:
      "a store whose log is gone never writes to the file again, not even when it is closed",
  },
  {
    breaks: "the second name: the log has none",
    file: SESSION,
    find: "    linkLog(file);\n",
    replace: "    void linkLog;\n",
    test: FENCING,
    killedBy:
      "nothing acknowledged is lost when a program that looks into the store deletes its log",
  },
];
