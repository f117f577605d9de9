import type { Mutation } from "../mutation.ts";

const FAILURE = "src/futures/types/failure.ts";
const PLAIN_COPY = "src/core/errors/plain-copy.ts";
const FAILURE_TEST = "test/futures/failure.test.ts";
const DESCRIBED =
  "any thrown value becomes bounded JSON, which stays the same when it is thrown again";

/** Values and errors that users make, hold and throw. */
export const VALUES: readonly Mutation[] = [
  {
    breaks: "values: errors by name are left out of a failure",
    file: FAILURE,
    find: 'return name === "errors" && listOf(readProperty(thrown, name)).list !== undefined;',
    replace: 'return name === "errors";',
    test: "test/futures/failure.test.ts",
    killedBy: "errors by name are data, and a list of errors is parts",
  },
  {
    breaks: "failures: a property that throws when it is read fails the description",
    file: "src/core/errors/thrown.ts",
    find: "  try {\n    return Reflect.get(object, name) as unknown;\n  } catch {\n    return undefined;\n  }\n",
    replace: "  return Reflect.get(object, name) as unknown;\n",
    test: FAILURE_TEST,
    killedBy: DESCRIBED,
  },
  {
    breaks: "failures: an object that holds itself is copied again and again",
    file: PLAIN_COPY,
    find: " || path.includes(value)",
    replace: "",
    test: "test/bad-input/futures.test.ts",
    killedBy:
      "a rejection > with an object that holds itself becomes plain data, the same for throw, ctx.rejected and client.reject",
  },
  {
    breaks: "failures: parts that are left out are not counted",
    file: FAILURE,
    find: "...(omitted > 0 && { omittedErrors: omitted })",
    replace: "",
    test: FAILURE_TEST,
    killedBy: "of 65 parts, all are kept or the others are counted",
  },
  {
    breaks: "failures: data is not bounded",
    file: FAILURE,
    find: "const MAX_DATA = 16_384;",
    replace: "const MAX_DATA = Infinity;",
    test: FAILURE_TEST,
    killedBy: "data that exceeds its bound is left out, and the rest is kept",
  },
  {
    breaks: "failures: a code that is a number is lost",
    file: FAILURE,
    find: 'hasNumber && !names.includes("code")',
    replace: "names.length < 0",
    test: FAILURE_TEST,
    killedBy: "the number of a DOMException is kept as it is",
  },
  {
    breaks: "failures: a code that is no text is lost",
    file: FAILURE,
    find: 'return typeof readProperty(thrown, name) === "string";',
    replace: "return true;",
    test: FAILURE_TEST,
    killedBy: "a code that is an object is kept as it is",
  },
  {
    breaks: "state: a change inside an object is not noticed",
    file: "src/core/state/held-value.ts",
    find: "return !this.#isGiven || !isObject(this.current) || this.#text === undefined;",
    replace: "return true;",
    test: "test/core/plain-state.test.ts",
    killedBy: "a part that has been changed is taken with its changes",
  },
  {
    breaks: "state: a printed state shows nothing",
    file: "src/core/state/state.ts",
    find: "new Proxy(Object.create(TARGET) as Values, this)",
    replace: "new Proxy({} as Values, this)",
    test: "test/core/plain-state.test.ts",
    killedBy: "what is logged or cloned of a state is plain data, during the handler and after it",
  },
  {
    breaks: "state: a schema's copy of an untouched value counts as a change",
    file: "src/core/state/held-value.ts",
    find: "if (isObject(this.#loaded)) this.#text = encodeIfPossible(this.#loaded, codec);",
    replace: "",
    test: "test/core/held-value.test.ts",
    killedBy: "a value that a schema made is changed only if its content changes",
  },
  {
    breaks: "hostile values: telling our errors from others throws",
    file: "src/core/errors/errors.ts",
    find: "    } catch {\n      return false;\n    }",
    replace: "    } finally {\n      ERROR_CODES;\n    }",
    test: "test/bad-input/hostile.test.ts",
    killedBy:
      "a call whose user code throws, returns or passes anything ends, and its address continues",
  },
  {
    breaks: "hostile values: a schema's result is taken as it is",
    file: "src/futures/define/schema-result.ts",
    find: "if (Array.isArray(issues)) return { issues };",
    replace: "if (issues !== undefined) return { issues: issues as readonly never[] };",
    test: "test/validation/input.test.ts",
    killedBy:
      'an input schema > that returns {"issues":"many"} has no result, which is an error of the function, not of its input',
  },
  {
    breaks: "hostile values: a migration that returns a promise empties the state",
    file: "src/core/state/stored-state.ts",
    find: "  if (isThenable(migrated)) Promise.resolve(migrated).catch(() => undefined);\n  else if",
    replace: "  if",
    test: "test/bad-input/hostile.test.ts",
    killedBy: "a migration that throws or returns anything but values holds its state's messages",
  },
  {
    breaks: "futures: a spread of a future gives what it has",
    file: "src/futures/protocol/pending-future.ts",
    find: '    Object.defineProperty(this, "value", UNKNOWN_VALUE);\n',
    replace: "",
    test: "test/futures/not-a-value.test.ts",
    killedBy: "a future in an object spread is NOT_A_VALUE, and the message says what to do",
  },
  {
    breaks: "futures: a future in text becomes [object Object]",
    file: "src/futures/protocol/pending-future.ts",
    find: "  [Symbol.toPrimitive](): never {\n    return refuse();\n  }\n",
    replace: "  [Symbol.toPrimitive](): string {\n    return String(Object.prototype);\n  }\n",
    test: "test/futures/not-a-value.test.ts",
    killedBy: "a future in a template is NOT_A_VALUE, and the message says what to do",
  },
  {
    breaks: "bad input: options that throw when they are read pass their error on",
    file: "src/core/validation/options.ts",
    find: "if (HandbackError.is(error)) throw error;",
    replace: "throw error;",
    test: "test/bad-input/hostile.test.ts",
    killedBy: "a client and an engine answer any argument with an error of the library, or work",
  },
  {
    breaks: "equal inputs: the order of keys counts",
    file: "src/core/codec/canonical-text.ts",
    find: "if (!isInOrder) members.sort",
    replace: "if (members.length < 0) members.sort",
    test: "test/futures/equal-inputs.test.ts",
    killedBy:
      "an equal input attaches, whatever the order of its keys, and another one is a conflict",
  },
  {
    breaks: "equal inputs: a digest of an earlier version is a conflict",
    file: "src/futures/client/client.ts",
    find: "    if (isConflict(reply) && input !== payload) reply = await ask(former ?? own, payload);\n",
    replace: "",
    test: "test/futures/equal-inputs.test.ts",
    killedBy: "a flow that an earlier version started attaches with the input as it was given",
  },
  {
    breaks: "realms: a plain object is one of this realm's Object",
    file: "src/core/data/kind.ts",
    find: 'prototype === Object.prototype || prototype === null || isPrototypeOf(prototype, "Object", 1)',
    replace: "prototype === Object.prototype || prototype === null",
    test: "test/core/realms.test.ts",
    killedBy: "a value of another realm is kept or refused like the same value of this realm",
  },
  {
    breaks: "realms: any chain of prototypes of the right length is a built-in one",
    file: "src/core/data/kind.ts",
    find: "    own.prototype === prototype &&\n    Function.prototype.toString.call(own) === `function ${name}() { [native code] }`\n",
    replace: "    own.prototype === prototype &&\n    name.length > 0\n",
    test: "test/core/realms.test.ts",
    killedBy:
      "an instance of another kind of another realm is refused: (() => { class Thing {} Object.setPrototypeOf(Thing.prototype, null); return new Thing(); })()",
  },
  {
    breaks: "hostile values: a thrown value is described when its context is closed",
    file: "src/futures/run/run.ts",
    find: "    else this.#settleOrRetry(failure, run, retries + 1);",
    replace: "    else this.#settleOrRetry(toFailure(error, failure.function), run, retries + 1);",
    test: "test/core/plain-state.test.ts",
    killedBy: "a part of a state that is thrown, or is the cause of an error, reaches the caller",
  },
];
