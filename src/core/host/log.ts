import type { Json } from "../data/json.ts";

/**
 * A sink for log lines of the library and of handlers. By default, warnings and errors go to the
 * console.
 */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
  info(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
  warn(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
  error(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
}

/** The log of an engine that says nothing: `log: silent`. */
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  return undefined;
}
