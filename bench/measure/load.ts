import { isDeepStrictEqual } from "node:util";

/** Payload of every operation: 200 bytes of text. */
export const PAYLOAD = "0123456789".repeat(20);

/** Throws unless a result is correct, because a benchmark of a wrong answer is worthless. */
export function expectResult(name: string, got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected))
    throw new Error(`${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}

/** Calls `call(n)` for each n from 0 to `count` - 1, at most `callers` at a time. */
export async function callEach(
  count: number,
  callers: number,
  call: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(callers, count) }, caller));
}

/**
 * Lets callers repeat `call(n)` for this many seconds. Returns the number of calls and the exact
 * time.
 */
export async function callFor(
  seconds: number,
  callers: number,
  call: (n: number) => Promise<void>,
): Promise<{ calls: number; seconds: number }> {
  const start = performance.now();
  let calls = 0;
  const caller = async (n: number): Promise<void> => {
    for (let next = n; performance.now() - start < seconds * 1_000; next += callers) {
      await call(next);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, n) => caller(n)));
  return { calls, seconds: (performance.now() - start) / 1_000 };
}

/** Counts up to a number, and resolves when it is reached. */
export class Tally {
  readonly #expected: number;
  readonly #done = Promise.withResolvers<void>();
  #count = 0;

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** @throws if there are more than expected */
  add(): void {
    if (++this.#count > this.#expected)
      throw new Error(`expected ${this.#expected} of them, and there is one more`);
    if (this.#count === this.#expected) this.#done.resolve();
  }

  /** Resolves once the expected number is reached. */
  get isComplete(): Promise<void> {
    return this.#done.promise;
  }
}
