import type { Json } from "../data/json.ts";

/** Where the library and handlers say things. The default says nothing: the library never prints. */
export interface Log {
  debug(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
  info(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
  warn(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
  error(message: string, fields?: Readonly<Record<string, Json | undefined>>): void;
}

/** A log that says nothing. */
export const silent: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // Says nothing.
}
