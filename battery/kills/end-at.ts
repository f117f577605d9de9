import { setTimeout } from "node:timers/promises";
import type { Ledger } from "../ledger/ledger.ts";
import type { App, Ended } from "../process/start-app.ts";
import type { Ending } from "./schedule.ts";

/** Time that a process has to end after it was asked to. */
const DRAIN_LIMIT_MS = 15_000;
/** Maximum wait for a moment that may never come in an idle process. */
const MOMENT_LIMIT_MS = 6_000;

/** The end of a process, and whether it had to be killed because it did not end by itself. */
interface EndedOrHung extends Ended {
  readonly hung: boolean;
}

/** Ends a process as planned. */
export async function endAt(
  { signal, after, count, delayMs }: Ending,
  app: App,
  ledger: Ledger,
): Promise<EndedOrHung> {
  const over = new AbortController();
  void app.ended.finally(() => over.abort());
  let times = 0;
  const moment = ledger.when(
    ({ life, what }) => life === app.life && what === after && ++times === count,
    over.signal,
  );
  await Promise.race([moment, pause(MOMENT_LIMIT_MS, over.signal), app.ended]);
  if (delayMs > 0) await pause(delayMs, over.signal);
  app.kill(signal === "SIGKILL" ? "SIGKILL" : "SIGTERM");
  if (signal === "both") {
    await pause(delayMs, over.signal);
    app.kill("SIGKILL");
  }
  return endWithin(app, DRAIN_LIMIT_MS);
}

/** Waits for the end of a process, and kills it if it has not ended after `ms`. */
export async function endWithin(app: App, ms: number): Promise<EndedOrHung> {
  const over = new AbortController();
  void app.ended.finally(() => over.abort());
  let hung = false;
  void pause(ms, over.signal).then(() => {
    if (over.signal.aborted) return;
    hung = true;
    app.kill("SIGKILL");
  });
  return { ...(await app.ended), hung };
}

/** Waits for `ms`, or until the signal aborts. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
