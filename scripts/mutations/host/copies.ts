import type { Mutation } from "../mutation.ts";

const SHARED = "src/core/data/shared-by-copies.ts";
const ERRORS = "src/core/errors/errors.ts";
const REJECTIONS = "src/engines/embedded/host/unhandled-rejections.ts";
const COPIES = "test/hosts/copies.test.ts";
const PROCESS = "test/hosts/process.test.ts";
const KNOWN = "all copies of the package in a process know each other's values";

/** Several copies of the package in one process, and what they change in it. */
export const COPIES_OF_THE_PACKAGE: readonly Mutation[] = [
  {
    breaks: "copies: each knows its own functions only",
    file: "src/futures/define/spec.ts",
    find: "const SPEC = Symbol.for(",
    replace: "const SPEC: unique symbol = Symbol(",
    test: COPIES,
    killedBy: KNOWN,
  },
  {
    breaks: "copies: each knows its own steps and test doubles only",
    file: "src/core/data/brand.ts",
    find: "this.#key = Symbol.for(",
    replace: "this.#key = Symbol(",
    test: COPIES,
    killedBy: KNOWN,
  },
  {
    breaks: "copies: each draws its own functions only",
    file: SHARED,
    find: "const key = Symbol.for(",
    replace: "const key = Symbol(",
    test: COPIES,
    killedBy: KNOWN,
  },
  {
    breaks: "copies: instanceof knows the errors of one copy only",
    file: ERRORS,
    find: "? HandbackError.is(value)",
    replace: "? Function.prototype[Symbol.hasInstance].call(this, value)",
    test: COPIES,
    killedBy: KNOWN,
  },
  {
    breaks: "copies: each has a listener of its own for unhandled rejections",
    file: SHARED,
    find: "  Object.defineProperty(host, key, { value: made });\n",
    replace: "",
    test: PROCESS,
    killedBy:
      "twelve engines of four copies add one listener while they are open, and none afterwards",
  },
  {
    breaks: "rejections: those of other code are rejected again in every mode of Node",
    file: REJECTIONS,
    find: 'return isAlone && ["throw", "warn-with-error-codes"].includes(rejectionMode());',
    replace: 'return isAlone && rejectionMode() !== "";',
    test: PROCESS,
    killedBy:
      "in a process with --unhandled-rejections=warn, open engines change nothing for > a rejection",
  },
  {
    breaks: "rejections: the first of several is rejected again after the others",
    file: REJECTIONS,
    find: "if (!wouldNodeAct() || foreign.push(reason) > 1) return;",
    replace:
      "if (foreign.push(reason) > 0 && wouldNodeAct()) return leaveToNode(watch, foreign.splice(0));",
    test: PROCESS,
    killedBy:
      "in a process with --unhandled-rejections=throw, open engines change nothing for > rejections at once and later, of an error and of a text",
  },
];
