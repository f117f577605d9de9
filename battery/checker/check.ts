import type { Entry } from "../ledger/entry.ts";
import { lineOf, pageOf, placeOfPage } from "../kinds/operation-log.ts";
import { allKinds, kindOf } from "../kinds/all-kinds.ts";
import { nameOf } from "../kinds/kind.ts";
import type { States } from "../kinds/kind.ts";
import { exists, readHistory, triesOf } from "../history/history.ts";
import type { Flow, History } from "../history/history.ts";
import type { Verdict, Violation } from "../history/verdict.ts";

/**
 * Judges the content of a ledger, up to the end of the last verification.
 *
 * CK1 Acknowledged work is stored, and so is work with a visible effect, because handlers run only
 * for durable messages.
 * CK2 Rejected work has not happened.
 * CK3 An accepted flow ends, and has the same outcome for every reader at any time.
 * CK4 An effect on the outside world has one idempotency key, however often its code runs.
 * CK5 An engine that was closed cleanly has answered all requests.
 *
 * Each kind of object adds its own law.
 */
export function check(seed: number, entries: readonly Entry[]): Verdict {
  const { attempts, lives } = readHistory(seed, entries);
  const acknowledged = attempts.filter(({ answer }) => answer?.ok === true).length;
  const failed = attempts.filter(({ answer }) => answer?.ok === false).length;
  const told = entries.findLastIndex(({ what }) => what === "told");
  return {
    requests: { acknowledged, failed, indeterminate: attempts.length - acknowledged - failed },
    violations: [...checkHistory(readHistory(seed, entries.slice(0, told + 1)))],
    recoveriesMs: [...lives.values()].flatMap(({ startedAt, firstAnswerAt }) =>
      firstAnswerAt === undefined ? [] : [firstAnswerAt - startedAt],
    ),
  };
}

function* checkHistory(history: History): Iterable<Violation> {
  const flows = [...history.flows.values()];
  for (const flow of flows) {
    yield* checkFlow(flow);
    yield* checkEffects(flow);
    yield* checkBook(flow, history.states);
  }
  yield* checkDrains(history);
  yield* checkRest(history);
  for (const kind of allKinds) {
    if (kind.check === undefined) continue;
    yield* kind.check(
      flows.filter(({ operation }) => kindOf(operation) === kind),
      history.states,
    );
  }
}

function* checkFlow(flow: Flow): Iterable<Violation> {
  yield* checkExistence(flow);
  yield* checkAnswers(flow);
  yield* checkOutcome(flow);
  for (const error of flow.astray)
    yield {
      what: "wrong",
      operation: flow.operation.key,
      said: `a client met what it should not: ${error}`,
    };
}

/** Checks that a flow exists if anyone knew of it, and that it began once. */
function* checkExistence(flow: Flow): Iterable<Violation> {
  const { operation, results, clock, startedAt = 0 } = flow;
  const evidence = exists(flow) ? undefined : evidenceOf(flow);
  if (evidence !== undefined)
    yield {
      what: "lost",
      operation: operation.key,
      said: `${evidence}, and there is no such flow`,
    };
  const knownAt = Math.min(
    ...triesOf(flow, "start").flatMap(({ answer }) => (answer?.ok === true ? [answer.at] : [])),
    ...results.map(({ at }) => at),
  );
  if (startedAt > clock.between(0, knownAt).latest)
    yield {
      what: "lost",
      operation: operation.key,
      said: "it was known to be there, was forgotten, and began anew",
    };
}

/** Returns the strongest evidence that a flow was accepted, if there is any. */
function evidenceOf(flow: Flow): string | undefined {
  if (isAcknowledged(flow)) return "its start was acknowledged";
  if (flow.effects.length > 0) return "a handler of its ran";
  if (flow.results.length > 0) return "a client saw how it ended";
  return undefined;
}

function isAcknowledged(flow: Flow): boolean {
  return triesOf(flow, "start").some(({ answer }) => answer?.ok === true);
}

