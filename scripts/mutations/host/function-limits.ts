import type { Mutation } from "../mutation.ts";

const LIMITS = "src/engines/embedded/mailboxes/function-limits.ts";
const TESTS = "test/engines/embedded/mailboxes/function-concurrency.test.ts";
const EACH = "a function with a limit > never has more working handlers, and all of its calls end";

/** The option `concurrency` of a function. */
export const FUNCTION_LIMITS: readonly Mutation[] = [
  {
    breaks: "limits of functions: one more handler works",
    file: LIMITS,
    find: "limited.working < limited.limit) return false;",
    replace: "limited.working <= limited.limit) return false;",
    test: TESTS,
    killedBy: EACH,
  },
  {
    breaks: "limits of functions: a held mailbox is forgotten",
    file: LIMITS,
    find: "if (next !== undefined) this.#mailboxes.putFirst(next);",
    replace: "void next;",
    test: TESTS,
    killedBy: EACH,
  },
  {
    breaks: "limits of functions: a blocked handler counts",
    file: "src/engines/embedded/execution/handler-blocking.ts",
    find: "limits.end(target.type);",
    replace: "void [limits, target];",
    test: TESTS,
    killedBy: "a function with a limit > may wait for itself",
  },
  {
    breaks: "limits of functions: a canceled call that is held keeps the next ones waiting",
    file: "src/engines/embedded/execution/handlers.ts",
    find: "limits.passOn(mailbox.address.type);",
    replace: "void limits;",
    test: TESTS,
    killedBy:
      "a function with a limit > goes on after calls that throw, are canceled, or run out of time",
  },
];
