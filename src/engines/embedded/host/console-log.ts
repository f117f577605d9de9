import type { Log } from "../../../core/host/log.ts";

/** The log of an engine that is given none: warnings and errors go to the console. */
export const consoleLog: Log = {
  debug: nothing,
  info: nothing,
  // oxlint-disable-next-line no-console -- the one place that prints
  warn: (message, fields) => console.warn(...lineOf(message, fields)),
  // oxlint-disable-next-line no-console -- the one place that prints
  error: (message, fields) => console.error(...lineOf(message, fields)),
};

function lineOf(message: string, fields: Parameters<Log["warn"]>[1]): readonly unknown[] {
  const line = `handback: ${message}`;
  // With further arguments, a % in the text would be a directive.
  return fields === undefined ? [line] : [line.replaceAll("%", "%%"), fields];
}

function nothing(): void {
  return undefined;
}
