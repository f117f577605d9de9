import type { Mutation } from "../mutation.ts";

const FIELDS_FIRST = "src/core/host/fields-first-log.ts";
const LOGGERS = "test/bad-input/loggers.test.ts";

/** The logs that users pass, and what lines tell. */
export const LOGS: readonly Mutation[] = [
  {
    breaks: "logs: a logger such as pino gets the message first",
    file: FIELDS_FIRST,
    find: "log[level](fields, message);",
    replace: "log[level](message, fields);",
    test: LOGGERS,
    killedBy: "pino writes each line with its message and its fields",
  },
  {
    breaks: "logs: a logger with children gets the fields first",
    file: FIELDS_FIRST,
    find: '["child", "fatal"]',
    replace: '["child"]',
    test: LOGGERS,
    killedBy: "a logger that takes the message first and has children gets the message first",
  },
  {
    breaks: "logs: the console prints a second argument of a bare line",
    file: "src/core/host/guarded-log.ts",
    find: "fields === undefined ? log[level](message) :",
    replace: "",
    test: LOGGERS,
    killedBy: "the console is a log",
  },
  {
    breaks: "logs: the name of a thrown record is taken for that of an error",
    file: "src/core/errors/log-facts.ts",
    find: "if (!isError(thrown)) return {};",
    replace: "void isError;",
    test: "test/bad-input/log-secrets.test.ts",
    killedBy: "no line of the log has an input, a result, a state, an error's text, or a token",
  },
  {
    breaks: "logs: the line of a failed flow has no attempt",
    file: "src/futures/run/run.ts",
    find: "{ ...rejectedSettlement(failure), attempt: retries }",
    replace: "rejectedSettlement(failure)",
    test: "test/bad-input/log-lines.test.ts",
    killedBy: "the log has a line > for each flow that fails, with its key, function and code",
  },
];
