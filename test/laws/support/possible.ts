import type { FlowOutcome } from "../../../src/testing/flows/outcome.ts";
import { LEAF_ATTEMPTS, playLeaf } from "../../../src/testing/flows/program.ts";
import type { FlowProgram, FlowValue } from "../../../src/testing/flows/program.ts";

/** Maximum number of outcomes to compute. */
const MOST = 500;

/** Thrown if there are too many outcomes to compute. */
export class TooMany extends Error {}

/**
 * Returns every possible outcome of a program if durations are unknown, so any part may be first.
 * @throws {@link TooMany}
 */
export function possibleOutcomes(program: FlowProgram, input: FlowValue): readonly FlowOutcome[] {
  switch (program.kind) {
    case "leaf": {
      const attempts = Array.from({ length: LEAF_ATTEMPTS }, (_, nth) => nth + 1);
      const attempt = attempts.find((each) => each > program.failures);
      if (attempt === undefined) return [{ failure: `leaf ${program.index}` }];
      return [{ value: playLeaf({ leaf: program, input, attempt }) }];
    }
    case "note":
      return then(possibleOutcomes(program.leaf, input), () => [{ value: input }]);
    case "sleep":
      return [{ value: input }];
    case "sequence":
      return then(possibleOutcomes(program.first, input), (value) =>
        possibleOutcomes(program.second, value),
      );
    case "depends":
      return then(joined(program.parts, input), (value) => possibleOutcomes(program.next, value));
    case "parallel":
    case "value":
      return joined(program.parts, input);
    case "allSettled":
      return product(program.parts.map((part) => possibleOutcomes(part, input).map(shown))).map(
        (value) => ({ value }),
      );
    case "race":
      return distinct(program.parts.flatMap((part) => possibleOutcomes(part, input)));
    case "any": {
      const all = program.parts.map((part) => possibleOutcomes(part, input));
      const failures = all.map((outcomes) =>
        outcomes.flatMap((outcome) => ("failure" in outcome ? [outcome.failure] : [])),
      );
      const none = product(failures).map((each) => ({ failure: `none of: ${each.join(", ")}` }));
      return distinct([...all.flat().filter((outcome) => "value" in outcome), ...none]);
    }
    case "timeout":
      return distinct([...possibleOutcomes(program.part, input), { failure: "TIMEOUT" }]);
    case "loop": {
      let outcomes: readonly FlowOutcome[] = [{ value: input }];
      for (let nth = 0; nth < program.times; nth++)
        outcomes = then(outcomes, (value) => possibleOutcomes(program.body, value));
      return outcomes;
    }
    case "settled":
      return possibleOutcomes(program.part, input).map((outcome) => ({ value: shown(outcome) }));
    case "recover":
      return distinct(
        possibleOutcomes(program.part, input).flatMap((outcome) =>
          "value" in outcome
            ? [outcome]
            : possibleOutcomes(program.otherwise, ["rejected", outcome.failure]),
        ),
      );
    case "nested":
    case "handle":
      return possibleOutcomes(program.part, input);
    case "twice":
      return then(possibleOutcomes(program.part, input), (value) => [{ value: [value, value] }]);
    case "wait":
      throw new TooMany("which of them are ready is open");
  }
}

function joined(parts: readonly FlowProgram[], input: FlowValue): readonly FlowOutcome[] {
  const all = parts.map((part) => possibleOutcomes(part, input));
  const values = product(
    all.map((outcomes) =>
      outcomes.flatMap((outcome) => ("value" in outcome ? [outcome.value] : [])),
    ),
  );
  return distinct([
    ...values.map((value) => ({ value })),
    ...all.flat().filter((outcome) => "failure" in outcome),
  ]);
}

function then(
  outcomes: readonly FlowOutcome[],
  next: (value: FlowValue) => readonly FlowOutcome[],
): readonly FlowOutcome[] {
  return distinct(
    outcomes.flatMap((outcome) => ("value" in outcome ? next(outcome.value) : [outcome])),
  );
}

function product<Value>(lists: readonly (readonly Value[])[]): readonly (readonly Value[])[] {
  let all: readonly (readonly Value[])[] = [[]];
  for (const list of lists) {
    all = all.flatMap((head) => list.map((each) => [...head, each]));
    if (all.length > MOST) throw new TooMany("there are too many outcomes");
  }
  return all;
}

function shown(outcome: FlowOutcome): FlowValue {
  return "value" in outcome ? ["fulfilled", outcome.value] : ["rejected", outcome.failure];
}

function distinct(outcomes: readonly FlowOutcome[]): readonly FlowOutcome[] {
  const byText = new Map(outcomes.map((outcome) => [textOf(outcome), outcome]));
  if (byText.size > MOST) throw new TooMany("there are too many outcomes");
  return [...byText.values()];
}

/** Unlike JSON, distinguishes `undefined` from `null`. */
export function textOf(outcome: FlowOutcome): string {
  return JSON.stringify(outcome, (_, value: unknown) =>
    value === undefined ? "undefined" : value,
  );
}
