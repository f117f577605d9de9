import type { Ledger } from "../ledger/ledger.ts";
import { hasEndedWithin, endWithin } from "../process/end-within.ts";
import type { EndedOrHung } from "../process/end-within.ts";
import type { App } from "../process/start-app.ts";
import type { Ending } from "./schedule.ts";

/** Time that a process has to end after it was asked to. */
const DRAIN_LIMIT_MS = 15_000;
/** Maximum wait for a moment that may never come in an idle process. */
const MOMENT_LIMIT_MS = 6_000;

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
  await Promise.race([moment, hasEndedWithin(app, MOMENT_LIMIT_MS)]);
  if (delayMs > 0) await hasEndedWithin(app, delayMs);
  app.kill(signal === "SIGKILL" ? "SIGKILL" : "SIGTERM");
  if (signal === "both") {
    await hasEndedWithin(app, delayMs);
    app.kill("SIGKILL");
  }
  return endWithin(app, DRAIN_LIMIT_MS);
}
