import type { Log } from "./log.ts";

/**
 * Returns a log that never throws, whatever the user's log does: throw, reject, or return a hostile
 * object. `onFailure` is called at the first failure. The line is lost.
 */
export function guardedLog(log: Log, onFailure: (reason: unknown) => void): Log {
  let hasFailed = false;
  const fail = (reason: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    onFailure(reason);
  };
  const writer =
    (level: keyof Log): Log["info"] =>
    (message, fields) => {
      try {
        // A console would print a second argument that is undefined.
        const written: unknown =
          fields === undefined ? log[level](message) : log[level](message, fields);
        // A log that writes asynchronously may reject.
        if (typeof written === "object" && written !== null && "then" in written)
          Promise.resolve(written).catch(fail);
      } catch (error) {
        fail(error);
      }
    };
  return {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
  };
}
