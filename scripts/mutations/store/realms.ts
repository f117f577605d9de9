import type { Mutation } from "../mutation.ts";

const FAILURE_TESTS = "test/stores/sqlite/sqlite-failure.test.ts";

/** Errors of Node's own modules that belong to another realm. */
export const STORE_REALMS: readonly Mutation[] = [
  {
    breaks: "errors of another realm: the store takes only instances of its own Error",
    file: "src/stores/sqlite/file/sqlite-failure.ts",
    find: 'return typeof error === "object" && error !== null ? Reflect.get(error, name) : undefined;',
    replace: "return error instanceof Error ? Reflect.get(error, name) : undefined;",
    test: FAILURE_TESTS,
    killedBy: "an error of another realm > is known by the code of SQLite that it carries",
  },
];
