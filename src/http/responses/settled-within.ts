import type { Clock } from "../../core/host/clock.ts";
import type { FlowHandle } from "../../futures/client/client.ts";

/** Until when a flow is waited for. */
interface Waiting {
  readonly waitMs: number;
  readonly clock: Clock;
  /** Is aborted when nobody listens any more. */
  readonly listening: AbortSignal;
}

/** Waits for a flow to end, or for the time to be over, or for nobody to be listening any more. Which of them it was is to be asked afterwards. */
export async function settledWithin(
  handle: FlowHandle<unknown>,
  { waitMs, clock, listening }: Waiting,
): Promise<void> {
  const waiting = new AbortController();
  const stop = (): void => waiting.abort();
  const cancelTimer = clock.setTimer(waitMs, stop);
  listening.addEventListener("abort", stop, { once: true });
  if (listening.aborted) stop();
  await handle.result({ signal: waiting.signal }).catch(() => undefined);
  listening.removeEventListener("abort", stop);
  cancelTimer();
}
