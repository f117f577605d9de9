import type { Mutation } from "./mutation.ts";

const SUSPECTS = "src/engines/embedded/poison/crash-tracker.ts";
const TURNS = "src/engines/embedded/poison/probation.ts";
const SUSPECTS_TESTS = "test/engines/embedded/crash-tracker.test.ts";
const BLOCKED_TESTS = "test/durability/poison/blocked-suspects.test.ts";
const POISON_TESTS = "test/durability/poison/poison.test.ts";
const REDRIVE = "test/durability/poison/redrive.test.ts";

/** Messages that the process dies of, and what becomes of them. */
export const POISON: readonly Mutation[] = [
  {
    breaks: "the suspects: a handler begins before the mark of its message is on disk",
    file: SUSPECTS,
    find: "    this.#parts.mark(marks, () => this.#marked(messages));\n",
    replace: "    this.#parts.mark(marks);\n    this.#marked(messages);\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "after a stop that was not > what was recovered waits until its mark is on disk; what came later is free",
  },
  {
    breaks: "the suspects: a handler that was blocked goes on before its message is marked again",
    file: SUSPECTS,
    find: "    return promise;\n",
    replace: "    void promise;\n    return undefined;\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "after a stop that was not > a mark goes while its handler is blocked, and is there again before that goes on",
  },
  {
    breaks: "the suspects: one that asks for its turn has it at once, beside the one that has it",
    file: TURNS,
    find: "if (!this.#isCalm || this.#turn !== undefined) return;",
    replace: "if (!this.#isCalm) return;",
    test: SUSPECTS_TESTS,
    killedBy:
      "suspects > end their turns when they block, and take their place in line again before they go on",
  },
  {
    breaks: "the suspects: one that has no slot takes the turn of one that goes on",
    file: TURNS,
    find: "this.#parts.slots.isAnyFree ? this.#beginning.first : undefined;",
    replace: "this.#beginning.first;",
    test: BLOCKED_TESTS,
    killedBy:
      "suspects that block > let each other go on, though there are more of them than slots: those without one take nobody's turn",
  },
  {
    breaks:
      "the suspects: one whose get was rejected counts as one that works while it waits for its turn",
    file: "src/engines/embedded/execution/blocked-gets.ts",
    find: "    this.#rejected.add(key);\n",
    replace: "    this.end(key);\n",
    test: BLOCKED_TESTS,
    killedBy:
      "suspects that block > are blocked until they go on, also when their gets were rejected: closing waits for the one that works alone",
  },
  {
    breaks: "the suspects: one has its last turn beside another that is still at work",
    file: SUSPECTS,
    find: "this.isAlone = crashes > 1 || this.nextCrashes >= limit;",
    replace: "this.isAlone = false;",
    test: SUSPECTS_TESTS,
    killedBy:
      "suspects > let the next one begin after a second, but one that has to be alone only when none is at work any more",
  },
  {
    breaks: "the suspects: the first is handled while the process is starting",
    file: TURNS,
    find: "const CALM_MS = 1_000;",
    replace: "const CALM_MS = 0;",
    test: POISON_TESTS,
    killedBy:
      "what is innocent > is not given up however often the process dies at its start, and runs once it lives",
  },
  {
    breaks: "the suspects: a handler that runs for long stays under suspicion",
    file: SUSPECTS,
    find: "    if (message.isAtWork) return this.#forget(message);\n",
    replace: "    if (message.isAtWork) return;\n",
    test: POISON_TESTS,
    killedBy:
      "what is innocent > is not given up however often the process is killed, if its handler has run for a while each time",
  },
  {
    breaks: "the suspects: a handler stays under suspicion while it is blocked",
    file: SUSPECTS,
    find: '    if (message?.stage === "marked") this.#takeBack(message);\n',
    replace: "    void message;\n",
    test: POISON_TESTS,
    killedBy:
      "what is innocent > is not given up however often the process is killed while its handler is blocked",
  },
  {
    breaks: "the suspects: one that has blocked is taken for innocent",
    file: SUSPECTS,
    find: "    this.#parts.mark([{ seq, crashes }]);\n",
    replace: "    this.#parts.mark([{ seq, crashes: 0 * crashes }]);\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "suspects > end their turns when they block, and take their place in line again before they go on",
  },
  {
    breaks: "the suspects: one of a group is given up for the death of the group",
    file: SUSPECTS,
    find: "this.#limit = Math.max(2, crashLimit);",
    replace: "this.#limit = crashLimit;",
    test: SUSPECTS_TESTS,
    killedBy:
      "suspects > are given up for as many crashes as the limit says, and never for one at which they were not alone",
  },
  {
    breaks: "the suspects: what is done with is marked all the same",
    file: "src/engines/embedded/poison/unmarked.ts",
    find: " && !this.#skipped.delete(seq)",
    replace: "",
    test: SUSPECTS_TESTS,
    killedBy:
      "after a stop that was not > one commit marks many, each of them once, and none that is done with",
  },
  {
    breaks: "closing: it waits for handlers that wait until their messages are marked",
    file: "src/engines/embedded/execution/handlers.ts",
    find: "      // A handler that waits for its mark is still blocked: nobody need wait for it to end.\n",
    replace: "      gets.end(key);\n",
    test: "test/durability/closing/closing.test.ts",
    killedBy:
      "closing > waits for a suspect that works, not for those whose gets were answered and which wait for their turns to go on",
  },
  {
    breaks: "the dead letter: its redrive has another idempotency key",
    file: "src/futures/client/redrive.ts",
    find: "    redriven,\n",
    replace: "",
    test: REDRIVE,
    killedBy:
      "a dead letter > is sent again as it was, under the same idempotency key, and is gone",
  },
  {
    breaks: "the dead letter: sent again, it stays",
    file: "src/engines/embedded/intake/dead-letters.ts",
    find: "      commits.batch.exhume(id);\n",
    replace: "",
    test: REDRIVE,
    killedBy:
      "a dead letter > is sent again as it was, under the same idempotency key, and is gone",
  },
];
