import type { Mutation } from "../mutation.ts";

const MIGRATION_LAW = "test/laws/deploy/migration.test.ts";
const MIGRATION =
  "a migration gets every stored value, and what it drops is deleted in the commit that stores the rest";

/** What new code finds of the old. */
export const MIGRATIONS: readonly Mutation[] = [
  {
    breaks: "migration: values that are no longer declared do not reach it",
    file: "src/core/state/stored-state.ts",
    find: "migratedFrom === undefined ? [...shape.specs.keys()] : stored.names;",
    replace: "[...shape.specs.keys()];",
    test: MIGRATION_LAW,
    killedBy: MIGRATION,
  },
  {
    breaks: "migration: values that it drops stay in the store",
    file: "src/core/state/state.ts",
    find: "      if (isMigrated) this.#deleteFormer();\n",
    replace: "",
    test: MIGRATION_LAW,
    killedBy: MIGRATION,
  },
  {
    breaks: "terminate: values of former versions stay in the store",
    file: "src/core/activation/activation.ts",
    find: "for (const name of this.storedNames()) this.delete(name);",
    replace: "for (const name of this.#valueNames) this.delete(name);",
    test: MIGRATION_LAW,
    killedBy: MIGRATION,
  },
];
