import { setTimeout } from "node:timers/promises";
import type { Ledger } from "../ledger/ledger.ts";
import type { App, Ended } from "../process/start-app.ts";
import type { Ending } from "./schedule.ts";

const DRAIN_LIMIT_MS = 15_000;
/** Maximum wait for a moment that may never come in an idle process. */
const MOMENT_LIMIT_MS = 6_000;

/**
 * Ends a process as planned. Returns its end, and whether it had to be killed because it did not
 * end by itself.
 */
export async function endAt(
  { signal, after, count, delayMs }: Ending,
  app: App,
  ledger: Ledger,
): Promise<Ended & { readonly hung: boolean }> {
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
  let hung = false;
  void pause(DRAIN_LIMIT_MS, over.signal).then(() => {
    if (over.signal.aborted) return;
    hung = true;
    app.kill("SIGKILL");
  });
  return { ...(await app.ended), hung };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}
