import { HandbackError } from "../../../core/errors/errors.ts";
import type { StatefulFunction } from "../../../futures/types/define.ts";
import { specOf } from "../../../futures/define/spec.ts";
import { show } from "../../../core/errors/show.ts";
import type { Crash } from "../faults/crash.ts";
import type { Egress } from "../record/egress-log.ts";
import type { Inspection, StateReport } from "../inspect/inspection.ts";
import { meterOf } from "../inspect/meter.ts";
import type { Meter } from "../inspect/meter.ts";
import type { Call } from "../../test-doubles/call-record.ts";
import type { TraceEvent } from "../record/trace.ts";
import type { World } from "../host/world.ts";

/** The parts of a run. */
export interface RunParts<Result> {
  readonly result: Result;
  readonly world: World;
  readonly inspection: Inspection;
  readonly replay: string;
}

/** A finished simulation: its result, and the course that it took. */
export class Run<Result> {
  /** The result of the body. */
  readonly result: Result;
  /** The bills, by flow and by function. */
  readonly meter: Meter;
  /** The events, in order. */
  readonly trace: readonly TraceEvent[];
  /** A name for the course of the run. The same options give the same hash, in any process. */
  readonly hash: string;
  /** Crashes that happened. */
  readonly crashes: readonly Crash[];
  /** Number of commits on the disk. */
  readonly commits: number;
  /** Values that left through `ctx.egress`, each id once, in order of its first delivery. */
  readonly egress: readonly Egress[];
  /** Code that repeats the course of the run. */
  readonly replay: string;
  readonly #world: World;
  readonly #inspection: Inspection;

  constructor({ result, world, inspection, replay }: RunParts<Result>) {
    this.result = result;
    this.meter = meterOf(world, inspection);
    this.trace = world.trace.events;
    this.hash = world.trace.hash();
    this.crashes = world.crashes;
    this.commits = world.disk.commits;
    this.egress = world.egress.all;
    this.replay = replay;
    this.#world = world;
    this.#inspection = inspection;
  }

  /**
   * Returns the values of a state on the disk. @throws `NOT_FOUND`, `INVALID_KEY`,
   * `UNKNOWN_FUNCTION`
   */
  async state<State>(f: StatefulFunction<State>, id: string): Promise<State> {
    return this.#inspection.state(f, id);
  }

  /** Returns all states on the disk, by function and id. */
  async states(): Promise<readonly StateReport[]> {
    return this.#inspection.states(this.#world.specs);
  }

  /**
   * Returns the runs of a function, or of one operation, that was wrapped in `record`. @throws
   * `INVALID_OPTIONS` if it was not
   */
  calls(f: object): readonly Call[] {
    const type = specOf(f)?.type;
    const calls = type === undefined ? undefined : this.#world.calls.get(type);
    if (calls === undefined)
      throw new HandbackError(
        "INVALID_OPTIONS",
        `run.calls: expected a function that was hosted as record(f), got ${type ?? show(f)}`,
      );
    const operation = "operation" in f && typeof f.operation === "string" ? f.operation : undefined;
    return operation === undefined ? calls : calls.filter((call) => call.operation === operation);
  }
}
