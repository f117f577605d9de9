import { HandbackError } from "handback";
import fc from "fast-check";

/** Values that can be stored, including those that a careless program treats as absent. */
export function values(): fc.Arbitrary<unknown> {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom<unknown>(null, undefined, false, 0, "", Number.NaN, -0, 0n),
      fc.boolean(),
      fc.double(),
      fc.string(),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 4 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), tie("value"), {
        maxKeys: 3,
        noNullPrototype: true,
      }),
      fc
        .array(fc.tuple(fc.string({ maxLength: 3 }), tie("value")), { maxLength: 2 })
        .map((entries) => new Map(entries)),
    ),
  }));
  return value;
}

/** Returns the outcome of a promise: a value, or the code and message of an error. */
export async function ending(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { value: await promise };
  } catch (error) {
    if (!HandbackError.is(error)) throw error;
    return {
      code: error.code,
      why: error.cause instanceof Error ? error.cause.message : error.code,
    };
  }
}
