import { HandbackError } from "../../../core/errors/errors.ts";
import type { StatefulFunction } from "../../../futures/types/define.ts";
import { specOf } from "../../../futures/define/spec.ts";
import { show } from "../../../core/errors/show.ts";
import type { Crash } from "../faults/crash.ts";
import type { Egress } from "../record/egress-log.ts";
import type { Inspection, StateReport } from "../inspect/inspection.ts";
import { meterOf } from "../inspect/meter.ts";
import type { Meter } from "../inspect/meter.ts";
import type { Call } from "../../leaves/call-record.ts";
import type { TraceEvent } from "../record/trace.ts";
import type { World } from "../host/world.ts";

/** What a run is made of. */
export interface RunParts<Result> {
  readonly result: Result;
  readonly world: World;
  readonly inspection: Inspection;
  readonly replay: string;
}

/** A simulation that is over: what came of it, and how. */
export class Run<Result> {
  /** What the body gave. */
  readonly result: Result;
  /** What was billed, by flow and by function. */
  readonly meter: Meter;
  /** What happened, in order. */
  readonly trace: readonly TraceEvent[];
  /** Names the course that the run took: the same options give the same hash, in any process. */
  readonly hash: string;
  /** Crashes that happened. */
  readonly crashes: readonly Crash[];
  /** Commits that are on the disk. */
  readonly commits: number;
  /** What left through `ctx.egress`, each id once, in order of its first coming. */
  readonly egress: readonly Egress[];
  /** Code that takes the same course again. */
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

  /** The values of a state, as they are on the disk. @throws `NOT_FOUND`, `INVALID_KEY`, `UNKNOWN_FUNCTION` */
  async state<State>(f: StatefulFunction<State>, id: string): Promise<State> {
    return this.#inspection.state(f, id);
  }

  /** All states of the functions that are on the disk, by function and id. */
  async states(): Promise<readonly StateReport[]> {
    return this.#inspection.states(this.#world.specs);
  }

  /** The runs of a function, or of one operation, that was `record`ed. @throws `INVALID_OPTIONS` when it was not */
  calls(f: object): readonly Call[] {
    const type = specOf(f)?.type;
    const calls = type === undefined ? undefined : this.#world.calls.get(type);
    if (calls === undefined)
      throw new HandbackError(
        "INVALID_OPTIONS",
        `calls: expected a function that is among the functions as record(f), got ${type ?? show(f)}`,
      );
    const operation = "operation" in f && typeof f.operation === "string" ? f.operation : undefined;
    return operation === undefined ? calls : calls.filter((call) => call.operation === operation);
  }
}
