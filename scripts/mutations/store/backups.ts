import type { Mutation } from "../mutation.ts";

const BACKUP = "src/stores/sqlite/backup/backup.ts";
const BACKUPS = "test/stores/sqlite/backup/backup.test.ts";

/** Copies of a store that an engine makes. */
export const BACKUPS_OF_STORES: readonly Mutation[] = [
  {
    breaks: "the backup: an existing file is replaced",
    file: "src/engines/embedded/lifecycle/backup.ts",
    find: "withDefault(false, flag())",
    replace: "withDefault(true, flag())",
    test: BACKUPS,
    killedBy: "the path of a backup > may not exist, unless overwrite is set",
  },
  {
    breaks: "the backup: it is written under its own name",
    file: BACKUP,
    find: "const partial = `${to}-partial`;",
    replace: "const partial = `${to}`;",
    test: BACKUPS,
    killedBy: "a backup > opens elsewhere and continues with the work that was in it",
  },
  {
    breaks: "the backup: a file of the store is replaced",
    file: BACKUP,
    find: 'if (isOfStore) throw new Error("this is a file of the store itself");',
    replace: "",
    test: BACKUPS,
    killedBy:
      "the path of a backup > may not be a directory, be in a missing directory, or be a file of the store",
  },
  {
    breaks: "the backup: closing does not wait for it",
    file: "src/stores/sqlite/session/store-session.ts",
    find: "      await this.#backups;\n",
    replace: "",
    test: BACKUPS,
    killedBy: "a backup > that is being written is waited for by close",
  },
];
