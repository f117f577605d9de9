import type { Mutation } from "../mutation.ts";

const VERDICT = "src/stores/sqlite/file/log-verdict.ts";
const VERDICTS = "test/stores/sqlite/log-verdict.test.ts";
const MISSING_LOG = "test/stores/sqlite/missing-log.test.ts";
const CONNECTION = "src/stores/sqlite/connection/sqlite-connection.ts";

/** Logs that are missing, too old, or of another store. */
export const MISSING_LOGS: readonly Mutation[] = [
  {
    breaks: "the missing log: the file does not tell that the store is open",
    file: CONNECTION,
    find: "    this.checkpoint();\n    return info;",
    replace: "    return info;",
    test: MISSING_LOG,
    killedBy:
      "a store that was killed, and > was copied without its log, is refused, or opened without the missing commits",
  },
  {
    breaks: "the missing log: a closed store is refused",
    file: CONNECTION,
    find: "commitMarks.advance(this.#openOwner(), true);",
    replace: "commitMarks.advance(this.#openOwner());",
    test: MISSING_LOG,
    killedBy: "a store that is closed needs no log, also when the close is not a clean one",
  },
  {
    breaks: "the missing log: it is not restored from its second name",
    file: VERDICT,
    find: "const isNext = last?.storeId === mark.storeId && first !== undefined;",
    replace: "const isNext = last?.storeId !== mark.storeId && first !== undefined;",
    test: MISSING_LOG,
    killedBy:
      "a store that was killed, and > whose log was deleted, has every commit: the log has a second name",
  },
  {
    breaks: "the missing log: a log of another store is applied",
    file: VERDICT,
    find: 'if (last.storeId !== mark.storeId) return foreign("the log belongs to another store");',
    replace: "",
    test: VERDICTS,
    killedBy: "a file and a log with commits > do not belong together if they are of two stores",
  },
  {
    breaks: "the missing log: a log with a gap before it is applied",
    file: VERDICT,
    find: 'if (mark.commits < first.commits - 1) return foreign("the log is newer than the file");',
    replace: "",
    test: VERDICTS,
    killedBy:
      "a file and a log with commits > belong together if the log continues what is in the file",
  },
  {
    breaks: "the missing log: a log is applied to a copy that replaced the file",
    file: VERDICT,
    find: "if (isRewritten && schemaVersion !== base.schemaVersion)",
    replace: "if (isRewritten && schemaVersion === -1)",
    test: VERDICTS,
    killedBy:
      "a file and a log with commits > do not belong together if the file was written anew by SQLite, unless the log tells of it",
  },
  {
    breaks: "the missing log: the number of the last commit is not kept",
    file: "src/stores/sqlite/connection/checked-commits.ts",
    find: "    lastCommit?.write(connection.commits);\n",
    replace: "    void lastCommit;\n",
    test: MISSING_LOG,
    killedBy:
      "a store that was killed, and > got a shorter version of its log under the same name, is refused",
  },
  {
    breaks: "the copy of a store: it gives out the ids of the original",
    file: "src/stores/sqlite/session/store-session.ts",
    find: "log.isBranch ? randomInt(SKIPPED_FROM, SKIPPED_TO) : 0",
    replace: "log.isBranch && randomInt(SKIPPED_FROM, SKIPPED_TO) < 0 ? 1 : 0",
    test: MISSING_LOG,
    killedBy:
      "a copy that SQLite makes of an open store > has every commit, and opens without a log",
  },
];
