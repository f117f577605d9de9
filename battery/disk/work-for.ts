import { setTimeout } from "node:timers/promises";
import { startApp } from "../process/start-app.ts";
import type { App, AppOptions, Ended } from "../process/start-app.ts";

const OPEN_MS = 30_000;
const CLOSE_MS = 15_000;

/** The work and the end of a process. */
export interface Worked extends Ended {
  readonly app: App;
  /** Instant (ms since the epoch) of the request to close, if it had not ended before. */
  readonly askedAt?: number;
  /** True if it had to be killed, because it did not end for a long time after the request. */
  readonly hung: boolean;
}

/** Lets a process work for a while after it has opened the store, then asks it to close. */
export async function workFor(ms: number, options: AppOptions): Promise<Worked> {
  const app = startApp(options);
  const over = new AbortController();
  const within = (ms: number): Promise<unknown> =>
    Promise.race([setTimeout(ms, undefined, { signal: over.signal }), app.ended]);
  await Promise.race([app.opened, within(OPEN_MS)]);
  let ended = await within(ms);
  const askedAt = ended === undefined ? Date.now() : undefined;
  if (askedAt !== undefined) app.kill("SIGTERM");
  ended ??= await within(CLOSE_MS);
  const hung = ended === undefined;
  if (hung) app.kill("SIGKILL");
  return {
    ...(await app.ended.finally(() => over.abort())),
    app,
    hung,
    ...(askedAt !== undefined && { askedAt }),
  };
}
