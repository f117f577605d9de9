import { isDeepStrictEqual } from "node:util";

/** Throws unless a result is the right one: a benchmark of a wrong answer is worth nothing. */
export function expectResult(name: string, got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected))
    throw new Error(`${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}
