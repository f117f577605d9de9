import type { Mutation } from "../mutation.ts";

const TEST = "test/laws/under-way/given-age-out.test.ts";

/** The age-out time of states with given ids. */
export const GIVEN_AGE_OUT: readonly Mutation[] = [
  {
    breaks: "age-out: the time of the engine goes before that of a function",
    file: "src/futures/run/run.ts",
    find: "ageOutMs ?? (isAgeless === true ? undefined : givenAgeOutMs)",
    replace: "(isAgeless === true ? undefined : givenAgeOutMs) ?? ageOutMs",
    test: TEST,
    killedBy:
      "states with given ids age out after the time of the engine, unless their function says another",
  },
  {
    breaks: "age-out: the states of an aggregator age out with those of users",
    file: "src/patterns/aggregator/aggregator.ts",
    find: 'ageOut: "never",',
    replace: "",
    test: TEST,
    killedBy: "states of patterns are spared",
  },
];
