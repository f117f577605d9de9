import type { Clock } from "../../core/host/clock.ts";
import type { FlowHandle } from "../../futures/client/client.ts";

/** The limits of a wait for a flow. */
interface Waiting {
  readonly waitMs: number;
  readonly clock: Clock;
  /** Are aborted when the client disconnects. */
  readonly listening: readonly AbortSignal[];
}

/**
 * Waits until a flow ends, the time is over, or the client disconnects. The caller reads the status
 * of the flow afterwards.
 */
export async function settledWithin(
  handle: FlowHandle<unknown>,
  { waitMs, clock, listening }: Waiting,
): Promise<void> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const cancelTimer = clock.setTimer(waitMs, stop);
  for (const signal of listening) signal.addEventListener("abort", stop, { once: true });
  if (listening.some(({ aborted }) => aborted)) stop();
  await handle.result({ signal: waiting.signal }).catch(() => undefined);
  for (const signal of listening) signal.removeEventListener("abort", stop);
  cancelTimer();
}
