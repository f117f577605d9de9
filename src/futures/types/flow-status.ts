import type { IndexedStatus } from "../../core/engine/flow-index.ts";
import type { Failure } from "./failure.ts";
import type { PausedCall } from "./paused-call.ts";

/** The status of a flow. */
export interface FlowStatus {
  /** Type of the function that was started, `namespace/name`. */
  readonly function: string;
  /** `paused`: it is pending, and `client.pause` paused it, or some of its calls are paused. */
  readonly status: IndexedStatus;
  /** The last value that the flow set with `ctx.setStatus`. */
  readonly custom: unknown;
  /** Instants, in ms since the epoch. */
  readonly startedAt: number;
  readonly settledAt: number | undefined;
  /** The reason of a failed flow. */
  readonly failure: Failure | undefined;
  /** The last few rejections of futures without a consumer. They do not fail the flow. */
  readonly unhandled: readonly Failure[];
  /**
   * The calls that failed and wait for a person: `client.resume` runs one again, and `client.fail`
   * lets its failure pass on. Nothing that waits for their outcome has heard of the failure.
   */
  readonly paused: readonly PausedCall[];
  /** The instant at which `client.pause` paused it. Absent unless it did. */
  readonly pausedAt?: number;
  /** Number of the run, from 2, of a flow that `client.restart` has restarted. Else absent. */
  readonly run?: number;
}
