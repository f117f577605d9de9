import fc from "fast-check";
import { test } from "vitest";

/** Options of a law. */
export interface LawOptions {
  /** Number of cases; default 200. `LAW_RUNS` multiplies it. */
  readonly runs?: number;
}

const factor = Number(process.env["LAW_RUNS"] ?? 1);
if (!(factor > 0))
  throw new Error(`LAW_RUNS must be a number above 0, got ${process.env["LAW_RUNS"]}`);
const { LAW_SEED: seed, LAW_PATH: path } = process.env;
/** Time for each case, on a busy machine, and the least time for a law. */
const [CASE_MS, LEAST_MS] = [300, 600_000];

declare module "vitest" {
  interface TaskMeta {
    /** Number of cases of a law. */
    law?: { readonly runs: number };
  }
}

/**
 * States a law: a property of all values that the arbitraries give. The predicate throws if it is
 * violated.
 *
 * A failure is shrunk, and shows the line that replays it.
 */
export function law<Values extends [unknown, ...unknown[]]>(
  title: string,
  given: { readonly [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  holds: (...values: Values) => Promise<void> | void,
  { runs = 200 }: LawOptions = {},
): void {
  const numRuns = Math.max(1, Math.round(runs * factor));
  test(title, { timeout: Math.max(LEAST_MS, numRuns * CASE_MS) }, async ({ task }) => {
    const property = fc.asyncProperty(fc.tuple<Values>(...given), async (values) =>
      holds(...values),
    );
    const replay = {
      ...(seed !== undefined && { seed: Number(seed) }),
      ...(path !== undefined && { path }),
    };
    const details = await fc.check(property, { numRuns, ...replay });
    task.meta.law = { runs: details.numRuns };
    assertHeld(
      details,
      `npx vitest run ${task.file.name} -t ${JSON.stringify(title.replaceAll(/[$()*+.?[\\\]^{|}]/g, "\\$&"))}`,
    );
  });
}

function assertHeld<Values extends readonly unknown[]>(
  details: fc.RunDetails<[Values]>,
  command: string,
): void {
  if (!details.failed) return;
  const { numRuns, numShrinks, seed, counterexamplePath, counterexample, errorInstance } = details;
  const lines = [
    `after ${numRuns} cases, shrunk ${numShrinks} times, this does not hold for`,
    ...(counterexample?.[0].map((value) => fc.stringify(value)) ?? [
      "(too many cases were left out)",
    ]),
    `replay: LAW_SEED=${seed} LAW_PATH=${counterexamplePath} ${command}`,
  ];
  if (!(errorInstance instanceof Error))
    throw new Error([...lines, String(errorInstance)].join("\n"));
  errorInstance.message = [...lines, errorInstance.message].join("\n");
  throw errorInstance;
}
