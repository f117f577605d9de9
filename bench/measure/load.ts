import { isDeepStrictEqual } from "node:util";

/** What every operation carries: 200 bytes of text. */
export const PAYLOAD = "0123456789".repeat(20);

/** Throws unless a result is the right one: a benchmark of a wrong answer is worth nothing. */
export function expectResult(name: string, got: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(got, expected))
    throw new Error(`${name}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}`);
}

/** Does `call(n)` for each n from 0 to `count` - 1, at most `callers` of them at a time. */
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

/** Has callers do `call(n)`, each again and again, until so many seconds have passed; gives how many were done, and in what time. */
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

/** Counts up to a number, and tells when it is there. */
export class Tally {
  readonly #expected: number;
  readonly #done = Promise.withResolvers<void>();
  #count = 0;

  constructor(expected: number) {
    this.#expected = expected;
  }

  /** @throws when there are more than were expected */
  add(): void {
    if (++this.#count > this.#expected)
      throw new Error(`expected ${this.#expected} of them, and there is one more`);
    if (this.#count === this.#expected) this.#done.resolve();
  }

  /** Resolves once as many as were expected have been counted. */
  get isComplete(): Promise<void> {
    return this.#done.promise;
  }
}
