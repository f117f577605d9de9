import type { Clock } from "../../core/host/clock.ts";
import type { FlowHandle } from "../../futures/client/client.ts";
import type { Departure } from "./departure.ts";

/** The limits of a wait for a flow. */
interface Waiting {
  readonly waitMs: number;
  readonly clock: Clock;
  readonly departure: Departure;
}

/** The output of a flow. */
export interface FlowOutput {
  readonly output: unknown;
}

/**
 * Waits until a flow ends, the time is over, or the client disconnects. Returns the output of a
 * flow that is completed in time.
 */
export async function outputWithin(
  handle: FlowHandle<unknown>,
  { waitMs, clock, departure }: Waiting,
): Promise<FlowOutput | undefined> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const cancelTimer = clock.setTimer(waitMs, stop);
  const ignore = departure(stop);
  try {
    return { output: await handle.result({ signal: waiting.signal }) };
  } catch {
    // The status of the flow tells how it stands.
    return undefined;
  } finally {
    ignore();
    cancelTimer();
  }
}
