import type { LoggerTransport } from "@restatedev/restate-sdk";
import { isError } from "../../core/data/kind.ts";
import { logFacts } from "../../core/errors/log-facts.ts";
import type { Log } from "../../core/host/log.ts";

type Write = (log: Log, ...line: Parameters<Log["warn"]>) => void;

/** The levels of the SDK's lines that are passed on. */
const WRITERS: ReadonlyMap<string, Write> = new Map<string, Write>([
  ["warn", (log, ...line) => log.warn(...line)],
  ["error", (log, ...line) => log.error(...line)],
]);

/** Passes on what Restate's SDK logs, without the values that its lines may hold. */
export function sdkLogger(log: Log): LoggerTransport {
  return ({ level, context }, message: unknown, ...rest: readonly unknown[]) => {
    const write = WRITERS.get(level);
    if (write === undefined) return;
    const [line = ""] = String(message).split("\n");
    const facts = logFacts(rest.find(isError));
    write(log, `Restate: ${line}`, { ...facts, handler: context?.handlerName });
  };
}
