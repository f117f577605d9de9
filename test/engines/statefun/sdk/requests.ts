import * as fc from "fast-check";
import { int, string } from "handback/statefun";
import type { TestRequest, Typed } from "../support/exchange.ts";
import { PROGRAM, programs } from "./program.ts";
import type { Program } from "./program.ts";

const COUNT = fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { nil: undefined });
const NOTE = fc.option(fc.string({ unit: "grapheme", maxLength: 8 }), { nil: undefined });

const INVOCATION = fc.oneof(
  programs(true).map((program) => ({ caller: "test/caller/7", argument: asMessage(program) })),
  programs(false).map((program) => ({ argument: asMessage(program) })),
);

/** Makes batches of programs, with values that are set or not. */
export const REQUESTS: fc.Arbitrary<TestRequest> = fc
  .record({
    count: COUNT,
    note: NOTE,
    invocations: fc.array(INVOCATION, { minLength: 1, maxLength: 4 }),
  })
  .map(({ count, note, invocations }) => ({
    target: "test/runner/1",
    values: {
      count: count === undefined ? undefined : { typename: int.typename, bytes: int.encode(count) },
      note:
        note === undefined ? undefined : { typename: string.typename, bytes: string.encode(note) },
    },
    invocations,
  }));

function asMessage(program: Program): Typed {
  return { typename: PROGRAM.typename, bytes: PROGRAM.encode(program) };
}
