import { setTimeout } from "node:timers/promises";
import type { App, Ended } from "./start-app.ts";

/** The end of a process, and whether it had to be killed because it did not end by itself. */
export interface EndedOrHung extends Ended {
  readonly hung: boolean;
}

/** Waits until a process has ended, for at most `ms`. Returns true if it has ended. */
export async function hasEndedWithin({ ended }: Pick<App, "ended">, ms: number): Promise<boolean> {
  const over = new AbortController();
  const late = setTimeout(ms, false, { signal: over.signal }).catch(() => true);
  return Promise.race([late, ended.then(() => true)]).finally(() => over.abort());
}

/** Waits for the end of a process, and kills it if it has not ended after `ms`. */
export async function endWithin(app: App, ms: number): Promise<EndedOrHung> {
  const hung = !(await hasEndedWithin(app, ms));
  if (hung) app.kill("SIGKILL");
  return { ...(await app.ended), hung };
}
