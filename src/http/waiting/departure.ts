import type { Context } from "hono";
import { nodeRequestOf } from "../requests/node-request.ts";

/**
 * Calls `gone` when the client of a request disconnects, at once if it has already. The returned
 * function takes that back.
 */
export type Departure = (gone: () => void) => () => void;

/** The part of a connection of Node's server that tells its end. */
interface Closing {
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
}

/** All requests that wait on one connection. One listener serves them all. */
export class ConnectionEnd {
  readonly #waiting = new Set<() => void>();
  #isGone: boolean;

  constructor(connection: Closing) {
    this.#isGone = connection.destroyed;
    connection.once("close", () => {
      this.#isGone = true;
      for (const gone of this.#waiting) gone();
    });
  }

  readonly departure: Departure = (gone) => {
    if (this.#isGone) gone();
    this.#waiting.add(gone);
    return () => this.#waiting.delete(gone);
  };
}

/** Tells when the signal of a request fires. */
export function signalled(signal: AbortSignal): Departure {
  return (gone) => {
    signal.addEventListener("abort", gone, { once: true });
    if (signal.aborted) gone();
    return () => signal.removeEventListener("abort", gone);
  };
}

/** Returns true if the end of the connection is the end of the request: HTTP/1 on Node's server. */
export function endsWithConnection(c: Context): boolean {
  const version = nodeRequestOf(c)?.httpVersionMajor;
  return version !== undefined && version < 2;
}
