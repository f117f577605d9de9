import { isError } from "../../../core/data/kind.ts";
import type { Duration } from "../../../core/validation/duration.ts";
import { AssertionError } from "../../assertion/assertion-error.ts";
import { comparable } from "./comparable.ts";
import type { CrashMode, CrashPoint } from "../faults/crash.ts";
import { readOutcome } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { replayable } from "./replayable.ts";
import type { Run } from "./run.ts";
import type { Schedule } from "../faults/schedule.ts";
import { simulate } from "./simulate.ts";
import type { Simulated } from "./simulate.ts";
import type { SimulateOptions } from "./simulation-options.ts";

/** Options of `everyCrash`. */
export interface EveryCrashOptions extends Omit<SimulateOptions, "seed" | "faults" | "schedule"> {
  /** All other decisions of the run; default: natural order, and commits take no time. */
  readonly schedule?: Omit<Schedule, "crashes">;
  /** Ways to crash at each commit; default `["before", "after"]`. */
  readonly how?: readonly CrashMode[];
  /** Selects the parts of the outcome that must be the same; default all of it. */
  readonly compare?: (outcome: Outcome) => unknown;
  /**
   * Time for which delayed messages are delivered after the end of the body; default `"30d"`. Ends
   * early if nothing is left.
   */
  readonly settle?: Duration;
}

/** The report of `everyCrash`. */
export interface CrashReport<Result> {
  /** The run without crashes. */
  readonly run: Run<Result>;
  /** Number of crash points tried, each in a run of its own. */
  readonly points: number;
}

/**
 * Runs a body once without crashes, then once for each of its commits and each way to crash there.
 * Checks that the result, states, statuses and egress are the same every time. To check effects on
 * the outside world, let the body reset that world first and return its final content.
 *
 * @throws an `AssertionError` that names the crash and the change; otherwise as {@link simulate}
 * @example
 * import { fn, stateful, value } from "handback";
 * import { everyCrash } from "handback/testing";
 *
 * const account = stateful("docs/account", {
 *   state: { cents: value(0) },
 *   handlers: { add: (ctx, cents: number) => (ctx.state.cents += cents) },
 * });
 * const transfer = fn("docs/transfer", (ctx, cents: number) =>
 *   ctx.all([
 *     ctx.invoke(account.add, -cents, { id: "from" }),
 *     ctx.invoke(account.add, cents, { id: "to" }),
 *   ]),
 * );
 *
 * const functions = [account, transfer];
 * const report = await everyCrash({ functions }, (t) => t.client.call(transfer, 50));
 * console.log(report.run.result, report.points); // [ -50, 50 ] 6
 */
export async function everyCrash<Result>(
  options: EveryCrashOptions,
  body: (t: Simulated) => Promise<Result> | Result,
): Promise<CrashReport<Result>> {
  const {
    how = ["before", "after"],
    compare = (outcome) => outcome,
    settle = "30d",
    schedule = {},
    ...shared
  } = options;
  const play = async (
    crashes: readonly CrashPoint[],
  ): Promise<{ readonly run: Run<Result>; readonly outcome: Outcome }> => {
    const run = await simulate(
      { ...shared, schedule: crashes.length === 0 ? schedule : { ...schedule, crashes } },
      async (t) => {
        const result = await body(t);
        await t.idle(settle);
        return result;
      },
    );
    return { run, outcome: await readOutcome(run) };
  };
  const { run, outcome } = await play([]);
  const expected = compare(outcome);
  const points = Array.from({ length: run.commits }, (_, at) =>
    how.map((how): CrashPoint => ({ commit: at + 1, how })),
  ).flat();
  for (const point of points) {
    const crashed = await play([point]).catch((error: unknown) => {
      throw withPoint(point, error);
    });
    if (crashed.run.crashes.length === 0)
      throw new AssertionError(
        `${nameOfPoint(point)} did not happen: ${ANOTHER_COURSE}\nreplay: ${crashed.run.replay}`,
      );
    const changes = differencesOfOutcomes(expected, compare(crashed.outcome));
    if (changes.length > 0)
      throw new AssertionError(
        `${nameOfPoint(point)} changed the outcome:${changes.join("")}\nreplay: ${crashed.run.replay}`,
      );
  }
  return { run, points: points.length };
}

const ANOTHER_COURSE =
  "the run took a different course; " +
  "its functions or its body depend on something outside of the simulation";

const WHEN: Readonly<Record<CrashMode, string>> = {
  before: "a crash before commit",
  after: "a crash after commit",
  lost: "a crash that loses commit",
  kept: "a crash in the middle of commit",
  refused: "a store that refuses commit",
  unsure: "a store that fails after commit",
};

function nameOfPoint({ commit, how }: CrashPoint): string {
  return `${WHEN[how]} ${commit}`;
}

function withPoint(point: CrashPoint, error: unknown): unknown {
  if (!isError(error)) return replayable(error, nameOfPoint(point));
  error.message = `with ${nameOfPoint(point)}: ${error.message}`;
  return error;
}

/** Describes each part of an outcome that differs: its value without the crash, and with it. */
function differencesOfOutcomes(expected: unknown, got: unknown): readonly string[] {
  if (comparable(expected) === comparable(got)) return [];
  const parts =
    isKeyed(expected) && isKeyed(got)
      ? [...new Set([...Object.keys(expected), ...Object.keys(got)])]
      : [];
  const changed = parts.flatMap((part) =>
    differenceOfPart(part, Reflect.get(expected as object, part), Reflect.get(got as object, part)),
  );
  return changed.length > 0 ? changed : differenceOfPart("outcome", expected, got);
}

function differenceOfPart(part: string, expected: unknown, got: unknown): readonly string[] {
  const [one, other] = [comparable(expected), comparable(got)];
  return one === other ? [] : [`\n  ${part} without it: ${one}\n  ${part} with it:    ${other}`];
}

function isKeyed(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