/** Checks that clients were told the truth about a flow's existence. */
function* checkAnswers(flow: Flow): Iterable<Violation> {
  const { operation, effects, wasAbsent } = flow;
  const key = operation.key;
  if (wasAbsent && isAcknowledged(flow))
    yield {
      what: "lost",
      operation: key,
      said: "its start was acknowledged, and a client was told that there is no such flow",
    };
  if (wasAbsent && exists(flow))
    yield {
      what: "wrong",
      operation: key,
      said: "a client was told that there is no such flow, and there is",
    };
  const isRefused = triesOf(flow, "start").every(({ answer }) => answer?.ok === false);
  if (isRefused && (exists(flow) || effects.length > 0))
    yield {
      what: "wrong",
      operation: key,
      said: "each start was refused, and it has happened all the same",
    };
}

/** Checks that a flow ended, without a failure, and in one way only. */
function* checkOutcome(flow: Flow): Iterable<Violation> {
  const { operation, standing, results } = flow;
  const key = operation.key;
  if (standing?.status === "pending")
    yield { what: "stuck", operation: key, said: "it was accepted, and does not end" };
  if (standing?.status === "failed")
    yield { what: "wrong", operation: key, said: `it failed with ${standing.code}` };
  const outcomes = new Set(
    [...results.map(({ outcome }) => outcome), ...(exists(flow) ? [standing] : [])].map((outcome) =>
      JSON.stringify(outcome),
    ),
  );
  if (outcomes.size > 1)
    yield {
      what: "duplicated",
      operation: key,
      said: `it ended in more than one way: ${[...outcomes].join(", then ")}`,
    };
}

function* checkEffects({ operation, effects }: Flow): Iterable<Violation> {
  const keys = new Map<string, string>();
  for (const { part, key } of effects) {
    const other = keys.get(part) ?? key;
    keys.set(part, other);
    if (other !== key)
      yield {
        what: "duplicated",
        operation: operation.key,
        said: `${part} was done under two idempotency keys: ${other}, ${key}`,
      };
  }
}

/** Checks that each logged part exists once, and no others. */
function* checkBook(flow: Flow, states: States): Iterable<Violation> {
  const { operation, standing } = flow;
  const page = states.get(nameOf(placeOfPage(pageOf(operation.number)))) as
    | { readonly lines: Readonly<Record<string, number>> }
    | null
    | undefined;
  const { certain, possible = [] } = kindOf(operation).booked(flow);
  const prefix = lineOf(operation.number, "");
  const found = new Map(
    Object.entries(page?.lines ?? {}).filter(([line]) => line.startsWith(prefix)),
  );
  if (exists(flow) && standing?.status !== "pending") {
    for (const part of certain) {
      if (!found.has(lineOf(operation.number, part)))
        yield { what: "lost", operation: operation.key, said: `${part} is not in the book` };
    }
  }
  const expected = new Set(
    exists(flow) ? [...certain, ...possible].map((part) => lineOf(operation.number, part)) : [],
  );
  for (const [line, times] of found) {
    const part = line.slice(prefix.length);
    if (!expected.has(line))
      yield {
        what: "wrong",
        operation: operation.key,
        said: `${part} is in the book, and should not be`,
      };
    else if (times > 1)
      yield {
        what: "duplicated",
        operation: operation.key,
        said: `${part} is in the book ${times} times`,
      };
  }
}

function* checkDrains({ flows, lives }: History): Iterable<Violation> {
  for (const { operation, attempts } of flows.values()) {
    for (const { life, step, answer } of attempts) {
      if (answer !== undefined || lives.get(life)?.closed !== true) continue;
      yield {
        what: "wrong",
        operation: operation.key,
        said: `the engine of process ${life} was closed, and never answered its ${step}`,
      };
    }
  }
}

function* checkRest({ rest }: History): Iterable<Violation> {
  if (rest === undefined) return;
  const { messages, delayed, dead } = rest;
  if (messages > 0)
    yield {
      what: "stuck",
      operation: "store",
      said: `${messages} messages are left, and nothing happens`,
    };
  if (delayed > 0)
    yield {
      what: "stuck",
      operation: "store",
      said: `${delayed} delayed messages are left, and nothing waits for them`,
    };
  if (dead > 0)
    yield {
      what: "wrong",
      operation: "store",
      said: `${dead} dead letters, of messages that never failed`,
    };
}
