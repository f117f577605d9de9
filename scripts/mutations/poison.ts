import type { Mutation } from "./mutation.ts";

const CRASH_TRACKER = "src/engines/embedded/poison/crash-tracker.ts";
const PROBATION = "src/engines/embedded/poison/probation.ts";
const SUSPECTS_TESTS = "test/engines/embedded/crash-tracker.test.ts";
const POISON_TESTS = "test/durability/poison/poison.test.ts";
const REDRIVE = "test/durability/poison/redrive.test.ts";

/** Messages that the process dies of, and what becomes of them. */
export const POISON: readonly Mutation[] = [
  {
    breaks: "held messages: a cancellation does not reach them",
    file: "src/engines/embedded/execution/message-cancellation.ts",
    find: "    if (token.startsWith(HELD_WATCH)) return this.#cancelHeld(token.slice(HELD_WATCH.length));",
    replace: "    if (token.startsWith(HELD_WATCH)) return;",
    test: "test/durability/poison/canceled-poison.test.ts",
    killedBy:
      "a held message whose work is canceled > settles what waits for it, and is never sent again: the flow is canceled",
  },
  {
    breaks: "held messages: one that was canceled can be redriven",
    file: "src/futures/client/stored/redrive.ts",
    find: "control.incomplete === true || control.withdrawn === true",
    replace: "control.incomplete === true",
    test: "test/durability/poison/canceled-poison.test.ts",
    killedBy:
      "a held message whose work is canceled > settles what waits for it, and is never sent again: a race is canceled",
  },
  {
    breaks: "crash marks: a handler starts before its mark is durable",
    file: CRASH_TRACKER,
    find: "    this.#write(marks, () => this.#marked(messages));\n",
    replace: "    this.#write(marks);\n    this.#marked(messages);\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "after an unclean stop > a recovered message waits until its mark is on disk; a later message may start",
  },
  {
    breaks: "crash marks: a blocked handler continues before it is marked again",
    file: CRASH_TRACKER,
    find: "    return promise;\n",
    replace: "    void promise;\n    return undefined;\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "after an unclean stop > a mark is removed while its handler is blocked, and is set again before the handler continues",
  },
  {
    breaks: "probation: a message gets a turn beside another one",
    file: PROBATION,
    find: "if (!this.#isCalm || this.#turn !== undefined) return;",
    replace: "if (!this.#isCalm) return;",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > end their turns when they block, and queue again before they continue",
  },
  {
    breaks: "probation: a message without a slot takes the turn of a blocked one",
    file: PROBATION,
    find: "this.#parts.slots.isAnyFree ? this.#starting.first : undefined;",
    replace: "this.#starting.first;",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > without a slot are passed over for one that continues; the next slot is reserved for them while they are marked",
  },
  {
    breaks: "probation: a message has its last turn beside another running one",
    file: "src/engines/embedded/poison/recovered-message.ts",
    find: "return this.holdMs > 0 || this.crashes > 0;",
    replace: "return false;",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > let the next one start after a second, but one that must run alone only when no other is running",
  },
  {
    breaks: "probation: it starts while the process is starting",
    file: PROBATION,
    find: "const CALM_MS = 1_000;",
    replace: "const CALM_MS = 0;",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > wait for a second, then take turns one by one; one that crashed in its turn waits for longer",
  },
  {
    breaks: "crash marks: a long-running handler keeps its mark",
    file: CRASH_TRACKER,
    find: "    if (message.isRunning) return this.#clear(message);\n",
    replace: "    if (message.isRunning) return;\n",
    test: POISON_TESTS,
    killedBy:
      "an innocent message > is not given up however often the process is killed, if its handler runs for a while each time",
  },
  {
    breaks: "crash marks: a blocked handler keeps its mark",
    file: CRASH_TRACKER,
    find: '    if (message?.stage === "marked") this.#unmark(message);\n',
    replace: "    void message;\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "after an unclean stop > a mark is removed while its handler is blocked, and is set again before the handler continues",
  },
  {
    breaks: "crash marks: a handler that has blocked loses its earlier crashes",
    file: CRASH_TRACKER,
    find: "    this.#write([{ seq, crashes: markBefore(message) }]);\n",
    replace: "    this.#write([{ seq, crashes: 0 * markBefore(message) }]);\n",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > end their turns when they block, and queue again before they continue",
  },
  {
    breaks: "crash marks: one crash alone is enough to give a message up",
    file: CRASH_TRACKER,
    find: "this.#limit = Math.max(2, crashLimit);",
    replace: "this.#limit = crashLimit;",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > are given up at the crash limit, once the process has lived while they were held back",
  },
  {
    breaks: "crash marks: a message is not held back after a crash in its turn",
    file: CRASH_TRACKER,
    find: "if (leftMs <= 0) return",
    replace: "if (leftMs <= Infinity) return",
    test: POISON_TESTS,
    killedBy:
      "whatever kills the process > again and again after the same time, no innocent message is given up, and all end once it stops",
  },
  {
    breaks: "crash marks: a crash while all suspects are held back clears none",
    file: CRASH_TRACKER,
    find: "if (message.isAlone) this.#cleared.push(message);",
    replace: "",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > start afresh if the process crashes while they are held back",
  },
  {
    breaks: "crash marks: a crash beside another suspect counts",
    file: "src/engines/embedded/poison/suspicion.ts",
    find: "crashes + (isAlone ? 1 : 0)",
    replace: "crashes + 1",
    test: SUSPECTS_TESTS,
    killedBy:
      "messages on probation > let the next one start after a second, but one that must run alone only when no other is running",
  },
  {
    breaks: "the dead letter: its consumers are told at once",
    file: "src/futures/run/poison-call.ts",
    find: "oneWay !== true && consumers.length > 0) {",
    replace: "oneWay !== true && consumers.length < 0) {",
    test: REDRIVE,
    killedBy:
      "a message that crashed the process and has consumers > settles nothing until someone decides, also after another start",
  },
  {
    breaks: "the dead letter: its message is redriven without its consumers",
    file: "src/futures/client/stored/redrive.ts",
    find: "if (control.held !== undefined) return releasedMessage",
    replace: "if (control.held === 0) return releasedMessage",
    test: REDRIVE,
    killedBy:
      "a message that crashed the process and has consumers > is redriven with its consumers: the same message runs, and its flow gets the value",
  },
  {
    breaks: "the dead letter: it is discarded without a word to its consumers",
    file: "src/futures/client/stored/redrive.ts",
    find: "if (isHeld(letter)) await",
    replace: "if (isHeld(letter) && id === '') await",
    test: REDRIVE,
    killedBy:
      "a message that crashed the process and has consumers > lets POISONED pass on to its consumers when it is discarded, so that clean-ups run",
  },
  {
    breaks: "crash marks: finished messages are still marked",
    file: "src/engines/embedded/poison/unmarked.ts",
    find: " && !this.#skipped.delete(seq)",
    replace: "",
    test: SUSPECTS_TESTS,
    killedBy:
      "after an unclean stop > one commit marks many messages, each once, and none that is done",
  },
  {
    breaks: "closing: it waits for handlers that wait for their marks",
    file: "src/engines/embedded/execution/handler-blocking.ts",
    find: "slots.reserveFirst(() => this.#waitForMark(ending, true));",
    replace: "slots.reserveFirst(() => (slots.acquire(), this.#waitForMark(ending, true)));",
    test: "test/durability/closing/closing.test.ts",
    killedBy:
      "closing > waits for a running handler on probation, not for those that wait for their turn to continue",
  },
  {
    breaks: "the dead letter: its redrive has another idempotency key",
    file: "src/futures/client/stored/redrive.ts",
    find: "    redriven,\n",
    replace: "",
    test: REDRIVE,
    killedBy:
      "a dead letter > is sent again unchanged, under the same idempotency key, and is deleted",
  },
  {
    breaks: "dead letters: a redrive waits between finding its letter and taking it",
    file: "src/futures/client/stored/redrive.ts",
    find: "rootId(engine.nextFlow())",
    replace: "rootId(await Promise.resolve(engine.nextFlow()))",
    test: REDRIVE,
    killedBy:
      "a dead letter > can be taken once: of two callers at the same time one gets NOT_FOUND",
  },
  {
    breaks: "dead letters: one stays after it was redriven",
    file: "src/engines/embedded/intake/dead-letters.ts",
    find: "      commits.batch.deleteDeadLetter(id);\n",
    replace: "",
    test: REDRIVE,
    killedBy:
      "a dead letter > is sent again unchanged, under the same idempotency key, and is deleted",
  },
  {
    breaks: "dead letters: one that was taken is still watched",
    file: "src/engines/embedded/intake/dead-letters.ts",
    find: "      this.#stopWatching(id);\n",
    replace: "",
    test: REDRIVE,
    killedBy:
      "a message that crashed the process and has consumers > is watched until it is taken: discard removes its watch",
  },
];
