import type { Mutation } from "./mutation.ts";

const CHAIN = "src/patterns/chain/chain.ts";
const FAN_OUT = "src/patterns/fan-out/fan-out.ts";
const POLICY = "src/patterns/fan-out/failure-policy.ts";
const WINDOW = "src/patterns/fan-out/window.ts";
const SAGA = "src/patterns/saga/saga.ts";
const CHAIN_TESTS = "test/patterns/chain.test.ts";
const FAN_OUT_TESTS = "test/patterns/fan-out.test.ts";
const SAGA_TESTS = "test/patterns/saga.test.ts";
const RANDOM_TESTS = "test/patterns/laws/random-compositions.test.ts";
const USER_ERRORS = "test/patterns/laws/user-errors.test.ts";
const JUDGMENT = "test/patterns/retry-judgment.test.ts";
const NAMES = "test/futures/names-in-messages.test.ts";
const NOTHING_LEFT = "nested patterns end at once when canceled, and leave nothing behind";

/** What patterns promise. */
export const PATTERNS: readonly Mutation[] = [
  {
    breaks: "patterns: what is parked in a chain is resumed by one of another shape",
    file: "src/patterns/composing/stage-name.ts",
    find: "digest(JSON.stringify(shape)).slice(0, DIGITS)",
    replace: 'digest("").slice(0, DIGITS)',
    test: CHAIN_TESTS,
    killedBy:
      "a chain through crashes and cancellation > work parked by a version with other steps waits until that version is back",
  },
  {
    breaks: "patterns: a chain loses a falsy result",
    file: CHAIN,
    find: 'if (result.status === "fulfilled") return goOn(ctx, at + 1, map(result.value));',
    replace:
      'if (result.status === "fulfilled") return goOn(ctx, at + 1, map(result.value || undefined));',
    test: CHAIN_TESTS,
    killedBy: "a chain > passes '' through functions, mappings and all kinds of steps",
  },
  {
    breaks: "patterns: a step that fails leaves what runs beside it running",
    file: "src/patterns/chain/parallel.ts",
    find: "ctx.race([ctx.all(parts.map((f) => invoke(ctx, f, value)))])",
    replace: "ctx.all(parts.map((f) => invoke(ctx, f, value)))",
    test: CHAIN_TESTS,
    killedBy:
      "a chain that fails > calls no later step, and cancels functions beside the failed step",
  },
  {
    breaks: "patterns: a cancellation is told as a failed step",
    file: "src/patterns/composing/step-failed.ts",
    find: 'if (handbackCode(cause) === "CANCELLED") return cause;',
    replace: 'if (cause.message === "CANCELLED") return cause;',
    test: CHAIN_TESTS,
    killedBy:
      "a chain through crashes and cancellation > passes a cancellation of a step on unchanged",
  },
  {
    breaks: "patterns: a fan-out that fails leaves its other branches running",
    file: FAN_OUT,
    find: "ctx.race([ctx.all(branches)])",
    replace: "ctx.all(branches)",
    test: FAN_OUT_TESTS,
    killedBy:
      "a fan-out, all at once > fails with the first failure unchanged, and cancels the other branches",
  },
  {
    breaks: "patterns: a window has one worker more than it should",
    file: WINDOW,
    find: "Math.min(concurrency, branches) }, () => ctx.invoke(window.next",
    replace: "Math.min(concurrency + 1, branches) }, () => ctx.invoke(window.next",
    test: FAN_OUT_TESTS,
    killedBy: "the limit of a fan-out > counts waiting branches and keeps every worker busy",
  },
  {
    breaks: "patterns: a window that is over leaves its pages behind",
    file: "src/patterns/fan-out/window-page.ts",
    find: "        ctx.terminate();\n        return ctx.state.judged",
    replace: "        return ctx.state.judged",
    test: RANDOM_TESTS,
    killedBy: NOTHING_LEFT,
  },
  {
    breaks: "patterns: a window whose closing is cancelled stays",
    file: WINDOW,
    find: "return giveUp(ctx, window, { ...args, failure: result.reason });",
    replace: "return ctx.rejected(result.reason);",
    test: FAN_OUT_TESTS,
    killedBy:
      "a window over many pages > leaves nothing of 3 branches behind when it is canceled at any moment, even while closing",
  },
  {
    breaks: "patterns: a cancelled fan-out concludes all the same",
    file: WINDOW,
    find: 'handbackCode(failure) === "CANCELLED") return giveUp(ctx, window, { id, branches, failure });',
    replace: 'handbackCode(failure) === "CANCELLED") throw new Error("cancelled");',
    test: RANDOM_TESTS,
    killedBy: NOTHING_LEFT,
  },
  {
    breaks: "patterns: a window hands out items of the page that it had before",
    file: "src/patterns/fan-out/window-state.ts",
    find: "if (prefetched?.page !== from)",
    replace: "if (prefetched === undefined)",
    test: FAN_OUT_TESTS,
    killedBy:
      "a window over many pages > keeps the order when workers ask for items that have not arrived yet",
  },
  {
    breaks: "patterns: a share of failures is rounded up",
    file: POLICY,
    find: "Math.floor((branches * share) / 100)",
    replace: "Math.ceil((branches * share) / 100)",
    test: FAN_OUT_TESTS,
    killedBy:
      "the failure policies of a fan-out, as AWS Step Functions documents them for Map > a share that is exceeded",
  },
  {
    breaks: "patterns: nobody notices that there can no longer be enough successes",
    file: POLICY,
    find: 'return branches - failed < enough ? "failed" : undefined;',
    replace: "return undefined;",
    test: FAN_OUT_TESTS,
    killedBy:
      "the failure policies of a fan-out, as AWS Step Functions documents them for Map > enough successes are no longer possible",
  },
  {
    breaks: "patterns: one attempt more is made than may be",
    file: "src/patterns/retry/retry.ts",
    find: "if (number >= maxAttempts) throw",
    replace: "if (number > maxAttempts) throw",
    test: "test/patterns/retry.test.ts",
    killedBy: "a retried function > is called three times by default, after 1 s and 2 s",
  },
  {
    breaks: "patterns: what was cancelled is tried again",
    file: "src/patterns/retry/retry.ts",
    find: `handbackCode(reason) === "CANCELLED" || !checkBoolean`,
    replace: "!checkBoolean",
    test: "test/patterns/retry.test.ts",
    killedBy:
      "a retried function > is not called again after a cancellation, whatever retryIf says",
  },
  {
    breaks: "patterns: a falsy result is taken for the end of the time",
    file: "src/patterns/with-timeout.ts",
    find: 'if (ended.status === "fulfilled") return outcomeOf',
    replace:
      'if (ended.status === "fulfilled" && ended.value[0].status === "fulfilled" && ended.value[0].value) return outcomeOf',
    test: "test/patterns/with-timeout.test.ts",
    killedBy: "a function with a timeout > may return 0 in time",
  },
  {
    breaks: "patterns: a repetition is tested before its first call",
    file: "src/patterns/repeat.ts",
    find: "(rounds > 0 && until !== undefined &&",
    replace: "(until !== undefined &&",
    test: "test/patterns/repeat.test.ts",
    killedBy: "a repetition > calls its function at least once with until",
  },
  {
    breaks: "patterns: a saga is undone from its beginning",
    file: SAGA,
    find: "    const last = left.at(-1);\n    const plan",
    replace: "    const last = left[0];\n    const plan",
    test: SAGA_TESTS,
    killedBy:
      "a saga > undoes the steps before step 3, the last one first, each with the output of its step",
  },
  {
    breaks: "patterns: a clean-up does not learn that a result is on its way",
    file: "src/futures/run/run.ts",
    find: '    return { ...rejection("fulfilled"), fulfilled: { value: came.value } };',
    replace: '    return rejection("unknown");',
    test: SAGA_TESTS,
    killedBy: "a saga > undoes each completed step once, even if its result is on its way",
  },
  {
    breaks: "patterns: an `onSettled` is not called when a value is too large",
    file: "src/futures/protocol/deliver.ts",
    find: 'const isTold = consumer.want === "settlement" &&',
    replace: 'const isTold = consumer.want === undefined && consumer.to !== "call" &&',
    test: SAGA_TESTS,
    killedBy: "a saga > undoes when an output is too large, and calls ifUnsure for its step",
  },
  {
    breaks: "patterns: a compensation that was cut off by a cancellation is not called again",
    file: SAGA,
    find: 'if (handbackCode(result.reason) === "CANCELLED" && isAgain !== true) return { ...args, isAgain: true };',
    replace: "",
    test: SAGA_TESTS,
    killedBy: "a saga > goes on when it is canceled while undoing, and records failures",
  },
  {
    breaks: "patterns: a compensation that fails after a cancellation is not on record",
    file: SAGA,
    find: "throw compensationFailed(type, undoing, labelOf);",
    replace: "return ctx.rejected(compensationFailed(type, undoing, labelOf));",
    test: SAGA_TESTS,
    killedBy: "a saga > goes on when it is canceled while undoing, and records failures",
  },
  {
    breaks: "patterns: a code of another library is taken for one of the system",
    file: "src/futures/types/handback-code.ts",
    find: 'return name === "HandbackError" && isErrorCode(code) ? code : undefined;',
    replace: "return name !== undefined && isErrorCode(code) ? code : undefined;",
    test: USER_ERRORS,
    killedBy:
      "retry > takes an error with any of the library's codes as it takes one with another code",
  },
  {
    breaks: "patterns: an error is taken for the library's by its name",
    file: "src/futures/types/failure.ts",
    find: 'return HandbackError.is(thrown) && isThrowable(thrown.code) ? name : "Error";',
    replace: "return isThrowable(thrown.toString()) ? name : name;",
    test: USER_ERRORS,
    killedBy:
      "saga > takes an error that calls itself a HandbackError with any of the library's codes as it takes one with another code",
  },
  {
    breaks: "patterns: a failure of the system loses its code when user code wraps it",
    file: "src/futures/types/failure.ts",
    find: "if (isFailure(known)) return describeObject(known, bounds, depth);",
    replace:
      "if (isFailure(known) && depth === MAX_DEPTH) return describeObject(known, bounds, depth);",
    test: USER_ERRORS,
    killedBy:
      "a failure that the system caused > is one of user code once it is wrapped, and its step may have been done",
  },
  {
    breaks: "patterns: user code ends its work with a code of the system's",
    file: "src/futures/types/handback-code.ts",
    find: "return !SYSTEM_ONLY.has(code);",
    replace: 'return code !== "NONE" || !SYSTEM_ONLY.has(code);',
    test: USER_ERRORS,
    killedBy:
      "monitor > takes a HandbackError that user code made for a user's, if only the system ends so",
  },
  {
    breaks: "retry: a retry policy ignores what a blocked call says",
    file: "src/futures/define/retry.ts",
    find: " || !isRetryable(failure))",
    replace: " || (failure.name === failure.code && !isRetryable(failure)))",
    test: JUDGMENT,
    killedBy:
      "a handler that blocks on a call that fails for good > is tried again by its retry policy",
  },
  {
    breaks: "retry: a requested instant is taken for a delay",
    file: "src/futures/define/retryable.ts",
    find: "Math.max(0, retryAt - now)",
    replace: "Math.max(0, retryAt)",
    test: JUDGMENT,
    killedBy: "a handler that asks for an instant > is tried again by the pattern in the same way",
  },
  {
    breaks: "retry: the delay of a policy is counted from the start of the attempt",
    file: "src/futures/run/run.ts",
    find: "    const now = this.#activation.environment.clock.now();\n    const delay",
    replace: "    const now = this.#activation.now;\n    const delay",
    test: JUDGMENT,
    killedBy:
      "a handler that blocks on a call that takes too long > is tried again by its retry policy",
  },
  {
    breaks: "messages: a TIMEOUT does not name what had not settled",
    file: "src/futures/combinators/race.ts",
    find: "settled: late(why), former",
    replace: "settled: former(), former",
    test: NAMES,
    killedBy: "a TIMEOUT names what had not settled, and the limit > a call",
  },
  {
    breaks: "messages: a TIMEOUT's text changes the ids of flushed work",
    file: "src/futures/run/flush.ts",
    find: "settled: former?.() ?? settled",
    replace: "settled: settled ?? former?.()",
    test: "test/golden/flushed-ids.test.ts",
    killedBy: "a handler that blocks gives its work the ids that the first release gave it",
  },
  {
    breaks: "messages: a terminal error does not name its function",
    file: "src/futures/types/failure.ts",
    find: "      withFunction(failure, code),",
    replace: "      failure.message,",
    test: NAMES,
    killedBy: "the message of a failure names its function, once > a terminal error",
  },
];
