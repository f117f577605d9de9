import { check } from "./check.ts";
import type { Verdict, Violation } from "../history/verdict.ts";
import { endWithin } from "../process/end-within.ts";
import { startApp } from "../process/start-app.ts";
import type { App, AppOptions, Ended } from "../process/start-app.ts";

const LIMIT_MS = 180_000;

/** Options of a verification. */
export interface VerifyOptions extends Pick<
  AppOptions,
  "path" | "ledger" | "wrap" | "env" | "quietMs" | "aheadMs" | "poisoning"
> {
  /** Called once the process has opened the store. */
  readonly onOpen?: (app: App) => void;
}

/** Finishes all open work on a store, reads everything, and judges. */
export async function verify(options: VerifyOptions): Promise<Verdict> {
  const { ledger, onOpen } = options;
  const app = startApp({ ...options, mode: "verify" });
  if (onOpen !== undefined) void app.opened.then(() => onOpen(app));
  const ended = await endWithin(app, LIMIT_MS);
  const verdict = check(ledger.seed, ledger.entries);
  const told = ledger.entries.some(({ life, what }) => life === app.life && what === "told");
  const failure = told && ended.code === 0 ? undefined : failed(app, ended, await app.opened);
  return failure === undefined
    ? verdict
    : { ...verdict, violations: [failure, ...verdict.violations] };
}

function failed({ life }: App, { code, signal, complaints }: Ended, opened: string): Violation {
  const operation = `process ${life}`;
  if (opened !== "open" && opened !== "ended")
    return { what: "lost", operation, said: `the store could not be opened: ${opened}` };
  const end = signal === null ? `with code ${code}` : `by ${signal}`;
  return {
    what: "stuck",
    operation,
    said: `the verification ended ${end} before it had told all${complaints === "" ? "" : `: ${complaints}`}`,
  };
}
