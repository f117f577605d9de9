import * as fc from "fast-check";
import { json } from "handback/statefun";

/** One step of a program. Programs are the JSON messages of the functions under comparison. */
export type Step =
  | { readonly do: "set"; readonly n: number }
  | { readonly do: "add"; readonly n: number }
  | { readonly do: "note"; readonly text: string }
  | { readonly do: "forget" }
  | { readonly do: "send"; readonly id: string; readonly value: string | number | boolean }
  | { readonly do: "later"; readonly id: string; readonly value: string; readonly ms: number }
  | { readonly do: "reply"; readonly value: string }
  | { readonly do: "kafka"; readonly topic: string; readonly key: string; readonly value: string }
  | { readonly do: "emit"; readonly value: { readonly [key: string]: string | number } };

/** Steps of one message, in order. */
export type Program = readonly Step[];

/** The type of the messages that hold programs. */
export const PROGRAM = json<Program>("test/program");

const TEXT = fc.string({ unit: "grapheme", maxLength: 8 });
const ID = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const INT = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** Makes programs of a few steps. `replies` tells whether the message has a caller. */
export function programs(replies: boolean): fc.Arbitrary<Program> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant("set" as const), n: INT }),
    fc.record({ do: fc.constant("add" as const), n: fc.integer({ min: 1, max: 1_000 }) }),
    fc.record({ do: fc.constant("note" as const), text: TEXT }),
    fc.record({ do: fc.constant("forget" as const) }),
    fc.record({
      do: fc.constant("send" as const),
      id: ID,
      value: fc.oneof(TEXT, INT, fc.boolean()),
    }),
    fc.record({
      do: fc.constant("later" as const),
      id: ID,
      value: TEXT,
      // Eighths of a second: the Python SDK loses a millisecond of most other delays.
      ms: fc.integer({ min: 1, max: 2 ** 33 }).map((eighths) => eighths * 125),
    }),
    fc.record({ do: fc.constant("kafka" as const), topic: ID, key: TEXT, value: TEXT }),
    fc.record({
      do: fc.constant("emit" as const),
      value: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(TEXT, INT), { maxKeys: 3 }),
    }),
    ...(replies ? [fc.record({ do: fc.constant("reply" as const), value: TEXT })] : []),
  );
  return fc.array(step, { maxLength: 6 });
}
