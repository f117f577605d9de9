import type { Mutation } from "../mutation.ts";

const COMMAND_TESTS = "test/cli/commands.test.ts";
const RENDERING_TESTS = "test/cli/rendering.test.ts";

/** The command line: text of users steers no terminal, and exit codes tell the truth. */
export const COMMAND_LINE: readonly Mutation[] = [
  {
    breaks: "command line: control characters of users reach the terminal",
    file: "src/cli/terminal/safe-text.ts",
    find: "return text.replaceAll(UNSAFE, (character) => {",
    replace: "return text.replaceAll(/\\u001b/g, (character) => {",
    test: RENDERING_TESTS,
    killedBy: "text of users > never steers the terminal",
  },
  {
    breaks: "command line: a decision that does not count ends with exit code 0",
    file: "src/cli/commands/flow-commands.ts",
    find: 'if (!["recorded", "same", "early"].includes(answer.status))',
    replace: 'if (answer.status === "refused")',
    test: COMMAND_TESTS,
    killedBy: "an approval is decided once; a decision that does not count is exit code 4",
  },
  {
    breaks: "command line: a server with a token answers everyone who sends one",
    file: "src/cli/serving/serve-functions.ts",
    find: "if (equalBytes(sha256Of(given), expected)) return true;",
    replace: 'if (given !== "") return true;',
    test: COMMAND_TESTS,
    killedBy: "a server with a token answers only those who have it",
  },
  {
    breaks: "operators: a wrong value for following a history is taken",
    file: "src/http/routes/operator/operator-routes.ts",
    find: 'if (follow === "true" || follow === "false") return',
    replace: 'if (follow !== "") return',
    test: "test/http/operator/lists.test.ts",
    killedBy: "an operator > is told what is wrong with a filter",
  },
];
