import {
  anything,
  callback,
  checkedBy,
  invalidOption,
  nested,
  numberBetween,
  optional,
  readOptions,
  wholeNumber,
} from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import type { EmbeddedOptions } from "../../../embedded.ts";
import type { Sink } from "../../../futures/run/egress.ts";
import type { Decisions } from "../faults/decisions.ts";
import type { Faults } from "../faults/faults.ts";
import type { Machine } from "../host/host.ts";
import { ScheduledDecisions } from "../faults/schedule.ts";
import type { Schedule } from "../faults/schedule.ts";
import { SeededDecisions } from "../faults/seeded-decisions.ts";
import type { TraceEvent } from "../record/trace.ts";

/** Options of `simulate`. */
export interface SimulateOptions extends Pick<
  EmbeddedOptions,
  | "concurrency"
  | "retention"
  | "ageOut"
  | "ageOutOfGivenIds"
  | "payloadLimit"
  | "cachedStates"
  | "history"
  | "whenFailed"
  | "log"
> {
  /**
   * Functions to host. A test double such as `mock(f, ...)` replaces the function of the same type.
   * Given as a function, they are made anew at each start of the engine, so that their variables
   * are lost with the process.
   */
  readonly functions: readonly object[] | ((machine: Machine) => readonly object[]);
  /**
   * Seed of all random choices, a whole number from 0, below 2^32; default 0. The same seed gives
   * the same course.
   */
  readonly seed?: number;
  /** Faults to inject; default none. */
  readonly faults?: Faults;
  /** Fixed decisions that replace the random ones and `faults`. See `schedules()`. */
  readonly schedule?: Schedule;
  /**
   * Number of times in a row that a message may end the process before it is `POISONED`; default
   * unlimited, because simulated crashes are random.
   */
  readonly crashLimit?: number;
  /**
   * Sinks of `ctx.egress(type, value)`, by type. `run.egress` lists all values, with or without a
   * sink.
   */
  readonly egress?: Readonly<Record<string, Sink>>;
  /** Called with each event of the trace as it happens. */
  readonly onEvent?: (event: TraceEvent) => void;
  /** Number of events after which the run is given up; default 1,000,000. */
  readonly maxSteps?: number;
}

const PROBABILITY = numberBetween(0, 1);

const FAULT_OPTIONS = {
  crash: optional(PROBABILITY),
  redeliver: optional(PROBABILITY),
  reorder: anything(),
  slowCommit: anything(),
  maxCrashes: anything(),
} satisfies OptionTable<Faults>;

const SCHEDULE_OPTIONS = {
  seed: anything(),
  crashes: anything(),
  choices: anything(),
  commitMs: anything(),
  repeats: anything(),
} satisfies OptionTable<Schedule>;

/** The engine checks the options that it takes over. */
const OPTIONS = {
  functions: checkedBy<SimulateOptions["functions"]>(readFunctions),
  seed: optional(wholeNumber({ from: 0, to: 2 ** 32 - 1 })),
  faults: optional(nested<typeof FAULT_OPTIONS, Faults>(FAULT_OPTIONS)),
  schedule: optional(nested<typeof SCHEDULE_OPTIONS, Schedule>(SCHEDULE_OPTIONS)),
  concurrency: anything(),
  retention: anything(),
  ageOut: anything(),
  ageOutOfGivenIds: anything(),
  payloadLimit: anything(),
  cachedStates: anything(),
  crashLimit: anything(),
  history: anything(),
  whenFailed: anything(),
  egress: anything(),
  log: anything(),
  onEvent: optional(callback<NonNullable<SimulateOptions["onEvent"]>>()),
  maxSteps: optional(wholeNumber({ from: 1 })),
} satisfies OptionTable<SimulateOptions>;

function readFunctions(value: unknown, name: string): SimulateOptions["functions"] {
  if (Array.isArray(value) || typeof value === "function")
    return value as SimulateOptions["functions"];
  throw invalidOption(name, "a list, or a function that makes one", value);
}

/** Checks the options that the engine does not check. @throws `INVALID_OPTIONS` */
export function checkSimulateOptions(options: SimulateOptions): void {
  const { seed, faults, schedule } = readOptions("simulate", OPTIONS, options);
  if (schedule !== undefined && (faults !== undefined || seed !== undefined))
    throw new HandbackError(
      "INVALID_OPTIONS",
      "simulate: a schedule replaces seed and faults: expected one or the other",
    );
}

/** Returns the decision maker of a simulation. */
export function decisionsOf({ seed = 0, faults = {}, schedule }: SimulateOptions): Decisions {
  return schedule === undefined
    ? new SeededDecisions(seed, faults)
    : new ScheduledDecisions(schedule);
}

/** Returns the code that repeats a simulation. */
export function replayOf({ seed = 0, faults, schedule }: SimulateOptions): string {
  if (schedule !== undefined)
    return `simulate({ ..., schedule: ${JSON.stringify(schedule)} }, ...)`;
  const injected = faults === undefined ? "" : `, faults: ${JSON.stringify(faults)}`;
  return `simulate({ ..., seed: ${seed}${injected} }, ...)`;
}
