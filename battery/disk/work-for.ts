import { hasEndedWithin, endWithin } from "../process/end-within.ts";
import type { EndedOrHung } from "../process/end-within.ts";
import { startApp } from "../process/start-app.ts";
import type { App, AppOptions } from "../process/start-app.ts";

const OPEN_MS = 30_000;
const CLOSE_MS = 15_000;

/** The work and the end of a process. */
export interface Worked extends EndedOrHung {
  readonly app: App;
  /** Instant (ms since the epoch) of the request to close, if it had not ended before. */
  readonly askedAt?: number;
}

/** Lets a process work for a while after it has opened the store, then asks it to close. */
export async function workFor(ms: number, options: AppOptions): Promise<Worked> {
  const app = startApp(options);
  await Promise.race([app.opened, hasEndedWithin(app, OPEN_MS)]);
  if (await hasEndedWithin(app, ms)) return { ...(await app.ended), app, hung: false };
  const askedAt = Date.now();
  app.kill("SIGTERM");
  return { ...(await endWithin(app, CLOSE_MS)), app, askedAt };
}
