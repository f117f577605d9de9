import fc from "fast-check";
import { test } from "vitest";

/** How a law is tried. */
export interface LawOptions {
  /** Number of cases; default 100. `LAW_RUNS` multiplies it. */
  readonly runs?: number;
}

const factor = Number(process.env["LAW_RUNS"] ?? 1);
if (!(factor > 0)) throw new Error(`LAW_RUNS must be a number above 0, got ${process.env["LAW_RUNS"]}`);
const { LAW_SEED: seed, LAW_PATH: path } = process.env;
/** Room for `LAW_RUNS=100`. */
const TIMEOUT_MS = 600_000;

declare module "vitest" {
  interface TaskMeta {
    /** How many cases of a law were tried. */
    law?: { readonly runs: number };
  }
}

/**
 * States a law: a property that holds for all that the arbitraries give. The predicate throws where it does not.
 *
 * A failure is shrunk, and tells the line that replays it.
 */
export function law<Values extends readonly [unknown, ...unknown[]]>(
  title: string,
  given: { readonly [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  holds: (...values: Values) => Promise<void> | void,
  { runs = 100 }: LawOptions = {},
): void {
  test(title, { timeout: TIMEOUT_MS }, async ({ task }) => {
    const numRuns = Math.max(1, Math.round(runs * factor));
    let tried = 0;
    const property = fc.asyncProperty(fc.tuple(...(given as unknown as fc.Arbitrary<unknown>[])), async (values) => {
      tried++;
      await holds(...(values as unknown as Values));
    });
    const replay = { ...(seed !== undefined && { seed: Number(seed) }), ...(path !== undefined && { path }) };
    const details = await fc.check(property, { numRuns, ...replay });
    task.meta.law = { runs: tried };
    if (!details.failed) return;
    const file = task.file.name;
    const line = `LAW_SEED=${details.seed} LAW_PATH=${details.counterexamplePath} npx vitest run ${file} -t ${JSON.stringify(title)}`;
    const counterexample = details.counterexample?.[0].map((value) => fc.stringify(value)).join("\n");
    const found = `after ${tried} cases, shrunk ${details.numShrinks} times, this does not hold for\n${counterexample}\nreplay: ${line}`;
    const { errorInstance } = details;
    if (!(errorInstance instanceof Error)) throw new Error(`${found}\n${String(errorInstance)}`);
    errorInstance.message = `${found}\n${errorInstance.message}`;
    throw errorInstance;
  });
}
