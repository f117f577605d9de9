import { checkOptions } from "../../../core/validation/check-options.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { show } from "../../../core/errors/show.ts";
import type { EmbeddedOptions } from "../../../embedded.ts";
import type { Sink } from "../../../futures/run/egress.ts";
import type { Decisions } from "../faults/decisions.ts";
import type { Faults } from "../faults/faults.ts";
import type { Machine } from "../host/host.ts";
import { ScheduledDecisions } from "../faults/schedule.ts";
import type { Schedule } from "../faults/schedule.ts";
import { SeededDecisions } from "../faults/seeded-decisions.ts";
import type { TraceEvent } from "../record/trace.ts";

/** What a simulation is made of. */
export interface SimulateOptions extends Pick<
  EmbeddedOptions,
  "concurrency" | "retention" | "ageOut" | "payloadLimit" | "cachedStates" | "log"
> {
  /**
   * Functions to host, among them stand-ins such as `mock(f, ...)`, which take the place of those of their type. Given as a function,
   * they are made anew at each start of the engine, so that what they keep in memory is lost with the process.
   */
  readonly functions: readonly object[] | ((machine: Machine) => readonly object[]);
  /** What chance follows from, a whole number from 0, below 2^32; default 0. The same seed takes the same course. */
  readonly seed?: number;
  /** What may go wrong; default nothing. */
  readonly faults?: Faults;
  /** What the world decides, instead of chance and `faults`; see `schedules()`. */
  readonly schedule?: Schedule;
  /**
   * How often in a row a message may have ended the process before it is `POISONED`; by default as often as it likes, since simulated
   * processes end whenever chance wants them to.
   */
  readonly crashLimit?: number;
  /** Where `ctx.egress(type, value)` goes, by type. Whatever comes is in `run.egress` too. */
  readonly egress?: Readonly<Record<string, Sink>>;
  /** Is told of each event of the trace as it happens. */
  readonly onEvent?: (event: TraceEvent) => void;
  /** Things that may happen before the run is given up; default 1,000,000. */
  readonly maxSteps?: number;
}

const OPTIONS = [
  "functions",
  "seed",
  "faults",
  "schedule",
  "concurrency",
  "retention",
  "ageOut",
  "payloadLimit",
  "cachedStates",
  "crashLimit",
  "egress",
  "log",
  "onEvent",
  "maxSteps",
];
const FAULTS = ["crash", "redeliver", "reorder", "slowCommit", "maxCrashes"];
const SCHEDULE = ["seed", "crashes", "choices", "commitMs", "repeats"];

/** Checks what the engine does not. @throws `INVALID_OPTIONS` */
export function checkSimulateOptions(options: SimulateOptions): void {
  checkOptions("simulate", options, OPTIONS);
  const { functions, seed = 0, faults = {}, schedule = {}, maxSteps = 1 } = options;
  if (!Array.isArray(functions) && typeof functions !== "function")
    throw notAsExpected("functions", "a list, or a function that makes one", functions);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw notAsExpected("seed", "a whole number from 0, below 2^32", seed);
  if (!Number.isInteger(maxSteps) || maxSteps < 1)
    throw notAsExpected("maxSteps", "a whole number from 1", maxSteps);
  checkOptions("faults", faults, FAULTS);
  checkOptions("schedule", schedule, SCHEDULE);
  if (
    options.schedule !== undefined &&
    (options.faults !== undefined || options.seed !== undefined)
  )
    throw new HandbackError(
      "INVALID_OPTIONS",
      "simulate: a schedule says all that seed and faults would; expected one or the other",
    );
  for (const name of ["crash", "redeliver"] as const) {
    const probability = faults[name] ?? 0;
    if (!(probability >= 0 && probability <= 1))
      throw notAsExpected(`faults.${name}`, "a probability from 0 to 1", probability);
  }
}

/** Who decides in a simulation. */
export function decisionsOf({ seed = 0, faults = {}, schedule }: SimulateOptions): Decisions {
  return schedule === undefined
    ? new SeededDecisions(seed, faults)
    : new ScheduledDecisions(schedule);
}

/** What takes the same course again, as it is written in code. */
export function replayOf({ seed = 0, faults, schedule }: SimulateOptions): string {
  if (schedule !== undefined)
    return `simulate({ ..., schedule: ${JSON.stringify(schedule)} }, ...)`;
  return `simulate({ ..., seed: ${seed}${faults === undefined ? "" : `, faults: ${JSON.stringify(faults)}`} }, ...)`;
}

function notAsExpected(option: string, expected: string, got: unknown): HandbackError {
  return new HandbackError(
    "INVALID_OPTIONS",
    `simulate: ${option}: expected ${expected}, got ${show(got)}`,
  );
}
